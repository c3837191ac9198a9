/** Two changes that want the same VM. */
import { describe, expect, it } from 'vitest'
import { aHouse, ann, ben } from './house.js'

const origin = { surface: 'terminal' } as const
const stop = 'vm stop web1 --force'

/** A house where a job works on web1 until it is let go. */
async function aBusyHouse(options: { busy?: 'queue' | 'refuse'; approvals?: boolean } = {}) {
  const house = await aHouse({ approvals: false, ...options })
  const letGo = house.fleet.host('kvm1').hold('createSnapshot')
  const holder = await house.ask('snapshot create web1 first')
  if (options.approvals === true) {
    await house.until(holder, 'awaiting-approval')
    await house.requests.handle({ text: `job approve ${holder.id}`, person: ben, origin })
  }
  await house.until(holder, 'running')
  return { ...house, requests: house.requests, jobs: house.jobs, holder, letGo }
}

describe('a change of a VM that another job works on', () => {
  it('waits its turn', async () => {
    const { ask, until, over, letGo } = await aBusyHouse()
    const job = await until(await ask(stop), 'queued')
    letGo()
    expect((await over(job)).state).toBe('succeeded')
  })

  it.each<[string, { busy?: 'queue' | 'refuse' }, string]>([
    ['when its line says so', {}, `${stop} --busy refuse`],
    ['when qnav.yml says so', { busy: 'refuse' }, stop],
  ])(
    'is refused %s, before anybody is asked, with who holds it, for what and since when',
    async (_, options, line) => {
      const { ask, over, holder, letGo } = await aBusyHouse({ ...options, approvals: true })
      const refused = await over(await ask(line))
      expect(refused).toMatchObject({ state: 'refused', error: { code: 'locked' } })
      expect(refused.error?.message).toMatch(
        new RegExp(
          `^VM web1 on kvm1 is held by ${holder.id} \\(snapshot create web1 first\\) of ${ann.name ?? ann.id} since `,
        ),
      )
      expect(refused.approval).toBeUndefined()
      letGo()
    },
  )

  it('waits where qnav.yml says refuse and its line says queue', async () => {
    const { ask, until, over, letGo } = await aBusyHouse({ busy: 'refuse' })
    const job = await until(await ask(`${stop} --busy queue`), 'queued')
    letGo()
    expect((await over(job)).state).toBe('succeeded')
  })

  it('runs at once when nobody works on it', async () => {
    const { ask, over, holder, letGo } = await aBusyHouse({ busy: 'refuse' })
    letGo()
    await over(holder)
    expect((await over(await ask(stop))).state).toBe('succeeded')
  })
})

describe('lock break', () => {
  it('is for admins only', async () => {
    const { requests, jobs, holder, letGo } = await aBusyHouse()
    const text = 'lock break web1@kvm1 --reason "in my way"'
    await expect(requests.handle({ text, person: ann, origin })).rejects.toMatchObject({
      code: 'not-allowed',
    })
    await expect(requests.handle({ text, person: ben, origin })).rejects.toMatchObject({
      code: 'not-allowed',
    })
    expect(jobs.get(holder.id).cancel).toBeUndefined()
    letGo()
  })

  it('cancels the job that holds it, audited with the reason, and lets the next one in', async () => {
    const { requests, ask, until, over, holder, letGo, audit } = await aBusyHouse()
    const next = await until(await ask(stop), 'queued')
    const root = { id: 'terminal:root', name: 'root' }
    const answer = await requests.handle({
      text: 'lock break web1@kvm1 --reason "hangs since noon"',
      person: root,
      origin,
    })
    expect(answer).toMatchObject({ kind: 'report', report: { title: expect.stringContaining('free') } })
    letGo()
    expect(['cancelled', 'succeeded']).toContain((await over(holder)).state)
    expect((await over(next)).state).toBe('succeeded')
    expect(audit).toContainEqual(
      expect.objectContaining({
        event: 'job.cancel-asked',
        by: root,
        reason: 'lock on VM web1 on kvm1 broken: hangs since noon',
      }),
    )
  })

  it.each(['web', 'web1', 'web1@kvm', 'kvm1', 'web1@kvm10'])(
    'takes no part of a name for it: %s',
    async (typed) => {
      const { requests, jobs, holder, letGo } = await aBusyHouse()
      const text = `lock break ${typed} --reason x`
      await expect(requests.handle({ text, person: { id: 'terminal:root' }, origin })).rejects.toMatchObject({
        code: 'invalid-state',
        fix: 'What is locked is web1@kvm1.',
      })
      expect(jobs.get(holder.id).cancel).toBeUndefined()
      letGo()
    },
  )
})
