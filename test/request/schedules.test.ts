/** What is asked for again and again, through the whole house. */
import { describe, expect, it, vi } from 'vitest'
import { FakeClock } from '../jobs/fake-clock.js'
import { aHouse, ann, ben, type TestHouse, vic } from './house.js'

const day = 24 * 3_600_000
const origin = { surface: 'slack' as const, channel: 'C1' }
const line = 'schedule create "vm stop web1" --every day --at 03:00'

async function typed({ requests }: TestHouse, text: string, person: { id: string } = ann, key?: string) {
  const answer = await requests.handle({
    ...{ text, person, origin },
    ...(key === undefined ? {} : { idempotencyKey: key }),
  })
  if (answer.kind !== 'report') throw new Error(`"${text}" started a job`)
  return answer.report
}

async function aScheduled(options: Parameters<typeof aHouse>[0] = {}) {
  const clock = new FakeClock()
  const house = await aHouse({ ...options, clock })
  const report = await typed(house, line)
  return { clock, house, id: report.title.split(' ')[0] ?? '' }
}

const theJob = ({ jobs }: TestHouse) =>
  vi.waitFor(() => {
    const [job] = jobs.list()
    if (job === undefined) throw new Error('there is no job yet')
    return job
  })

describe('a schedule', () => {
  it('starts a job in its owner’s name, with its card where it was made, by the same rules as typed', async () => {
    const { clock, house, id } = await aScheduled()
    clock.advance(day)
    const job = await theJob(house)
    expect(job).toMatchObject({
      title: 'vm stop web1',
      requester: ann,
      origin: { surface: 'slack', channel: 'C1', schedule: `${id} 2026-01-03T03:00:00.000Z` },
    })
    // Its rule asks for an approval; nobody gives it to themselves.
    await house.until(job, 'awaiting-approval')
    await expect(house.jobs.decide(job.id, { by: ann, verdict: 'approve' })).rejects.toMatchObject({
      code: 'own-request',
    })
    await house.jobs.decide(job.id, { by: ben, verdict: 'approve' })
    expect(await house.over(job)).toMatchObject({ state: 'succeeded' })
    const show = await typed(house, `schedule show ${id}`)
    expect(show.facts).toContainEqual({ label: 'When', value: 'every day at 03:00 (UTC)' })
    expect(show.actions?.map(({ command }) => command)).toEqual([
      `job show ${job.id}`,
      `schedule delete ${id}`,
    ])
    expect((await typed(house, `job show ${job.id}`)).facts).toContainEqual({
      label: 'By schedule',
      value: id,
    })
  })

  it('asks policy each time: whose role is gone by then is refused, with a card that says so', async () => {
    const { clock, house, id } = await aScheduled({ approvals: false })
    house.policy.renew({
      ...house.settings,
      roles: { ...house.settings.roles, operator: { users: [], groups: [] } },
    })
    clock.advance(day)
    const job = await house.over(await theJob(house))
    expect(job).toMatchObject({
      title: 'vm stop web1',
      state: 'refused',
      origin: { channel: 'C1', schedule: expect.stringContaining(id) },
      error: { code: 'not-allowed' },
    })
    expect(house.audit).toContainEqual(expect.objectContaining({ event: 'refused', by: ann }))
  })

  it('is made only by who may ask for the command itself, and only for what changes something', async () => {
    const house = await aHouse()
    await expect(typed(house, line, vic)).rejects.toMatchObject({ code: 'not-allowed' })
    for (const [text, code, words] of [
      ['schedule create "vm list" --every day --at 03:00', 'bad-argument', /changes nothing/],
      ['schedule create "vm stpo web1" --every day --at 03:00', 'unknown-command', /vm stpo/],
      ['schedule create "vm stop web1" --every fortnight --at 03:00', 'bad-argument', /fortnight/],
      ['schedule create "vm stop web1" --every day --at 25:00', 'bad-argument', /25:00/],
      ['schedule create "vm stop web1" --every day --at 03:00 --time-zone Mars/Here', 'bad-argument', /Mars/],
      [
        'schedule create "vm stop web1 --break-glass --reason now" --every day --at 03:00',
        'bad-argument',
        /emergency/,
      ],
      ['schedule create "schedule delete s-aaaaa" --every day --at 03:00', 'bad-argument', /changes nothing/],
    ] as const) {
      await expect(typed(house, text), text).rejects.toMatchObject({
        code,
        message: expect.stringMatching(words),
      })
    }
    const secret =
      'schedule create "vm create web2 --image rocky9.qcow2 --ticket password=hunter2hunter2" --every day --at 03:00'
    await expect(typed(house, secret)).rejects.toMatchObject({ code: 'bad-argument' })
    expect((await typed(house, 'schedule list')).title).toBe('0 schedules')
  })

  it('is on disk before it is acknowledged, and made once for one delivery', async () => {
    const house = await aHouse()
    expect(house.requests.mayChange(line)).toBe(true)
    expect(house.requests.mayChange('schedule delete s-aaaaa')).toBe(true)
    expect(house.requests.mayChange('schedule list')).toBe(false)
    const [first, second] = [await typed(house, line, ann, 'e1'), await typed(house, line, ann, 'e1')]
    expect(second.title).toBe(first.title)
    expect((await typed(house, 'schedule list')).table?.rows).toHaveLength(1)
  })

  it('is deleted by whoever made it, or an admin', async () => {
    const { house, id } = await aScheduled()
    await expect(typed(house, `schedule delete ${id}`, ben)).rejects.toMatchObject({ code: 'not-allowed' })
    const root = { id: 'terminal:root' }
    expect(await typed(house, `schedule delete ${id}`, root)).toMatchObject({ title: `${id} is deleted` })
    await expect(typed(house, `schedule show ${id}`)).rejects.toMatchObject({ code: 'unknown-schedule' })
  })

  it('takes the time zone of the configuration, and one of its own', async () => {
    const house = await aHouse({ clock: new FakeClock() })
    house.requests.renew({ timeZone: 'Europe/Amsterdam' })
    const facts = (await typed(house, line)).facts
    expect(facts).toContainEqual({ label: 'When', value: 'every day at 03:00 (Europe/Amsterdam)' })
    expect(facts).toContainEqual({ label: 'Next', value: '2026-01-03 02:00:00 UTC' })
    const other = 'schedule create "vm start web1" --every mon-fri --at 7:30 --time-zone Asia/Kolkata'
    const next = (await typed(house, other)).facts
    expect(next).toContainEqual({ label: 'When', value: 'every weekday at 07:30 (Asia/Kolkata)' })
    expect(next).toContainEqual({ label: 'Next', value: '2026-01-05 02:00:00 UTC' })
  })

  it('goes on after a restart, without a second job for the same time', async () => {
    const { clock, house } = await aScheduled({ approvals: false })
    clock.advance(day)
    await house.over(await theJob(house))
    await house.restart()
    await house.restart()
    expect(house.jobs.list()).toHaveLength(1)
    clock.advance(day)
    await vi.waitFor(() => {
      clock.advance(0)
      expect(house.jobs.list()).toHaveLength(2)
    })
  })
})
