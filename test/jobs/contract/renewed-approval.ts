/** A job whose plan turned out otherwise than it was approved. */
import { describe, expect, it } from 'vitest'
import type { JobBody, Jobs } from '../../../src/jobs/index.js'
import { aPlan, approver, aReport, aRequest, over, when } from '../builders.js'
import { type Contract, hour, reopened } from './engine-world.js'

export function renewedApprovalContract({ name, working }: Contract): void {
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
}
