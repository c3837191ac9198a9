import { describe, expect, it } from 'vitest'
import { UserError } from '../../../src/errors.js'
import type { HistoryFilter, Job, JobFilter, LockView, Person, Verdict } from '../../../src/jobs/index.js'
import { aFleet } from '../../fakes/fleet.js'
import { aJob, ask, factsOf, offers } from '../conversation.js'

const { fleet } = aFleet({ hosts: [{ name: 'kvm1' }] })
const ann = { id: 'U1', name: 'ann' }
const bob = { id: 'U2', name: 'bob', roles: ['viewer', 'approver'], mayApprove: true }

const waiting = aJob({
  id: 'j-wait1',
  title: 'vm create web1 --image tiny.qcow2',
  state: 'awaiting-approval',
  plan: {
    kind: 'ready',
    summary: 'Create VM web1 on kvm1',
    host: 'kvm1',
    changes: [{ what: 'VM web1', to: '2 CPUs' }],
    facts: [{ label: 'Memory available', value: '8 GiB now, 6 GiB after' }],
    warnings: ['Mind the gap.'],
  },
  approval: { rule: { approvers: 2, expiresMs: 1 }, expiresAt: '2026-01-02T07:04:05.000Z', verdicts: [] },
})

function jobsOf(...jobs: Job[]) {
  const asked: JobFilter[] = []
  const decided: [string, Omit<Verdict, 'at'>][] = []
  const cancelled: [string, Person, string?][] = []
  const get = (id: string) => {
    const job = jobs.find((each) => each.id === id)
    if (job === undefined) throw new UserError('unknown-job', `There is no job ${id}.`, { fix: 'job list' })
    return job
  }
  return {
    asked,
    decided,
    cancelled,
    get,
    locks: (): LockView[] => [
      {
        name: 'vm:kvm1/web1',
        holder: {
          job: 'j-hold1',
          title: 'vm stop web1',
          requester: { id: 'U2', name: 'bob' },
          since: '2026-01-02T03:04:05.000Z',
        },
        waiting: ['j-wait2'],
      },
    ],
    list(filter: JobFilter = {}) {
      asked.push(filter)
      return jobs
    },
    async decide(id: string, verdict: Omit<Verdict, 'at'>) {
      decided.push([id, verdict])
      const job = get(id)
      const verdicts = [{ ...verdict, at: '2026-01-02T05:00:00.000Z' }]
      const state: Job['state'] = verdict.verdict === 'deny' ? 'denied' : 'awaiting-approval'
      return { ...job, state, ...(job.approval ? { approval: { ...job.approval, verdicts } } : {}) }
    },
    async cancel(id: string, by: Person, reason?: string): Promise<Job> {
      cancelled.push(reason === undefined ? [id, by] : [id, by, reason])
      const job = get(id)
      return { ...job, state: job.state === 'running' ? 'running' : 'cancelled' }
    },
  }
}

describe('what jobs hold', () => {
  it('is listed with the job that holds it and those that wait', async () => {
    const report = await ask('lock list', { fleet, jobs: jobsOf() })
    expect(report.title).toBe('1 lock')
    expect(report.table?.rows).toEqual([
      ['web1@kvm1', 'j-hold1', 'vm stop web1', 'bob', expect.stringContaining('2026'), 'j-wait2'],
    ])
    expect(Object.values(offers(report))).toContain('job show j-hold1')
  })

  it('is said of a job that waits for it', async () => {
    const queued = aJob({ id: 'j-wait2', title: 'vm start web1', state: 'queued', locks: ['vm:kvm1/web1'] })
    const facts = factsOf(await ask('job show j-wait2', { fleet, jobs: jobsOf(queued) }))
    expect(facts['Waits for']).toMatch(/^VM web1 on kvm1, held by j-hold1 \(vm stop web1\) of bob since /)
    expect(facts.Wants).toBe('VM web1 on kvm1')
  })
})

describe('job list', () => {
  it('lists jobs with command, state and who asked', async () => {
    const report = await ask('job list', { fleet, jobs: jobsOf(waiting, aJob({ state: 'succeeded' })) })
    expect(report).toMatchObject({
      title: '2 jobs',
      table: {
        rows: [
          [
            'j-wait1',
            'vm create web1 --image tiny.qcow2',
            'waits for approval',
            'ann',
            '2026-01-02 03:04:05 UTC',
          ],
          ['j-test1', 'vm start web1', 'succeeded', 'ann', '2026-01-02 03:04:05 UTC'],
        ],
      },
      actions: [],
    })
  })

  it('offers approvers to look at what waits', async () => {
    expect(offers(await ask('job list', { fleet, jobs: jobsOf(waiting), by: bob }))).toEqual({
      'Look at j-wait1': 'job show j-wait1',
    })
  })

  it('goes on into the archive with --all and --before, and says how to see more', async () => {
    const asked: HistoryFilter[] = []
    const history = async (filter: HistoryFilter = {}) => {
      asked.push(filter)
      return [waiting, aJob({ id: 'j-old22', state: 'succeeded' })].slice(0, filter.limit)
    }
    const jobs = { ...jobsOf(), history }
    const report = await ask('job list --all --mine --limit 2', { fleet, jobs })
    expect(report.table?.rows.map(([id]) => id)).toEqual(['j-wait1', 'j-old22'])
    expect(offers(report)).toEqual({ Older: 'job list --mine --limit 2 --before j-old22' })
    expect(report.notes).toEqual(['There may be more: job list --mine --limit 2 --before j-old22'])
    const next = await ask('job list --mine --limit 3 --before j-old22', { fleet, jobs })
    expect(next.notes).toEqual([])
    expect(asked).toEqual([
      { requester: 'U1', limit: 2 },
      { requester: 'U1', limit: 3, before: 'j-old22' },
    ])
  })

  it('asks for less with --mine, --state and --limit', async () => {
    const jobs = jobsOf()
    await ask('job list --mine --state waiting --limit 5', { fleet, jobs })
    await ask('job list', { fleet, jobs })
    expect(jobs.asked).toEqual([
      { states: ['awaiting-approval', 'queued'], requester: 'U1', limit: 5 },
      { limit: 20 },
    ])
  })
})

