/** What runs by break-glass, and the review afterwards. */
import { describe, expect, it } from 'vitest'
import type { Job, JobBody } from '../../../src/jobs/index.js'
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
} from '../builders.js'
import { type Contract, hour, reopened } from './engine-world.js'

export function breakGlassContract({ name, working }: Contract): void {
  describe(`${name}: break-glass`, () => {
    const rule = { approvers: 2, from: ['operator', 'security'], expiresMs: hour }
    const breaking =
      (work: () => Promise<number> = async () => 1): JobBody =>
      async (context) => {
        await context.plan(async () => aPlan())
        await context.breakGlass(rule)
        await context.lock(['vm:kvm1/web1'])
        await context.step('work', work)
        return aReport()
      }
    const security = { roles: ['viewer', 'security'], decides: false }
    const report = 'looked at it, all well'

    async function broken(body = breaking()) {
      const { world, jobs } = await working(body)
      const { id } = await jobs.submit(aRequest({ reason: 'the disk is full' }))
      return { world, jobs, id }
    }

    it('runs at once, is recorded before anything is done, and has to be reviewed', async () => {
      let known: Job['breakGlass']
      const { world, jobs } = await working(async (context) => {
        await context.plan(async () => aPlan())
        await context.breakGlass(rule)
        await context.step('work', async () => {
          known = context.job.breakGlass
        })
        return aReport()
      })
      const { id } = await jobs.submit(aRequest({ reason: 'the disk is full' }))
      await over(jobs, id)
      expect(known).toMatchObject({ rule })
      expect(jobs.list({ unreviewed: true }).map((job) => job.id)).toEqual([id])
      const events = world.audit.map(({ event }) => event)
      expect(events.indexOf('job.break-glass')).toBeLessThan(events.indexOf('job.step-started'))
      expect(world.audit).toContainEqual(
        expect.objectContaining({ event: 'job.break-glass', by: asker, reason: 'the disk is full' }),
      )
    })

    it('is recorded once, and to be reviewed, when the bot dies in the middle of the work', async () => {
      const { world, jobs, id } = await broken(breaking(() => never))
      await when(jobs, id, ({ steps }) => steps.length === 1)
      world.crash()
      const again = await reopened(world, breaking())
      expect(await over(again, id)).toMatchObject({ state: 'succeeded', breakGlass: { rule } })
      expect(again.list({ unreviewed: true }).map((job) => job.id)).toEqual([id])
      expect(world.audit.filter(({ event }) => event === 'job.break-glass')).toHaveLength(1)
    })

    it('is reviewed once, with a report, also after a restart', async () => {
      const { world, jobs, id } = await broken()
      await over(jobs, id)
      await jobs.stop()
      const again = await reopened(world, breaking())
      const job = await again.review(id, { by: approver, ...security, report })
      expect(job).toMatchObject({ state: 'succeeded', breakGlass: { review: { by: approver, report } } })
      expect(job.endedAt).toBe(again.get(id).endedAt)
      expect(again.list({ unreviewed: true })).toEqual([])
      await expect(again.review(id, { by: otherApprover, ...security, report })).rejects.toMatchObject({
        code: 'already-decided',
      })
      expect(world.audit.filter(({ event }) => event === 'job.reviewed')).toHaveLength(1)
    })

    it('is reviewed neither by its requester, nor by somebody whom the rule would not ask, nor before its end', async () => {
      const gate = aGate()
      const { jobs, id } = await broken(
        breaking(async () => {
          await gate.passed
          return 1
        }),
      )
      await inState(jobs, id, 'running')
      const review = (by: typeof asker, roles: string[]) =>
        jobs.review(id, { by, roles, decides: true, report })
      await expect(review(approver, ['security'])).rejects.toMatchObject({ code: 'invalid-state' })
      gate.open()
      await over(jobs, id)
      await expect(review(asker, ['security'])).rejects.toMatchObject({ code: 'own-request' })
      await expect(review(approver, ['approver'])).rejects.toMatchObject({ code: 'not-allowed' })
      expect(jobs.list({ unreviewed: true })).toHaveLength(1)
    })

    it('only is reviewed where the glass was broken', async () => {
      const { jobs } = await working(async (context) => {
        await context.plan(async () => aPlan())
        return aReport()
      })
      const { id } = await jobs.submit(aRequest())
      await over(jobs, id)
      await expect(jobs.review(id, { by: approver, ...security, report })).rejects.toMatchObject({
        code: 'invalid-state',
      })
    })
  })
}
