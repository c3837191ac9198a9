import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { UserError } from '../../src/errors.js'
import type { Job } from '../../src/jobs/index.js'
import { QuotaGate } from '../../src/request/quota-gate.js'
import { aJob } from '../commands/conversation.js'
import { aFleet, aVm } from '../fakes/fleet.js'

const settings = { owners: [{ limits: { vms: 5 } }], hosts: [], perVm: {} }

/** A gate over one host, with jobs as the test has them. */
function aGate() {
  const fleet = aFleet({ hosts: [{ name: 'kvm1' }] })
  const jobs = new Map<string, Job>()
  const begin = (id: string) => void jobs.set(id, aJob({ id, state: 'planning' }))
  const gate = new QuotaGate({
    settings,
    fleet: fleet.fleet,
    policy: { rightsOf: () => Promise.reject(new Error('no rule asks for roles')) },
    jobs: {
      get: (id) => {
        const job = jobs.get(id)
        if (job === undefined) throw new UserError('unknown-job', `There is no ${id}.`, { fix: 'job list' })
        return job
      },
      list: ({ states } = {}) => [...jobs.values()].filter(({ state }) => states?.includes(state) ?? true),
    },
    answerWithinMs: 200,
  })
  const ask = async (id: string, name = id): Promise<boolean> => {
    begin(id)
    const blockers = await gate.admit(id, [{ vm: { name, host: 'kvm1' }, owner: 'UANN' }])
    return blockers.length === 0
  }
  const end = (id: string, state: Job['state']) => void jobs.set(id, aJob({ id, state }))
  return { ask, end, jobs, host: fleet.host('kvm1'), gate }
}

const ids = (many: number, prefix = 'j') => Array.from({ length: many }, (_, n) => `${prefix}-${n}`)
const letIn = (answers: boolean[]) => answers.filter(Boolean).length
const mine = (name: string) => aVm({ name, ownership: { owner: 'UANN', requester: 'UANN', job: 'j' } })

describe('the gate of quotas', () => {
  it('lets exactly five of twenty in that come while a host is being asked, and asks it twice for all of them', async () => {
    const { ask, host } = aGate()
    const asked = vi.spyOn(host, 'holdings')
    const release = host.hold('holdings')
    const answers = ids(20).map((id) => ask(id))
    release()
    expect(letIn(await Promise.all(answers))).toBe(5)
    expect(asked).toHaveBeenCalledTimes(2)
  })

  it('counts a job that ends while the host is being asked, whichever way its VM is seen', async () => {
    for (const isSeen of [true, false]) {
      const { ask, end, host } = aGate()
      expect(letIn(await Promise.all(ids(5, 'a').map((id) => ask(id))))).toBe(5)
      const release = host.hold('holdings')
      const late = ask('late')
      await new Promise((resolve) => setImmediate(resolve))
      if (isSeen) host.machines.set('a-0', mine('a-0'))
      end('a-0', 'succeeded')
      release()
      expect(await late).toBe(false)
    }
  })

  it('takes the same job twice for one, and a job that is gone for none', async () => {
    const { ask, jobs } = aGate()
    for (let times = 0; times < 8; times++) expect(await ask('again')).toBe(true)
    expect(letIn(await Promise.all(ids(20).map((id) => ask(id))))).toBe(4)
    for (const id of [...jobs.keys()]) jobs.delete(id)
    expect(letIn(await Promise.all(ids(20, 'new').map((id) => ask(id))))).toBe(5)
  })

  it('never holds more than the limit, whatever comes, ends and appears in whatever order', async () => {
    const step = fc.tuple(fc.constantFrom('ask', 'made', 'failed', 'deleted', 'wait'), fc.nat(30))
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { ask, end, jobs, host } = aGate()
        const running = new Set<string>()
        const asked: Promise<void>[] = []
        let n = 0
        for (const [what, pick] of steps) {
          const one = [...running][pick % Math.max(1, running.size)]
          if (what === 'ask') {
            const id = `j-${n++}`
            asked.push(
              ask(id).then((isIn) => {
                if (isIn) running.add(id)
                else end(id, 'refused')
              }),
            )
          } else if (what === 'wait') await Promise.all(asked)
          else if (what === 'deleted') {
            const name = [...host.machines.keys()][pick % Math.max(1, host.machines.size)]
            if (name !== undefined && !running.has(name)) host.machines.delete(name)
          } else if (one !== undefined) {
            // It is there before the job ends, as libvirt shows it before a step is done.
            if (what === 'made') host.machines.set(one, mine(one))
            end(one, what === 'made' ? 'succeeded' : 'failed')
            running.delete(one)
          }
          expect(new Set([...running, ...host.machines.keys()]).size).toBeLessThanOrEqual(5)
        }
        await Promise.all(asked)
        expect(new Set([...running, ...host.machines.keys()]).size).toBeLessThanOrEqual(5)
        expect(jobs.size).toBe(n)
      }),
      { numRuns: 200 },
    )
  })

  it('finds in the journals what was promised before a restart: the last plan of each job', async () => {
    const { ask, jobs } = aGate()
    const at = '2026-01-02T03:04:05.000Z'
    const plan = (name: string, vms: string[]) => {
      const growth = vms.map((vm) => ({ vm: { name: vm, host: 'kvm1' }, owner: 'UANN' }))
      return { name, state: 'done' as const, startedAt: at, result: { args: {}, locks: [], growth } }
    }
    const steps = [plan('plan', ['a']), plan('look again', ['a', 'b']), plan('look again 2', ['a', 'b', 'c'])]
    jobs.set('old', aJob({ id: 'old', state: 'running', steps }))
    // From a version without quotas.
    const before = { name: 'look again', state: 'done' as const, startedAt: at, result: { ready: true } }
    jobs.set('older', aJob({ id: 'older', state: 'queued', steps: [plan('plan', ['d']), before] }))
    expect([await ask('fifth'), await ask('sixth')]).toEqual([true, false])
  })

  it('counts a host that hangs as it was, and waits for it no longer than it may', async () => {
    const { ask, host } = aGate()
    for (const name of ['a', 'b', 'c', 'd']) host.machines.set(name, mine(name))
    expect(await ask('fifth')).toBe(true)
    host.hold('holdings')
    expect(await ask('sixth')).toBe(false)
  })

  it('tells everybody who waits of a mistake of ours, and goes on', async () => {
    const { ask, host } = aGate()
    vi.spyOn(host, 'holdings').mockRejectedValueOnce(new TypeError('a mistake'))
    const [first] = await Promise.allSettled([ask('a')])
    expect(first).toMatchObject({ status: 'rejected' })
    expect(await ask('b')).toBe(true)
  })
})
