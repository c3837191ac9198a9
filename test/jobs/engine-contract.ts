/** What every job engine must do. A realisation calls {@link engineContract} with a way to make and break itself. */
import { describe, expect, it, vi } from 'vitest'
import { UserError } from '../../src/errors.js'
import type { Job, JobBody, Jobs } from '../../src/jobs/index.js'
import type { AuditEntry } from '../../src/store/index.js'
import {
  aGate,
  aPlan,
  approver,
  aReport,
  aRequest,
  asker,
  inState,
  never,
  otherApprover,
  over,
  when,
} from './builders.js'
import type { FakeClock } from './fake-clock.js'

export interface EngineWorld {
  clock: FakeClock
  audit: AuditEntry[]
  /** An engine on the same storage as the ones before; not started. */
  open(): Jobs
  /** The engine is gone without a word. */
  crash(): void
}

const hour = 3_600_000

export function engineContract(name: string, makeWorld: () => Promise<EngineWorld>): void {
  /** An engine at work with this body as "test". */
  async function working(body: JobBody): Promise<{ world: EngineWorld; jobs: Jobs }> {
    const world = await makeWorld()
    return { world, jobs: await reopened(world, body) }
  }

  async function reopened(world: EngineWorld, body: JobBody): Promise<Jobs> {
    const jobs = world.open()
    jobs.register('test', 1, body)
    await jobs.start()
    return jobs
  }

  describe(`${name}: a job`, () => {
    it('is planned, works its steps in order and ends with the report', async () => {
      const { jobs } = await working(async (context) => {
        await context.plan(async () => aPlan())
        await context.lock(['vm:kvm1/web1'])
        const disk = await context.step('disk', async () => ({ path: '/a' }))
        const domain = await context.step('domain', async () => `${disk.path}/b`)
        return aReport(domain)
      })
      const submitted = await jobs.submit(aRequest())
      expect(submitted).toMatchObject({
        state: 'planning',
        title: 'vm create web1',
        requester: asker,
        revision: 1,
      })
      const job = await over(jobs, submitted.id)
      expect(job).toMatchObject({
        state: 'succeeded',
        report: { title: '/a/b' },
        plan: { summary: 'Create web1' },
        locks: ['vm:kvm1/web1'],
        steps: [
          { name: 'disk', state: 'done', result: { path: '/a' } },
          { name: 'domain', state: 'done', result: '/a/b' },
        ],
      })
      expect(job.endedAt).toBeDefined()
    })

    it('has an id that is short and easy to type', async () => {
      const { jobs } = await working(async () => aReport())
      expect((await jobs.submit(aRequest())).id).toMatch(/^j-[a-hj-kmnp-z2-9]{5}$/)
    })

    it('goes only through states that the contract names, each announced once and in order', async () => {
      const { jobs } = await working(async (context) => {
        await context.plan(async () => aPlan())
        await context.approval({ approvers: 1, expiresMs: hour })
        await context.lock(['vm:kvm1/web1'])
        await context.step('work', async () => 1)
        return aReport()
      })
      const heard: Job[] = []
      jobs.onChange((job) => heard.push(job))
      const { id } = await jobs.submit(aRequest())
      await inState(jobs, id, 'awaiting-approval')
      await jobs.decide(id, { by: approver, verdict: 'approve' })
      await over(jobs, id)
      const states = heard.map(({ state }) => state).filter((state, index, all) => state !== all[index - 1])
      expect(states).toEqual(['planning', 'awaiting-approval', 'queued', 'running', 'succeeded'])
      expect(heard.map(({ revision }) => revision)).toEqual(heard.map((_, index) => index + 1))
    })

    it('cannot be changed by who reads it', async () => {
      const { jobs } = await working(async () => aReport())
      const { id } = await jobs.submit(aRequest())
      const job = await over(jobs, id)
      expect(() => job.locks.push('x')).toThrow(TypeError)
      expect(jobs.get(id).locks).toEqual([])
    })

    it('that cannot work is refused with the first reason, and nothing runs', async () => {
      const work = vi.fn(async () => 1)
      const blocker = { code: 'name-taken', message: 'web1 is taken.', fix: 'Choose another.' } as const
      const { jobs } = await working(async (context) => {
        await context.plan(async () => ({ ...aPlan(), kind: 'blocked', blockers: [blocker] }))
        await context.step('work', work)
        return aReport()
      })
      const { id } = await jobs.submit(aRequest())
      expect(await over(jobs, id)).toMatchObject({
        state: 'refused',
        error: blocker,
        plan: { kind: 'blocked' },
      })
      expect(work).not.toHaveBeenCalled()
    })

    it('whose plan throws is refused, saying why', async () => {
      const { jobs } = await working(async (context) => {
        await context.plan(async () => {
          throw new UserError('host-unreachable', 'kvm1 does not answer.', { fix: 'host check kvm1' })
        })
        return aReport()
      })
      const { id } = await jobs.submit(aRequest())
      expect(await over(jobs, id)).toMatchObject({ state: 'refused', error: { code: 'host-unreachable' } })
    })

    it('whose step throws a UserError fails with it', async () => {
      const { jobs } = await working(async (context) => {
        await context.lock([])
        await context.step('create', async () => {
          throw new UserError('kcli-failed', 'kcli ended with 1.', { fix: 'See the log.' })
        })
        return aReport()
      })
      const { id } = await jobs.submit(aRequest())
      const note = { code: 'kcli-failed', message: 'kcli ended with 1.', fix: 'See the log.' }
      expect(await over(jobs, id)).toMatchObject({
        state: 'failed',
        error: note,
        steps: [{ name: 'create', state: 'failed', error: note }],
      })
    })

    it('whose step throws anything else fails with a reference and without its words', async () => {
      const { jobs } = await working(async (context) => {
        await context.lock([])
        await context.step('create', async () => {
          throw new TypeError('undefined is not a function')
        })
        return aReport()
      })
      const { id } = await jobs.submit(aRequest())
      const job = await over(jobs, id)
      expect(job).toMatchObject({ state: 'failed', error: { code: 'internal' } })
      expect(job.error?.message).toMatch(/reference [0-9a-f]{8}/)
      expect(JSON.stringify(job)).not.toContain('undefined is not')
    })

    it('may go on after a step failed', async () => {
      const { jobs } = await working(async (context) => {
        await context.lock([])
        await context
          .step('try', async () => Promise.reject(new UserError('timeout', 'Too slow.', { fix: 'Wait.' })))
          .catch(() => undefined)
        await context.step('tidy', async () => 1)
        return aReport('tidied')
      })
      const { id } = await jobs.submit(aRequest())
      expect(await over(jobs, id)).toMatchObject({
        state: 'succeeded',
        steps: [{ state: 'failed' }, { state: 'done' }],
      })
    })

    it('shows progress and interim reports while it runs', async () => {
      const gate = aGate()
      const { world, jobs } = await working(async (context) => {
        await context.lock([])
        await context.step('create', async ({ progress }) => {
          progress('downloading')
          progress('booting')
          context.publish({ title: 'Half way', tone: 'working' })
          await gate.passed
        })
        return aReport()
      })
      const { id } = await jobs.submit(aRequest())
      await when(jobs, id, ({ steps }) => steps.length === 1)
      await vi.waitFor(() => {
        world.clock.advance(500)
        expect(jobs.get(id)).toMatchObject({
          report: { title: 'Half way' },
          steps: [{ progress: 'booting' }],
        })
      })
      gate.open()
      expect(await over(jobs, id)).toMatchObject({ report: { title: 'Done' } })
    })

    it('is found by id and listed newest first', async () => {
      const { jobs } = await working(async () => aReport())
      const ids: string[] = []
      for (const requester of [asker, approver, asker]) {
        const { id } = await jobs.submit(aRequest({ requester }))
        await over(jobs, id)
        ids.push(id)
      }
      const [first, second, third] = ids
      expect(jobs.list().map(({ id }) => id)).toEqual([third, second, first])
      expect(jobs.list({ requester: 'U1', limit: 1 }).map(({ id }) => id)).toEqual([third])
      expect(jobs.list({ states: ['running'] })).toEqual([])
      expect(() => jobs.get('j-zzzzz')).toThrow(expect.objectContaining({ code: 'unknown-job' }))
    })

    it('is one job for one idempotency key, also at the same time, after a crash, and for a day', async () => {
      const body: JobBody = async () => aReport()
      const { world, jobs } = await working(body)
      const request = aRequest({ idempotencyKey: 'envelope-1' })
      const [a, b] = await Promise.all([jobs.submit(request), jobs.submit(request)])
      expect(b.id).toBe(a.id)
      await over(jobs, a.id)
      expect((await jobs.submit(request)).id).toBe(a.id)
      world.crash()
      const again = await reopened(world, body)
      expect((await again.submit(request)).id).toBe(a.id)
      expect(again.list()).toHaveLength(1)
      world.clock.advance(25 * hour)
      expect((await again.submit(request)).id).not.toBe(a.id)
    })

    it('is audited from request to result', async () => {
      const { world, jobs } = await working(async (context) => {
        await context.plan(async () => aPlan())
        await context.approval({ approvers: 1, expiresMs: hour })
        await context.lock(['vm:kvm1/web1'])
        await context.step('create', async () => 1)
        return aReport()
      })
      const { id } = await jobs.submit(aRequest())
      await inState(jobs, id, 'awaiting-approval')
      await jobs.decide(id, { by: approver, verdict: 'approve' })
      await over(jobs, id)
      await vi.waitFor(() =>
        expect(world.audit.map(({ event }) => event)).toEqual([
          'job.requested',
          'job.planned',
          'job.approval-asked',
          'job.decided',
          'job.started',
          'job.step-started',
          'job.step-done',
          'job.succeeded',
        ]),
      )
      expect(world.audit.every(({ job }) => job === id)).toBe(true)
      expect(world.audit[0]).toMatchObject({ by: asker, title: 'vm create web1' })
      expect(world.audit[3]).toMatchObject({ by: approver, verdict: 'approve' })
    })
  })

  describe(`${name}: listeners`, () => {
    it('do not disturb each other or the job when one throws or rejects', async () => {
      const { jobs } = await working(async () => aReport())
      const heard: string[] = []
      jobs.onChange(() => {
        throw new Error('broken listener')
      })
      jobs.onChange(async () => Promise.reject(new Error('broken async listener')))
      jobs.onChange((job) => heard.push(job.state))
      const { id } = await jobs.submit(aRequest())
      expect(await over(jobs, id)).toMatchObject({ state: 'succeeded' })
      expect(heard.at(-1)).toBe('succeeded')
    })

    it('hear nothing more once they stopped', async () => {
      const { jobs } = await working(async () => aReport())
      const heard = vi.fn()
      jobs.onChange(heard)()
      await over(jobs, (await jobs.submit(aRequest())).id)
      expect(heard).not.toHaveBeenCalled()
    })
  })

  describe(`${name}: a job whose plan turned out otherwise than it was approved`, () => {
    const rule = { approvers: 1, expiresMs: hour }
    const asked = (round: number) => ({
      digest: `d${round}`,
      round,
      differences: round === 1 ? [] : [{ what: 'Disk', approved: '1', now: '2' }],
    })
    const body: JobBody = async (context) => {
      await context.plan(async () => aPlan())
      await context.approval(rule, asked(1))
      if ((context.job.approval?.asked?.round ?? 1) === 1) await context.lock(['vm:kvm1/web1'])
      await context.step('look again', async () => ({}))
      await context.approvalAgain(aPlan({ summary: 'Create web1, larger' }), rule, asked(2))
      await context.lock(['vm:kvm1/web1'])
      await context.step('make', async () => ({}))
      return aReport()
    }
    const round = (jobs: Jobs, id: string, n: number) =>
      when(jobs, id, (job) => job.state === 'awaiting-approval' && job.approval?.asked?.round === n)

    it('gives its locks back, shows what is different, and goes on when that was approved too', async () => {
      const { jobs, world } = await working(body)
      const { id } = await jobs.submit(aRequest())
      await round(jobs, id, 1)
      await jobs.decide(id, { by: approver, verdict: 'approve' })
      const again = await round(jobs, id, 2)
      expect(again).toMatchObject({
        plan: { summary: 'Create web1, larger' },
        locks: [],
        approval: { verdicts: [], earlier: [{ by: approver }], asked: asked(2) },
      })
      // Others may use what it does not hold.
      jobs.register('other', 1, async (context) => {
        await context.lock(['vm:kvm1/web1'])
        return aReport('meanwhile')
      })
      const other = await jobs.submit(aRequest({ body: 'other' }))
      expect(await over(jobs, other.id)).toMatchObject({ state: 'succeeded' })
      await jobs.decide(id, { by: approver, verdict: 'approve' })
      expect(await over(jobs, id)).toMatchObject({ state: 'succeeded', locks: ['vm:kvm1/web1'] })
      const events = world.audit.map(({ event }) => event)
      expect(events.filter((event) => event === 'job.approval-asked')).toHaveLength(2)
    })

    it('may be denied then', async () => {
      const { jobs } = await working(body)
      const { id } = await jobs.submit(aRequest())
      await round(jobs, id, 1)
      await jobs.decide(id, { by: approver, verdict: 'approve' })
      await round(jobs, id, 2)
      await jobs.decide(id, { by: approver, verdict: 'deny', reason: 'too large' })
      expect(await over(jobs, id)).toMatchObject({ state: 'denied', steps: [{ name: 'look again' }] })
    })

    it('is asked for once in each round, whatever crashes in between', async () => {
      const { jobs, world } = await working(body)
      const { id } = await jobs.submit(aRequest())
      await round(jobs, id, 1)
      await jobs.decide(id, { by: approver, verdict: 'approve' })
      await round(jobs, id, 2)
      world.crash()
      const second = await reopened(world, body)
      await round(second, id, 2)
      await second.decide(id, { by: approver, verdict: 'approve' })
      expect(await over(second, id)).toMatchObject({ state: 'succeeded' })
      // What was written just before a crash may be there twice, with the same revision.
      const askings = world.audit.filter(({ event }) => event === 'job.approval-asked')
      expect(new Set(askings.map(({ revision }) => revision)).size).toBe(2)
    })
  })

  describe(`${name}: approval`, () => {
    const asking =
      (approvers = 1, work: () => Promise<number> = async () => 1): JobBody =>
      async (context) => {
        await context.plan(async () => aPlan())
        await context.approval({ approvers, expiresMs: 4 * hour })
        await context.lock(['vm:kvm1/web1'])
        await context.step('work', work)
        return aReport()
      }

    async function asked(body = asking()): Promise<{ world: EngineWorld; jobs: Jobs; id: string }> {
      const { world, jobs } = await working(body)
      const { id } = await jobs.submit(aRequest())
      await inState(jobs, id, 'awaiting-approval')
      return { world, jobs, id }
    }

    it('lets the job go on, and says who gave it', async () => {
      const { jobs, id } = await asked()
      await jobs.decide(id, { by: approver, verdict: 'approve' })
      expect(await over(jobs, id)).toMatchObject({
        state: 'succeeded',
        approval: { verdicts: [{ by: approver, verdict: 'approve' }] },
      })
    })

    it('denied ends the job with the reason, and nothing runs', async () => {
      const work = vi.fn(async () => 1)
      const { jobs, id } = await asked(asking(1, work))
      const job = await jobs.decide(id, { by: approver, verdict: 'deny', reason: 'not today' })
      expect(job).toMatchObject({ state: 'denied', error: { code: 'denied' } })
      expect(job.error?.message).toContain('Grace denied')
      expect(job.error?.message).toContain('not today')
      expect(work).not.toHaveBeenCalled()
    })

    it('is never given or refused by the requester', async () => {
      const { jobs, id } = await asked()
      for (const verdict of ['approve', 'deny'] as const) {
        await expect(jobs.decide(id, { by: asker, verdict })).rejects.toMatchObject({ code: 'own-request' })
      }
      expect(jobs.get(id)).toMatchObject({ state: 'awaiting-approval', approval: { verdicts: [] } })
    })

    it('has one effect for any number of clicks by any number of people', async () => {
      const work = vi.fn(async () => 1)
      const { jobs, id } = await asked(asking(1, work))
      const clicks = Array.from({ length: 50 }, (_, n) =>
        jobs.decide(id, { by: { id: `U9${n % 7}` }, verdict: n % 3 === 0 ? 'deny' : 'approve' }),
      )
      const outcomes = await Promise.allSettled(clicks)
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'already-decided' })
      }
      await over(jobs, id)
      expect(jobs.get(id).approval?.verdicts).toHaveLength(1)
      expect(work.mock.calls.length).toBeLessThanOrEqual(1)
    })

    it('says by whom and when it was decided', async () => {
      const { jobs, id } = await asked()
      await jobs.decide(id, { by: approver, verdict: 'approve' })
      await over(jobs, id)
      await expect(jobs.decide(id, { by: otherApprover, verdict: 'deny' })).rejects.toMatchObject({
        code: 'already-decided',
        message: expect.stringMatching(/Grace approved .* 2026-01-02 03:04 UTC/),
      })
    })

    it('takes as many different approvers as the rule says', async () => {
      const { jobs, id } = await asked(asking(2))
      const first = await jobs.decide(id, { by: approver, verdict: 'approve' })
      expect(first.state).toBe('awaiting-approval')
      await expect(jobs.decide(id, { by: approver, verdict: 'approve' })).rejects.toMatchObject({
        code: 'already-decided',
      })
      await jobs.decide(id, { by: otherApprover, verdict: 'approve' })
      expect(await over(jobs, id)).toMatchObject({ state: 'succeeded' })
    })

    it('is refused by one denial, whoever approved before', async () => {
      const { jobs, id } = await asked(asking(2))
      await jobs.decide(id, { by: approver, verdict: 'approve' })
      expect(await jobs.decide(id, { by: otherApprover, verdict: 'deny' })).toMatchObject({ state: 'denied' })
    })

    it('expires at its deadline', async () => {
      const { world, jobs, id } = await asked()
      world.clock.advance(4 * hour)
      expect(await over(jobs, id)).toMatchObject({ state: 'expired', error: { code: 'expired' } })
      await expect(jobs.decide(id, { by: approver, verdict: 'approve' })).rejects.toMatchObject({
        code: 'expired',
      })
    })

    it('waits for days over restarts, keeping the first of two approvals', async () => {
      const body: JobBody = async (context) => {
        await context.approval({ approvers: 2, expiresMs: 100 * hour })
        return aReport()
      }
      const { world, jobs, id } = await asked(body)
      await jobs.decide(id, { by: approver, verdict: 'approve' })
      await jobs.stop()
      world.clock.advance(48 * hour)
      const second = await reopened(world, body)
      expect(second.get(id)).toMatchObject({ state: 'awaiting-approval' })
      world.crash()
      world.clock.advance(48 * hour)
      const third = await reopened(world, body)
      await third.decide(id, { by: otherApprover, verdict: 'approve' })
      expect(await over(third, id)).toMatchObject({ state: 'succeeded' })
    })

    it('expires right after a restart when the deadline passed meanwhile', async () => {
      const { world, id } = await asked()
      world.crash()
      world.clock.advance(5 * hour)
      const jobs = await reopened(world, asking())
      world.clock.advance(0)
      expect(await over(jobs, id)).toMatchObject({ state: 'expired' })
    })

    it('cannot be given after the deadline even if nothing noticed that it passed', async () => {
      const { world, jobs, id } = await asked()
      const pending = vi.spyOn(world.clock, 'now').mockReturnValue(world.clock.now() + 4 * hour)
      await expect(jobs.decide(id, { by: approver, verdict: 'approve' })).rejects.toMatchObject({
        code: 'expired',
      })
      expect(jobs.get(id).state).toBe('expired')
      pending.mockRestore()
    })

    it('cannot be given to a job that does not ask for it', async () => {
      const { jobs } = await working(() => never)
      const { id } = await jobs.submit(aRequest())
      await expect(jobs.decide(id, { by: approver, verdict: 'approve' })).rejects.toMatchObject({
        code: 'invalid-state',
      })
      await expect(jobs.decide('j-zzzzz', { by: approver, verdict: 'approve' })).rejects.toMatchObject({
        code: 'unknown-job',
      })
    })
  })

  describe(`${name}: locks`, () => {
    /** Works until its title is released. */
    function holding(): { body: JobBody; order: string[]; finish(title: string): void } {
      const gates = new Map<string, ReturnType<typeof aGate>>()
      const gateOf = (title: string) => {
        const gate = gates.get(title) ?? aGate()
        gates.set(title, gate)
        return gate
      }
      const order: string[] = []
      const body: JobBody = async (context) => {
        const { title, input } = context.job
        await context.plan(async () => aPlan())
        await context.lock(input as string[])
        order.push(title)
        await context.step('hold', async ({ signal }) => {
          await Promise.race([
            gateOf(title).passed,
            new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
          ])
        })
        return aReport()
      }
      return { body, order, finish: (title) => gateOf(title).open() }
    }

    async function submitted(jobs: Jobs, title: string, ...locks: string[]): Promise<string> {
      const { id } = await jobs.submit(aRequest({ title, input: locks }))
      await when(jobs, id, ({ state }) => state !== 'planning')
      return id
    }

    it('let one job at a time change a VM, in the order of asking', async () => {
      const { body, order, finish } = holding()
      const { jobs } = await working(body)
      const ids: string[] = []
      for (const title of ['a', 'b', 'c']) ids.push(await submitted(jobs, title, 'vm:kvm1/web1'))
      const [a = '', b = '', c = ''] = ids
      await inState(jobs, a, 'running')
      expect(jobs.get(b)).toMatchObject({ state: 'queued', locks: ['vm:kvm1/web1'] })
      finish('a')
      await inState(jobs, b, 'running')
      expect(jobs.get(c).state).toBe('queued')
      finish('b')
      finish('c')
      await over(jobs, c)
      expect(order).toEqual(['a', 'b', 'c'])
    })

    it('let jobs on different VMs run side by side', async () => {
      const { body } = holding()
      const { jobs } = await working(body)
      const a = await submitted(jobs, 'a', 'vm:kvm1/web1')
      const b = await submitted(jobs, 'b', 'vm:kvm1/web10')
      await Promise.all([inState(jobs, a, 'running'), inState(jobs, b, 'running')])
    })

    it('of a host exclude those of its VMs, and let nobody overtake', async () => {
      const { body, order, finish } = holding()
      const { jobs } = await working(body)
      const vm = await submitted(jobs, 'vm', 'vm:kvm1/web1')
      const host = await submitted(jobs, 'host', 'host:kvm1')
      const late = await submitted(jobs, 'late', 'vm:kvm1/web2')
      const elsewhere = await submitted(jobs, 'elsewhere', 'vm:kvm10/web1')
      await inState(jobs, elsewhere, 'running')
      await inState(jobs, vm, 'running')
      expect([jobs.get(host).state, jobs.get(late).state]).toEqual(['queued', 'queued'])
      finish('vm')
      await inState(jobs, host, 'running')
      expect(jobs.get(late).state).toBe('queued')
      finish('host')
      await when(jobs, late, ({ steps }) => steps.length === 1)
      expect(order.filter((title) => title !== 'elsewhere')).toEqual(['vm', 'host', 'late'])
    })

    it.each(['succeeded', 'failed', 'cancelled'] as const)('are released when the job %s', async (end) => {
      const gate = aGate()
      const { jobs } = await working(async (context) => {
        await context.lock(['vm:kvm1/web1'])
        if (context.job.title === 'second') return aReport()
        await context.step('work', async ({ signal }) => {
          await Promise.race([
            gate.passed,
            new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
          ])
          if (end === 'failed') throw new Error('x')
        })
        return aReport()
      })
      const first = await jobs.submit(aRequest({ title: 'first' }))
      await when(jobs, first.id, ({ steps }) => steps.length === 1)
      const second = await jobs.submit(aRequest({ title: 'second' }))
      await inState(jobs, second.id, 'queued')
      if (end === 'cancelled') await jobs.cancel(first.id, asker)
      else gate.open()
      expect(await over(jobs, second.id)).toMatchObject({ state: 'succeeded' })
      expect((await over(jobs, first.id)).state).toBe(end)
    })

    it('are held again after a crash before anybody else gets them, and the queue keeps its order', async () => {
      const first = holding()
      const { world, jobs } = await working(first.body)
      const ids: string[] = []
      for (const title of ['a', 'b', 'c']) ids.push(await submitted(jobs, title, 'vm:kvm1/web1'))
      const [a = '', , c = ''] = ids
      await when(jobs, a, ({ steps }) => steps.length === 1)
      world.crash()
      const second = holding()
      const again = await reopened(world, second.body)
      const late = await submitted(again, 'late', 'vm:kvm1/web1')
      for (const title of ['a', 'b', 'c', 'late']) second.finish(title)
      await over(again, late)
      expect(second.order).toEqual(['a', 'b', 'c', 'late'])
      expect(again.get(c).state).toBe('succeeded')
    })
  })

  describe(`${name}: cancelling`, () => {
    it('ends a job that waits for approval at once', async () => {
      const { jobs } = await working(async (context) => {
        await context.approval({ approvers: 1, expiresMs: hour })
        return aReport()
      })
      const { id } = await jobs.submit(aRequest())
      await inState(jobs, id, 'awaiting-approval')
      expect(await jobs.cancel(id, asker, 'changed my mind')).toMatchObject({
        state: 'cancelled',
        cancel: { by: asker, reason: 'changed my mind' },
        error: { code: 'cancelled' },
      })
      await expect(jobs.decide(id, { by: approver, verdict: 'approve' })).rejects.toMatchObject({
        code: 'invalid-state',
      })
    })

    it('ends a job that is being planned', async () => {
      const { jobs } = await working(async (context) => {
        await context.step('plan', async () => never)
        return aReport()
      })
      const { id } = await jobs.submit(aRequest())
      await when(jobs, id, ({ steps }) => steps.length === 1)
      expect(await jobs.cancel(id, asker)).toMatchObject({ state: 'cancelled', steps: [{ state: 'failed' }] })
    })

    it('ends a job that waits for a lock, and it loses its place', async () => {
      const gate = aGate()
      const { jobs } = await working(async (context) => {
        await context.lock(['vm:kvm1/web1'])
        await context.step('hold', () => gate.passed)
        return aReport()
      })
      const ids: string[] = []
      for (let n = 0; n < 3; n += 1) {
        const { id } = await jobs.submit(aRequest())
        await when(jobs, id, ({ state }) => state !== 'planning')
        ids.push(id)
      }
      const [, second = '', third = ''] = ids
      expect(await jobs.cancel(second, asker)).toMatchObject({ state: 'cancelled', steps: [] })
      gate.open()
      expect(await over(jobs, third)).toMatchObject({ state: 'succeeded' })
    })

    it('tells the step of a running job, which ends as cancelled once the step gave up', async () => {
      const tidied = aGate()
      const next = vi.fn(async () => 1)
      const { jobs } = await working(async (context) => {
        await context.lock([])
        await context.step('work', async ({ signal }) => {
          await new Promise((resolve) => signal.addEventListener('abort', resolve))
          await tidied.passed
          throw new UserError('cancelled', 'Half of web1 is left on kvm1.', { fix: 'vm delete web1' })
        })
        await context.step('next', next)
        return aReport()
      })
      const { id } = await jobs.submit(aRequest())
      await when(jobs, id, ({ steps }) => steps.length === 1)
      expect(await jobs.cancel(id, asker)).toMatchObject({ state: 'running', cancel: { by: asker } })
      tidied.open()
      expect(await over(jobs, id)).toMatchObject({ state: 'cancelled', error: { code: 'cancelled' } })
      expect(next).not.toHaveBeenCalled()
    })

    it('begins no new step', async () => {
      const gate = aGate()
      const next = vi.fn(async () => 1)
      const { jobs } = await working(async (context) => {
        await context.lock([])
        await context.step('deaf', () => gate.passed)
        await context.step('next', next)
        return aReport()
      })
      const { id } = await jobs.submit(aRequest())
      await when(jobs, id, ({ steps }) => steps.length === 1)
      await jobs.cancel(id, asker)
      gate.open()
      expect(await over(jobs, id)).toMatchObject({
        state: 'cancelled',
        steps: [{ name: 'deaf', state: 'done' }],
      })
      expect(next).not.toHaveBeenCalled()
    })

    it('waits a bounded time for a step that does not give up, and says that it may go on', async () => {
      const { world, jobs } = await working(async (context) => {
        await context.lock(['vm:kvm1/web1'])
        await context.step('deaf', () => never)
        return aReport()
      })
      const { id } = await jobs.submit(aRequest())
      await when(jobs, id, ({ steps }) => steps.length === 1)
      await jobs.cancel(id, asker)
      world.clock.advance(59_000)
      expect(jobs.get(id).state).toBe('running')
      world.clock.advance(1000)
      const job = await over(jobs, id)
      expect(job.state).toBe('cancelled')
      expect(job.error?.message).toMatch(/"deaf" did not stop within 60 s and may still be going on/)
    })

    it('that came too late does not hide that the work was done', async () => {
      const gate = aGate()
      const { jobs } = await working(async (context) => {
        await context.lock([])
        await context.step('last', () => gate.passed)
        return aReport()
      })
      const { id } = await jobs.submit(aRequest())
      await when(jobs, id, ({ steps }) => steps.length === 1)
      await jobs.cancel(id, asker)
      gate.open()
      expect(await over(jobs, id)).toMatchObject({ state: 'succeeded', cancel: { by: asker } })
    })

    it('twice keeps the first, and of a finished job is refused', async () => {
      const gate = aGate()
      const { jobs } = await working(async (context) => {
        await context.lock([])
        await context.step('work', () => gate.passed)
        return aReport()
      })
      const { id } = await jobs.submit(aRequest())
      await when(jobs, id, ({ steps }) => steps.length === 1)
      await jobs.cancel(id, asker)
      expect(await jobs.cancel(id, approver)).toMatchObject({ cancel: { by: asker } })
      gate.open()
      await over(jobs, id)
      await expect(jobs.cancel(id, asker)).rejects.toMatchObject({ code: 'invalid-state' })
    })

    it('goes on after a crash: the step under way is told, and no new one begins', async () => {
      const deaf: JobBody = async (context) => {
        await context.lock([])
        await context.step('work', () => never)
        return aReport()
      }
      const { world, jobs } = await working(deaf)
      const { id } = await jobs.submit(aRequest())
      await when(jobs, id, ({ steps }) => steps.length === 1)
      await jobs.cancel(id, asker)
      world.crash()
      const seen: boolean[] = []
      const again = await reopened(world, async (context) => {
        await context.lock([])
        await context.step('work', async ({ signal }) => {
          seen.push(signal.aborted)
          signal.throwIfAborted()
        })
        return aReport()
      })
      expect(await over(again, id)).toMatchObject({ state: 'cancelled' })
      expect(seen).toEqual([true])
    })
  })

  describe(`${name}: stopping and starting`, () => {
    it('interrupts a job without failing it, and the next start goes on where it was', async () => {
      const done: string[] = []
      const bodyWith =
        (second: () => Promise<void>): JobBody =>
        async (context) => {
          await context.lock(['vm:kvm1/web1'])
          await context.step('first', async () => {
            done.push('first')
          })
          await context.step('second', async ({ signal }) => {
            await Promise.race([
              second(),
              new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
            ])
            done.push('second')
          })
          return aReport()
        }
      const { world, jobs } = await working(bodyWith(() => never))
      const { id } = await jobs.submit(aRequest())
      await when(jobs, id, ({ steps }) => steps.length === 2)
      await jobs.stop()
      expect(jobs.get(id)).toMatchObject({
        state: 'running',
        steps: [{ state: 'done' }, { state: 'running' }],
      })
      await expect(jobs.submit(aRequest())).rejects.toMatchObject({ code: 'invalid-state' })
      const again = await reopened(
        world,
        bodyWith(async () => {}),
      )
      expect(await over(again, id)).toMatchObject({ state: 'succeeded' })
      expect(done).toEqual(['first', 'second'])
    })

    it('waits a bounded time for a body that does not notice', async () => {
      const { world, jobs } = await working(async (context) => {
        await context.lock([])
        await context.step('deaf', () => never)
        return aReport()
      })
      const { id } = await jobs.submit(aRequest())
      await when(jobs, id, ({ steps }) => steps.length === 1)
      const stopped = jobs.stop()
      world.clock.advance(5000)
      await stopped
      expect(jobs.get(id).state).toBe('running')
    })

    it('gives a finished step its result again, with the same key, and a failed one its error', async () => {
      const results: unknown[] = []
      const keys: string[] = []
      const bodyWith =
        (last: () => Promise<void>): JobBody =>
        async (context) => {
          await context.lock([])
          results.push(
            await context.step('look', async ({ key }) => {
              keys.push(key)
              return { at: [1, 'x', null] }
            }),
          )
          await context
            .step('fail', async () => Promise.reject(new UserError('timeout', 'Too slow.', { fix: 'Wait.' })))
            .catch((error: unknown) => results.push(error))
          await context.step('last', last)
          return aReport()
        }
      const { world, jobs } = await working(bodyWith(() => never))
      const { id } = await jobs.submit(aRequest())
      await when(jobs, id, ({ steps }) => steps.length === 3)
      world.crash()
      const again = await reopened(
        world,
        bodyWith(async () => {}),
      )
      await over(again, id)
      expect(results[2]).toEqual(results[0])
      expect(results[3]).toMatchObject({ code: 'timeout', message: 'Too slow.', fix: 'Wait.' })
      expect(keys).toEqual([`${id}/look`])
    })

    it('ends a job whose body is of another version with a clear word', async () => {
      const { world, jobs } = await working(async (context) => {
        await context.lock(['vm:kvm1/web1'])
        await context.step('work', () => never)
        return aReport()
      })
      const { id } = await jobs.submit(aRequest())
      await when(jobs, id, ({ steps }) => steps.length === 1)
      world.crash()
      const newer = world.open()
      newer.register('test', 2, async () => aReport())
      await newer.start()
      expect(await over(newer, id)).toMatchObject({ state: 'failed', error: { code: 'changed-since' } })
      expect(newer.get(id).error?.message).toContain('upgraded')
    })

    it('goes on with an older version that is still registered, and begins with the newest', async () => {
      const { world, jobs } = await working(async (context) => {
        await context.step('work', () => never)
        return aReport()
      })
      const { id } = await jobs.submit(aRequest())
      await when(jobs, id, ({ steps }) => steps.length === 1)
      world.crash()
      const newer = world.open()
      newer.register('test', 2, async () => aReport('new'))
      newer.register('test', 1, async () => aReport('old'))
      await newer.start()
      expect((await over(newer, id)).report?.title).toBe('old')
      const fresh = await newer.submit(aRequest())
      expect((await over(newer, fresh.id)).report?.title).toBe('new')
    })
  })
}