describe('job show', () => {
  it('shows plan, approval and what one may do', async () => {
    const report = await ask('job show j-wait1', { fleet, jobs: jobsOf(waiting), by: bob })
    expect(report).toMatchObject({ title: 'j-wait1: vm create web1 --image tiny.qcow2', tone: 'working' })
    expect(factsOf(report)).toMatchObject({
      State: 'waits for approval',
      'Asked by': 'ann',
      Plan: 'Create VM web1 on kvm1',
      'VM web1': 'new: 2 CPUs',
      Approvals: '0 of 2 approvals',
      Expires: '2026-01-02 07:04:05 UTC',
    })
    expect(report.notes).toEqual(['Mind the gap.'])
    expect(offers(report)).toEqual({ 'Approve & deploy': 'job approve j-wait1', Deny: 'job deny j-wait1' })
  })

  it('offers the requester to cancel, and never to approve', async () => {
    const by = { ...ann, mayApprove: true }
    expect(offers(await ask('job show j-wait1', { fleet, jobs: jobsOf(waiting), by }))).toEqual({
      Cancel: 'job cancel j-wait1',
    })
  })

  it('shows steps, error and what to do of a job that failed', async () => {
    const job = aJob({
      state: 'failed',
      steps: [{ name: 'start', state: 'failed', startedAt: '2026-01-02T03:04:06.000Z' }],
      error: { code: 'timeout', message: 'It did not answer.', fix: 'Look at it.' },
    })
    const report = await ask('job show j-test1', { fleet, jobs: jobsOf(job) })
    expect(report).toMatchObject({
      tone: 'fail',
      table: { rows: [['start', 'failed', '2026-01-02 03:04:06 UTC', '']] },
      notes: ['Look at it.'],
    })
    expect(factsOf(report)).toMatchObject({ Error: 'It did not answer. (timeout)' })
  })

  it('shows the result of a job that succeeded, with what it offers next', async () => {
    const job = aJob({
      state: 'succeeded',
      report: {
        title: 'web1 is running',
        tone: 'ok',
        actions: [{ label: 'Stop', command: 'vm stop web1@kvm1' }],
      },
    })
    const report = await ask('job show j-test1', { fleet, jobs: jobsOf(job) })
    expect(report).toMatchObject({ tone: 'ok', summary: 'web1 is running' })
    expect(offers(report)).toEqual({ Stop: 'vm stop web1@kvm1' })
  })

  it('refuses an unknown job', async () => {
    await expect(ask('job show j-nope1', { fleet, jobs: jobsOf() })).rejects.toMatchObject({
      code: 'unknown-job',
    })
  })
})

describe('job approve and job deny', () => {
  it('enter the word of an approver, with a reason', async () => {
    const jobs = jobsOf(waiting)
    expect(await ask('job approve j-wait1', { fleet, jobs, by: bob })).toMatchObject({
      title: 'j-wait1: 1 of 2 approvals',
    })
    expect(await ask('job deny j-wait1 --reason "too large"', { fleet, jobs, by: bob })).toMatchObject({
      title: 'j-wait1 is denied',
    })
    const by = { id: 'U2', name: 'bob' }
    const as = { roles: bob.roles, decides: true }
    expect(jobs.decided).toEqual([
      ['j-wait1', { by, ...as, verdict: 'approve' }],
      ['j-wait1', { by, ...as, verdict: 'deny', reason: 'too large' }],
    ])
  })
})

describe('job cancel', () => {
  it('cancels what one asked for oneself', async () => {
    const jobs = jobsOf(waiting)
    const report = await ask('job cancel j-wait1 --reason "wrong host"', { fleet, jobs })
    expect(report.title).toBe('j-wait1 is cancelled')
    expect(jobs.cancelled).toEqual([['j-wait1', ann, 'wrong host']])
  })

  it('tells a job that runs to stop', async () => {
    expect((await ask('job cancel j-test1', { fleet, jobs: jobsOf(aJob()) })).title).toBe(
      'j-test1 is told to stop',
    )
  })

  it('is refused for the jobs of others, but not to admins', async () => {
    const jobs = jobsOf(waiting)
    await expect(ask('job cancel j-wait1', { fleet, jobs, by: bob })).rejects.toMatchObject({
      code: 'not-allowed',
    })
    expect(jobs.cancelled).toEqual([])
    await ask('job cancel j-wait1', { fleet, jobs, by: { id: 'U4', isAdmin: true } })
    expect(jobs.cancelled).toEqual([['j-wait1', { id: 'U4' }]])
  })
})
