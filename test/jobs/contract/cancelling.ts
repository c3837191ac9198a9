/** Cancelling, wherever a job is. */
import { describe, expect, it, vi } from 'vitest'
import { UserError } from '../../../src/errors.js'
import { isOver, type JobBody } from '../../../src/jobs/index.js'
import { aGate, aPlan, approver, aReport, aRequest, asker, inState, never, over, when } from '../builders.js'
import { type Contract, hour, reopened } from './engine-world.js'

export function cancelContract({ name, working }: Contract): void {
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

    it('ends a job at whatever point of its journal it comes, with nothing begun after it and nothing locked', async () => {
      const body: JobBody = async (context) => {
        await context.plan(async () => aPlan())
        await context.approval({ approvers: 1, expiresMs: hour }, { digest: 'a', round: 1, differences: [] })
        if ((context.job.approval?.asked?.round ?? 1) === 1) await context.lock(['vm:kvm1/web1'])
        await context.step('look again', async () => 1)
        await context.approvalAgain(
          aPlan(),
          { approvers: 1, expiresMs: hour },
          { digest: 'b', round: 2, differences: [] },
        )
        await context.lock(['vm:kvm1/web1'])
        for (const name of ['first', 'second']) await context.step(name, async () => 1)
        return aReport()
      }
      const ends: string[] = []
      for (let revision = 1; ends.at(-1) !== 'succeeded'; revision += 1) {
        const { jobs } = await working(body)
        let begunBefore: number | undefined
        jobs.onChange((job) => {
          if (job.revision === revision && !isOver(job)) {
            begunBefore = job.steps.length
            jobs.cancel(job.id, asker).catch(() => undefined)
          } else if (job.state === 'awaiting-approval' && job.cancel === undefined) {
            jobs.decide(job.id, { by: approver, verdict: 'approve' }).catch(() => undefined)
          }
        })
        const job = await over(jobs, (await jobs.submit(aRequest())).id)
        ends.push(job.state)
        // What comes in the moment in which the last step is done may be too late.
        if (job.state === 'cancelled') {
          expect(job.cancel).toMatchObject({ by: asker })
          expect(job.steps.length, `cancelled at ${revision}`).toBeLessThanOrEqual((begunBefore ?? 0) + 1)
        }
        expect(jobs.locks()).toEqual([])
        expect(revision).toBeLessThan(30)
      }
      expect(
        ends.slice(0, -2).every((state) => state === 'cancelled'),
        String(ends),
      ).toBe(true)
      expect(ends.length).toBeGreaterThan(12)
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
}
