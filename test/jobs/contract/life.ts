/** The life of a job, and who hears of it. */
import { describe, expect, it, vi } from 'vitest'
import { UserError } from '../../../src/errors.js'
import type { HistoryFilter, Job, JobBody } from '../../../src/jobs/index.js'
import { aGate, aPlan, approver, aReport, aRequest, asker, inState, over, when } from '../builders.js'
import { type Contract, hour, reopened } from './engine-world.js'

export function lifeContract({ name, working }: Contract): void {
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

    it('is found wherever it is, and the history goes on behind any of them', async () => {
      const { jobs } = await working(async () => aReport())
      const ids: string[] = []
      for (const requester of [asker, approver, asker, asker]) {
        const { id } = await jobs.submit(aRequest({ requester }))
        await over(jobs, id)
        ids.unshift(id)
      }
      const [newest = '', , third = '', oldest = ''] = ids
      expect(await jobs.find(oldest)).toMatchObject({ id: oldest, state: 'succeeded' })
      const idsOf = async (filter: HistoryFilter) => (await jobs.history(filter)).map(({ id }) => id)
      expect(await idsOf({})).toEqual(ids)
      expect(await idsOf({ before: newest, limit: 2 })).toEqual(ids.slice(1, 3))
      expect(await idsOf({ before: third, requester: asker.id })).toEqual([oldest])
      expect(await idsOf({ before: oldest })).toEqual([])
      await expect(jobs.find('j-zzzzz')).rejects.toMatchObject({ code: 'unknown-job' })
      await expect(jobs.history({ before: 'j-zzzzz' })).rejects.toMatchObject({ code: 'unknown-job' })
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
}
