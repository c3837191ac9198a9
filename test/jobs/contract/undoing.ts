/** What was done is undone when the job cannot go on. */
import { describe, expect, it } from 'vitest'
import { UserError } from '../../../src/errors.js'
import type { Job, JobBody, JobContext } from '../../../src/jobs/index.js'
import { aGate, aPlan, approver, aReport, aRequest, asker, never, over, when } from '../builders.js'
import { type Contract, hour, reopened } from './engine-world.js'

const tooSlow = new UserError('timeout', 'The guest did not start.', { fix: 'Look at its console.' })

/** What exists on a host, and in which order things were made and removed. */
function aHost() {
  const made = new Set<string>()
  const story: string[] = []
  const make = (context: JobContext, name: string, work: () => Promise<unknown> = async () => undefined) =>
    context.step(
      name,
      async () => {
        made.add(name)
        story.push(name)
        await work()
        return { made: name }
      },
      {
        byHand: `vm delete ${name}`,
        async work(result) {
          story.push(`no ${name} (${JSON.stringify(result)})`)
          made.delete(name)
        },
      },
    )
  return { made, story, make }
}

const namesOf = ({ steps }: Job) => steps.map(({ name, state }) => `${name}: ${state}`)

export function undoContract({ name, working }: Contract): void {
  describe(`${name}: undoing`, () => {
    it('takes back what was done when a later step fails, the latest first, and says so', async () => {
      const { made, story, make } = aHost()
      const { world, jobs } = await working(async (context) => {
        await context.plan(async () => aPlan())
        await context.lock(['vm:kvm1/web1'])
        await make(context, 'disk')
        await context.step('note', async () => 1)
        await make(context, 'domain')
        await context.step('start', async () => Promise.reject(tooSlow))
        return aReport()
      })
      const job = await over(jobs, (await jobs.submit(aRequest())).id)
      expect(story).toEqual(['disk', 'domain', 'no domain ({"made":"domain"})', 'no disk ({"made":"disk"})'])
      expect([...made]).toEqual([])
      expect(namesOf(job)).toEqual([
        'disk: done',
        'note: done',
        'domain: done',
        'start: failed',
        'undo domain: done',
        'undo disk: done',
      ])
      expect(job).toMatchObject({
        state: 'failed',
        error: {
          code: 'timeout',
          message: 'The guest did not start. Undone: domain, disk.',
          fix: 'Look at its console.',
        },
      })
      expect(jobs.locks()).toEqual([])
      expect(world.audit.map(({ event, step }) => [event, step].filter(Boolean).join(' '))).toEqual(
        expect.arrayContaining(['job.undoing', 'job.step-started undo disk', 'job.step-done undo disk']),
      )
    })

    it('also takes back what a step did that failed itself, which has no result then', async () => {
      const { made, story, make } = aHost()
      const { jobs } = await working(async (context) => {
        await context.lock([])
        await make(context, 'disk', () => Promise.reject(tooSlow))
        return aReport()
      })
      const job = await over(jobs, (await jobs.submit(aRequest())).id)
      expect(story).toEqual(['disk', 'no disk (undefined)'])
      expect([...made]).toEqual([])
      expect(job.error?.message).toBe('The guest did not start. Undone: disk.')
    })

    it('does nothing when the job succeeds, whatever failed on its way', async () => {
      const { made, make } = aHost()
      const { jobs } = await working(async (context) => {
        await context.lock([])
        await make(context, 'disk')
        await context.step('try', async () => Promise.reject(tooSlow)).catch(() => undefined)
        return aReport()
      })
      const job = await over(jobs, (await jobs.submit(aRequest())).id)
      expect(job).toMatchObject({ state: 'succeeded' })
      expect([...made]).toEqual(['disk'])
    })

    it.each(['first', 'second', 'third'])(
      'takes back everything when it is cancelled at the %s step',
      async (at) => {
        const { made, make } = aHost()
        const { jobs } = await working(async (context) => {
          await context.lock(['vm:kvm1/web1'])
          for (const step of ['first', 'second', 'third']) {
            await make(context, step, async () => {
              if (step === at)
                await new Promise((_, reject) =>
                  context.signal.addEventListener('abort', () => reject(context.signal.reason)),
                )
            })
          }
          return aReport()
        })
        const { id } = await jobs.submit(aRequest())
        await when(jobs, id, ({ steps }) => steps.some((step) => step.name === at))
        await jobs.cancel(id, asker)
        const job = await over(jobs, id)
        expect(job).toMatchObject({ state: 'cancelled', error: { code: 'cancelled' } })
        expect([...made]).toEqual([])
        expect(job.error?.message).toMatch(
          new RegExp(`cancelled by Ada\\. Undone: ${at}.*first\\.$|Undone: first\\.$`),
        )
        expect(jobs.locks()).toEqual([])
      },
    )

    it('leaves alone what clears up after itself, and what was done before a step that keeps it', async () => {
      const story: string[] = []
      const undo = (step: string) => ({
        byHand: `undo ${step} by hand`,
        onlyWhenDone: true as const,
        async work() {
          story.push(`no ${step}`)
        },
      })
      const { jobs } = await working(async (context) => {
        const { input } = context.job
        await context.lock([])
        await context.step('a', async () => 1, undo('a'))
        await context.step('owner', async () => 1, ...(input === 'keeps' ? ['keep' as const] : []))
        await context.step('b', async () => 1, undo('b'))
        await context.step('c', async () => Promise.reject(tooSlow), undo('c'))
        return aReport()
      })
      const all = await over(jobs, (await jobs.submit(aRequest())).id)
      expect(story.splice(0)).toEqual(['no b', 'no a'])
      expect(all.error?.message).toBe('The guest did not start. Undone: b, a.')
      const some = await over(jobs, (await jobs.submit(aRequest({ input: 'keeps' }))).id)
      expect(story).toEqual(['no b'])
      expect(some.error).toMatchObject({
        message: 'The guest did not start. Undone: b.',
        fix: 'Look at its console.',
      })
    })

    it('goes no further than what cannot be taken back, and says how to clear up by hand', async () => {
      const { made, make } = aHost()
      const { jobs } = await working(async (context) => {
        await context.lock([])
        await make(context, 'pool')
        await context.step('disk', async () => 1, {
          byHand: 'virsh vol-delete /disk',
          work: () => Promise.reject(new UserError('libvirt-failed', 'It is in use.', { fix: 'Wait.' })),
        })
        await make(context, 'domain')
        await context.step('start', async () => Promise.reject(tooSlow))
        return aReport()
      })
      const job = await over(jobs, (await jobs.submit(aRequest())).id)
      expect([...made]).toEqual(['pool'])
      expect(job).toMatchObject({
        state: 'failed',
        error: {
          message:
            'The guest did not start. Undone: domain. Begun and not undone: disk (It is in use), pool.',
          fix: 'Clear up by hand: virsh vol-delete /disk; vm delete pool. Look at its console.',
        },
      })
    })

    it('goes on after a crash in the middle of it, for the reason that it had, and begins nothing else', async () => {
      const { made, story, make } = aHost()
      const stuck = aGate()
      const body =
        (undo: () => Promise<void>, fails: boolean): JobBody =>
        async (context) => {
          await context.lock(['vm:kvm1/web1'])
          await make(context, 'disk')
          await context.step('domain', async () => 1, {
            byHand: 'vm delete web1',
            async work() {
              story.push('undo domain')
              await undo()
            },
          })
          // After the restart the reason is gone; it must not matter.
          if (fails) throw tooSlow
          await context.step('start', async () => {
            story.push('started')
          })
          return aReport()
        }
      const { world, jobs } = await working(
        body(() => {
          stuck.open()
          return never
        }, true),
      )
      const { id } = await jobs.submit(aRequest())
      await stuck.passed
      world.crash()
      const again = await reopened(
        world,
        body(async () => undefined, false),
      )
      const job = await over(again, id)
      expect(job).toMatchObject({
        state: 'failed',
        error: { code: 'timeout', message: 'The guest did not start. Undone: domain, disk.' },
      })
      expect(story).toEqual(['disk', 'undo domain', 'undo domain', 'no disk ({"made":"disk"})'])
      expect([...made]).toEqual([])
      expect(again.locks()).toEqual([])
    })

    it('is interrupted by a stop, and goes on at the next start', async () => {
      const { made, make } = aHost()
      const begun = aGate()
      const body =
        (isPatient: boolean): JobBody =>
        async (context) => {
          await context.lock([])
          await make(context, 'disk')
          await context.step('domain', async () => 1, {
            byHand: 'vm delete web1',
            async work(_, { signal }) {
              begun.open()
              if (isPatient)
                await new Promise((_resolve, reject) =>
                  signal.addEventListener('abort', () => reject(new Error('x'))),
                )
            },
          })
          throw tooSlow
        }
      const { world, jobs } = await working(body(true))
      const { id } = await jobs.submit(aRequest())
      await begun.passed
      await jobs.stop()
      expect(jobs.get(id)).toMatchObject({ state: 'running', undoing: { error: { code: 'timeout' } } })
      const again = await reopened(world, body(false))
      expect((await over(again, id)).error?.message).toBe('The guest did not start. Undone: domain, disk.')
      expect([...made]).toEqual([])
    })

    it('cannot be cancelled, and has a bounded time', async () => {
      const begun = aGate()
      const { world, jobs } = await working(async (context) => {
        await context.lock([])
        await context.step('disk', async () => 1, {
          byHand: 'virsh vol-delete /disk',
          work() {
            begun.open()
            return never
          },
        })
        throw tooSlow
      })
      const { id } = await jobs.submit(aRequest())
      await begun.passed
      await expect(jobs.cancel(id, asker)).rejects.toMatchObject({
        code: 'invalid-state',
        message: expect.stringContaining('undoing'),
      })
      world.clock.advance(599_000)
      expect(jobs.get(id).state).toBe('running')
      world.clock.advance(1000)
      const job = await over(jobs, id)
      expect(job.error?.message).toMatch(
        /not undone: disk \("undo disk" did not end within 600 s and may still be going on\)\./,
      )
      expect(job.error?.fix).toMatch(/^Clear up by hand: virsh vol-delete \/disk\. /)
    })

    it('of a cancelled job is not cut short by the time that a step has to give up', async () => {
      const begun = aGate()
      const finish = aGate()
      const { world, jobs } = await working(async (context) => {
        await context.lock([])
        await context.step(
          'disk',
          () =>
            new Promise<void>((_, reject) =>
              context.signal.addEventListener('abort', () => reject(context.signal.reason)),
            ),
          {
            byHand: 'x',
            async work() {
              begun.open()
              await finish.passed
            },
          },
        )
        return aReport()
      })
      const { id } = await jobs.submit(aRequest())
      await when(jobs, id, ({ steps }) => steps.length === 1)
      await jobs.cancel(id, asker)
      await begun.passed
      world.clock.advance(120_000)
      finish.open()
      expect(await over(jobs, id)).toMatchObject({
        state: 'cancelled',
        steps: [{ state: 'failed' }, { name: 'undo disk', state: 'done' }],
      })
    })

    it('does not pull anything away from under a step that does not give up', async () => {
      const { made, make } = aHost()
      const { world, jobs } = await working(async (context) => {
        await context.lock([])
        await make(context, 'disk')
        await context.step('deaf', () => never)
        return aReport()
      })
      const { id } = await jobs.submit(aRequest())
      await when(jobs, id, ({ steps }) => steps.length === 2)
      await jobs.cancel(id, asker)
      world.clock.advance(60_000)
      const job = await over(jobs, id)
      expect([...made]).toEqual(['disk'])
      expect(job.error?.message).toMatch(/"deaf" did not stop.*Begun and not undone: disk\.$/)
      expect(job.error?.fix).toContain('Clear up by hand: vm delete disk.')
    })

    it('that an upgraded qnav knows no more is left to people, with the way to do it', async () => {
      const { make } = aHost()
      const { world, jobs } = await working(async (context) => {
        await context.lock([])
        await make(context, 'disk')
        await context.step('work', () => never)
        return aReport()
      })
      const { id } = await jobs.submit(aRequest())
      await when(jobs, id, ({ steps }) => steps.length === 2)
      world.crash()
      const newer = world.open()
      newer.register('test', 2, async () => aReport())
      await newer.start()
      expect(await over(newer, id)).toMatchObject({
        error: { code: 'changed-since', fix: expect.stringContaining('Clear up by hand: vm delete disk.') },
      })
    })

    it('is never left to somebody’s approval: that is asked for before', async () => {
      const { made, make } = aHost()
      const { jobs } = await working(async (context) => {
        await make(context, 'disk')
        await context.approval({ approvers: 1, expiresMs: hour })
        return aReport()
      })
      const { id } = await jobs.submit(aRequest())
      expect(await over(jobs, id)).toMatchObject({ state: 'failed', error: { code: 'internal' } })
      expect([...made]).toEqual([])
      await expect(jobs.decide(id, { by: approver, verdict: 'approve' })).rejects.toMatchObject({
        code: 'invalid-state',
      })
    })
  })
}
