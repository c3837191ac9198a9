/** Approvals: given, denied, expired, over days and restarts. */
import { describe, expect, it, vi } from 'vitest'
import type { JobBody, Jobs } from '../../../src/jobs/index.js'
import {
  aPlan,
  approver,
  aReport,
  aRequest,
  asker,
  inState,
  never,
  otherApprover,
  over,
} from '../builders.js'
import { type Contract, type EngineWorld, hour, reopened } from './engine-world.js'

export function approvalContract({ name, working }: Contract): void {
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
}
