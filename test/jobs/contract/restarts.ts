/** Stopping, crashing, starting, and bodies of other versions. */
import { describe, expect, it } from 'vitest'
import { UserError } from '../../../src/errors.js'
import type { JobBody } from '../../../src/jobs/index.js'
import { aReport, aRequest, never, over, when } from '../builders.js'
import { type Contract, reopened } from './engine-world.js'

export function restartContract({ name, working }: Contract): void {
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
