/** Buttons of old messages: whoever presses one hears what happened since, and nothing is done that was not meant. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { aVm } from '../fakes/fleet.js'
import { type SlackHouse, startSlackHouse } from './slack-house.js'

const ann = 'U0ANN'
const ben = 'U0BEN'

let house: SlackHouse
beforeAll(async () => {
  const vms = ['gone', 'off', 'renamed', 'busy', 'plain'].map((name) => aVm({ name, state: 'running' }))
  house = await startSlackHouse([{ name: 'kvm1', vms }])
})
afterAll(() => house?.stop())

const calls = () => house.host('kvm1').calls.filter((call) => !call.startsWith('find'))

/** A message as the bot left it some time ago. */
async function anOldMessage(...commands: string[]): Promise<string> {
  const { sandbox } = house
  const elements = commands.map((value, index) => ({
    type: 'button',
    action_id: `run:${index}`,
    text: { type: 'plain_text', text: `Button ${index}` },
    value,
  }))
  const answer = await fetch(`${sandbox.apiUrl}chat.postMessage`, {
    method: 'POST',
    headers: { authorization: `Bearer ${sandbox.botToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      channel: 'C0VMS',
      text: 'old',
      blocks: [{ type: 'actions', block_id: 'report', elements }],
    }),
  })
  const { ts } = (await answer.json()) as { ts: string }
  return ts
}

/** Everything that is said after the click, in public or to whoever clicked, once it says this. */
async function pressed(user: string, ts: string, button: string, hears: RegExp): Promise<string> {
  const { control } = house.sandbox
  const [seen, known] = [control.messages('C0VMS').length, control.ephemerals(user).length]
  await control.click({ user, channel: 'C0VMS', ts, text: button })
  return vi.waitFor(
    () => {
      const said = [...control.messages('C0VMS').slice(seen), ...control.ephemerals(user).slice(known)]
      const words = said.map(({ text, blocks }) => `${text}\n${JSON.stringify(blocks)}`).join('\n')
      expect(words).toMatch(hears)
      return words
    },
    { timeout: 10_000, interval: 20 },
  )
}

/** Something that Ann asked for and Ben approved. */
async function done(line: string): Promise<string> {
  const { control } = house.sandbox
  await control.command({ user: ann, channel: 'C0VMS', text: `/qnav ${line}` })
  const job = await vi.waitUntil(
    () => house.jobs.list().find(({ title, state }) => title === line && state === 'awaiting-approval'),
    { timeout: 10_000, interval: 20 },
  )
  await control.command({ user: ben, channel: 'C0VMS', text: `/qnav job approve ${job.id}` })
  await vi.waitFor(() => expect(house.jobs.get(job.id).state).toBe('succeeded'), { timeout: 10_000 })
  return job.id
}

describe('a button of an old message', () => {
  it('for a VM that was deleted since says that it is gone, and by which job and whom', async () => {
    const ts = await anOldMessage('vm stop gone@kvm1', 'vm show gone@kvm1')
    const job = await done('vm delete gone')
    const before = calls()
    for (const button of ['Button 0', 'Button 1']) {
      const words = await pressed(ann, ts, button, /There is no VM/)
      expect(words).toContain(`last changed by ${job} (vm delete gone)`)
    }
    expect(calls()).toEqual(before)
  })

  it('for a VM that is in another state since says so, and who changed it', async () => {
    const ts = await anOldMessage('vm stop off@kvm1 --force')
    const job = await done('vm stop off --force')
    const words = await pressed(ann, ts, 'Button 0', /off already|is shut off/)
    expect(words).toContain(`last changed by ${job} (vm stop off --force)`)
  })

  it('for a VM made anew under the same name acts on what its plan shows, after a new approval', async () => {
    const ts = await anOldMessage('vm stop renamed@kvm1 --force')
    const machines = house.host('kvm1').machines
    machines.set(
      'renamed',
      aVm({ name: 'renamed', uuid: '11111111-2222-3333-4444-555555555555', state: 'running' }),
    )
    await pressed(ann, ts, 'Button 0', /Approval needed|waits for approval|Waiting for/)
    expect(calls()).not.toContain('powerOff renamed')
  })

  it('for a request that was decided since says by whom', async () => {
    const id = await done('vm stop busy --force')
    const ts = await anOldMessage(`job approve ${id}`)
    const before = calls()
    expect(await pressed(ben, ts, 'Button 0', /ben approved/)).toContain(id)
    expect(calls()).toEqual(before)
  })

  it('for a job that is not kept any more says so', async () => {
    const ts = await anOldMessage('job approve j-zzzzz', 'job cancel j-zzzzz')
    await pressed(ben, ts, 'Button 0', /There is no job .?j-zzzzz/)
    await pressed(ben, ts, 'Button 1', /There is no job .?j-zzzzz/)
  })

  it('for a host that is not in qnav.yml any more names those that are', async () => {
    const ts = await anOldMessage('host check kvm9', 'vm stop plain@kvm9')
    await pressed(ann, ts, 'Button 0', /kvm9.*kvm1/s)
    await pressed(ann, ts, 'Button 1', /kvm9.*kvm1/s)
  })

  it('of another version of the bot is answered in words, and changes nothing', async () => {
    const ts = await anOldMessage('vm halt plain@kvm1', 'vm stop plain@kvm1 --violently', 'vm stop --force')
    const before = [calls(), house.jobs.list().length]
    await pressed(ann, ts, 'Button 0', /no command/)
    await pressed(ann, ts, 'Button 1', /--violently/)
    expect([calls(), house.jobs.list().length]).toEqual(before)
  })

  it('pressed by somebody who may not do it any more is refused', async () => {
    const ts = await anOldMessage('vm stop plain@kvm1 --force')
    const before = house.jobs.list().length
    await pressed('U0VIC', ts, 'Button 0', /Not allowed/)
    expect(house.jobs.list()).toHaveLength(before)
  })
})
