/** What only the local engine promises: its disk, its history, its audit log, its view of locks. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { UserError } from '../../src/errors.js'
import type { Job, JobBody, JobContext } from '../../src/jobs/index.js'
import { aGate, aPlan, approver, aReport, aRequest, asker, inState, never, over, when } from './builders.js'
import { aLocalWorld } from './local-world.js'

const full = new UserError('store-failed', 'Could not write (ENOSPC).', { fix: 'Free some space.' })
const quick: JobBody = async () => aReport()

async function aWorking(body: JobBody = quick, parts: Parameters<typeof aLocalWorld>[0] = {}) {
  const world = await aLocalWorld(parts)
  const jobs = world.open()
  jobs.register('test', 1, body)
  await jobs.start()
  return { world, jobs }
}

describe('the local engine', () => {
  it('keeps one document per job, private to the bot', async () => {
    const { world, jobs } = await aWorking()
    const { id } = await jobs.submit(aRequest())
    await over(jobs, id)
    const document = JSON.parse(await readFile(join(world.path, 'jobs', `${id}.json`), 'utf8'))
    expect(document).toMatchObject({ kind: 'job', version: 1, data: { job: { id } } })
  })

  it('writes as much for a job whether it is the first or the thirtieth', async () => {
    const { world, jobs } = await aWorking()
    const costs: number[] = []
    for (let n = 0; n < 30; n += 1) {
      const before = world.writes()
      const { id } = await jobs.submit(aRequest())
      await over(jobs, id)
      await vi.waitFor(() => expect(world.writes() - before).toBe(3), { interval: 1 })
      costs.push(world.writes() - before)
    }
    expect(new Set(costs)).toEqual(new Set([3]))
  })

  it('gives ids that are not taken', async () => {
    const ids = ['j-aaaaa', 'j-aaaaa', 'j-aaaaa', 'j-bbbbb']
    const { jobs } = await aWorking(() => never, { newId: () => ids.shift() ?? 'j-ccccc' })
    const [a, b] = await Promise.all([jobs.submit(aRequest()), jobs.submit(aRequest())])
    expect([a.id, b.id]).toEqual(['j-aaaaa', 'j-bbbbb'])
  })

  it('shows who holds a lock, and who waits', async () => {
    const gate = aGate()
    const { jobs } = await aWorking(async (context) => {
      await context.lock(['vm:kvm1/web1'])
      await context.step('hold', () => gate.passed)
      return aReport()
    })
    const first = await jobs.submit(aRequest({ title: 'vm start web1' }))
    await inState(jobs, first.id, 'running')
    const second = await jobs.submit(aRequest())
    await inState(jobs, second.id, 'queued')
    expect(jobs.locks()).toEqual([
      {
        name: 'vm:kvm1/web1',
        holder: {
          job: first.id,
          title: 'vm start web1',
          requester: asker,
          since: expect.stringMatching(/^2026-/),
        },
        waiting: [second.id],
      },
    ])
    gate.open()
    await over(jobs, second.id)
    expect(jobs.locks()).toEqual([])
  })

  it('waits for every step of a job before it lets go of its locks', async () => {
    const slow = aGate()
    const { jobs } = await aWorking(async (context) => {
      await context.lock(['vm:kvm1/web1'])
      await Promise.all([
        context.step('slow', () => slow.passed),
        context.step('bad', async () => Promise.reject(new Error('x'))),
      ])
      return aReport()
    })
    const { id } = await jobs.submit(aRequest())
    await when(jobs, id, ({ steps }) => steps.some(({ state }) => state === 'failed'))
    expect(jobs.locks()).toHaveLength(1)
    slow.open()
    expect(await over(jobs, id)).toMatchObject({ state: 'failed' })
    expect(jobs.locks()).toEqual([])
  })

  it('keeps the newest finished jobs and removes the oldest, documents too', async () => {
    const { world, jobs } = await aWorking(quick, { keepFinished: 3 })
    const ids: string[] = []
    for (let n = 0; n < 6; n += 1) {
      const { id } = await jobs.submit(aRequest())
      ids.push((await over(jobs, id)).id)
      world.clock.advance(1000)
    }
    const kept = ids.slice(3)
    await vi.waitFor(async () => {
      expect(jobs.list().map(({ id }) => id)).toEqual([...kept].reverse())
      const files = await readdir(join(world.path, 'jobs'))
      expect(files.filter((file) => file.endsWith('.json')).sort()).toEqual(
        kept.map((id) => `${id}.json`).sort(),
      )
    })
  })

  it('never removes a job that is not over, or whose key may still come again', async () => {
    const { world, jobs } = await aWorking(
      async (context) => (context.job.input === 'wait' ? never : aReport()),
      {
        keepFinished: 1,
      },
    )
    const waiting = await jobs.submit(aRequest({ input: 'wait' }))
    const keyed = await jobs.submit(aRequest({ idempotencyKey: 'k' }))
    await over(jobs, keyed.id)
    for (let n = 0; n < 3; n += 1) {
      world.clock.advance(1000)
      await over(jobs, (await jobs.submit(aRequest())).id)
    }
    expect(jobs.list().map(({ id }) => id)).toEqual(expect.arrayContaining([waiting.id, keyed.id]))
    expect((await jobs.submit(aRequest({ idempotencyKey: 'k' }))).id).toBe(keyed.id)
  })

  it('goes on without a job whose document is damaged, and says so in the log', async () => {
    const world = await aLocalWorld()
    await mkdir(join(world.path, 'jobs'))
    await writeFile(join(world.path, 'jobs', 'j-bbbbb.json'), '{"kind":"job","version":1,"sha')
    const jobs = world.open()
    jobs.register('test', 1, quick)
    await jobs.start()
    expect(jobs.list()).toEqual([])
    expect(JSON.stringify(world.log)).toContain('moved aside')
    expect(await readdir(join(world.path, 'jobs'))).toEqual(['j-bbbbb.json.damaged'])
  })

  it('refuses a request that cannot be written, and there is no such job', async () => {
    const { world, jobs } = await aWorking()
    world.failWrites(full)
    await expect(jobs.submit(aRequest({ idempotencyKey: 'k' }))).rejects.toMatchObject({
      code: 'store-failed',
    })
    expect(jobs.list()).toEqual([])
    world.failWrites(undefined)
    const { id } = await jobs.submit(aRequest({ idempotencyKey: 'k' }))
    expect(await over(jobs, id)).toMatchObject({ state: 'succeeded' })
  })

  it('refuses a decision that cannot be written, and it can be made again', async () => {
    const { world, jobs } = await aWorking(async (context) => {
      await context.approval({ approvers: 1, expiresMs: 3_600_000 })
      return aReport()
    })
    const { id } = await jobs.submit(aRequest())
    await inState(jobs, id, 'awaiting-approval')
    world.failWrites(full)
    const decision = () => jobs.decide(id, { by: approver, verdict: 'approve' })
    await expect(decision()).rejects.toMatchObject({ code: 'store-failed' })
    expect(jobs.get(id)).toMatchObject({ state: 'awaiting-approval', approval: { verdicts: [] } })
    world.failWrites(undefined)
    await decision()
    expect(await over(jobs, id)).toMatchObject({ state: 'succeeded' })
  })

  it('keeps what was done in mind until the disk takes it, and does nothing more meanwhile', async () => {
    const work = vi.fn(async () => 'made')
    const next = vi.fn(async () => 1)
    const gate = aGate()
    const { world, jobs } = await aWorking(async (context) => {
      await context.lock([])
      await context.step('work', async () => {
        await gate.passed
        return work()
      })
      await context.step('next', next)
      return aReport()
    })
    const { id } = await jobs.submit(aRequest())
    await when(jobs, id, ({ steps }) => steps.length === 1)
    world.failWrites(full)
    gate.open()
    await vi.waitFor(() => expect(JSON.stringify(world.log)).toContain('waits for the disk'))
    expect(next).not.toHaveBeenCalled()
    world.failWrites(undefined)
    world.clock.advance(5000)
    expect(await over(jobs, id)).toMatchObject({
      state: 'succeeded',
      steps: [{ result: 'made' }, { state: 'done' }],
    })
    expect(work).toHaveBeenCalledTimes(1)
  })

  it('does no work that the audit log does not know of', async () => {
    const work = vi.fn(async () => 1)
    const { world, jobs } = await aWorking(async (context) => {
      await context.lock([])
      await context.step('work', work)
      return aReport()
    })
    world.failAudit(full)
    const { id } = await jobs.submit(aRequest())
    await when(jobs, id, ({ steps }) => steps.length === 1)
    await vi.waitFor(() => expect(JSON.stringify(world.log)).toContain('audit log cannot be written'))
    expect(work).not.toHaveBeenCalled()
    world.failAudit(undefined)
    await vi.waitFor(() => {
      world.clock.advance(5000)
      expect(jobs.get(id).state).toBe('succeeded')
    })
    expect(world.audit.slice(0, 3).map(({ event }) => event)).toEqual([
      'job.requested',
      'job.started',
      'job.step-started',
    ])
  })

  it('audits after a restart what it could not audit before, once', async () => {
    const { world, jobs } = await aWorking()
    world.failAudit(full)
    const { id } = await jobs.submit(aRequest())
    await over(jobs, id)
    world.crash()
    world.failAudit(undefined)
    for (let restart = 0; restart < 3; restart += 1) {
      const again = world.open()
      again.register('test', 1, quick)
      await again.start()
      world.crash()
    }
    expect(world.audit.map(({ event }) => event)).toEqual(['job.requested', 'job.succeeded'])
  })

  it('keeps secrets out of what is kept: errors, progress, reports, reasons', async () => {
    const secret = 'password=hunter2hunter2'
    const { world, jobs } = await aWorking(async (context) => {
      await context.plan(async () => aPlan())
      await context.lock([])
      await context
        .step('bad', async ({ progress }) => {
          progress(`using ${secret}`)
          throw new UserError('kcli-failed', `kcli said ${secret}`, { fix: 'x' })
        })
        .catch(() => undefined)
      return { ...aReport(), log: { title: 'log', text: secret } }
    })
    const { id } = await jobs.submit(aRequest({ title: `run ${secret}` }))
    await over(jobs, id)
    const kept = await readFile(join(world.path, 'jobs', `${id}.json`), 'utf8')
    expect(kept).not.toContain('hunter2')
    expect(JSON.stringify(world.audit)).not.toContain('kcli said password=hunter2')
  })

  it.each<[string, (context: JobContext) => Promise<unknown>, RegExp]>([
    ['two steps of one name', twoSteps, /two steps called/],
    [
      'locks taken twice',
      async (context) => [await context.lock([]), await context.lock([])],
      /takes its locks once/,
    ],
    ['locks after work began', lateLock, /after it began to work/],
    [
      'a result that is not JSON',
      (context) => context.step('a', async () => (() => 1) as never),
      /must return JSON/,
    ],
    [
      'a result without bounds',
      (context) => context.step('a', async () => 'x'.repeat(300_000)),
      /characters/,
    ],
    [
      'an approval by nobody',
      (context) => context.approval({ approvers: 0, expiresMs: 1 }),
      /number of approvers/,
    ],
  ])('refuses a body with %s, and the log says it', async (_, mistake, words) => {
    const { world, jobs } = await aWorking(async (context) => {
      await mistake(context)
      return aReport()
    })
    const { id } = await jobs.submit(aRequest())
    const job = await over(jobs, id)
    expect(job.error?.code).toBe('internal')
    expect(JSON.stringify(world.log)).toMatch(words)
  })

  it('refuses a request for a body that nobody registered, and a version registered twice', async () => {
    const { jobs } = await aWorking()
    await expect(jobs.submit(aRequest({ body: 'other' }))).rejects.toThrow('no job body')
    expect(() => jobs.register('test', 1, quick)).toThrow('registered twice')
  })

  it('may be started again after it was stopped', async () => {
    const { jobs } = await aWorking(async (context) => {
      await context.approval({ approvers: 1, expiresMs: 3_600_000 })
      return aReport()
    })
    const { id } = await jobs.submit(aRequest())
    await inState(jobs, id, 'awaiting-approval')
    await jobs.stop()
    await expect(jobs.decide(id, { by: approver, verdict: 'approve' })).rejects.toMatchObject({
      code: 'invalid-state',
    })
    await jobs.start()
    await jobs.decide(id, { by: approver, verdict: 'approve' })
    expect(await over(jobs, id)).toMatchObject({ state: 'succeeded' })
  })

  it('resumes a hundred jobs, and nothing of them is left waiting when they are over', async () => {
    const body: JobBody = async (context) => {
      await context.approval({ approvers: 1, expiresMs: 3_600_000 })
      await context.lock(['vm:kvm1/web1'])
      await context.step('work', async () => 1)
      return aReport()
    }
    const { world, jobs } = await aWorking(body)
    const submitted = await Promise.all(Array.from({ length: 100 }, () => jobs.submit(aRequest())))
    await Promise.all(submitted.map(({ id }) => inState(jobs, id, 'awaiting-approval')))
    world.crash()
    const again = world.open()
    again.register('test', 1, body)
    await again.start()
    const decided = submitted.map(({ id }) => again.decide(id, { by: approver, verdict: 'approve' }))
    await Promise.all(decided)
    const finished = await Promise.all(submitted.map(({ id }) => over(again, id)))
    expect(finished.every(({ state }: Job) => state === 'succeeded')).toBe(true)
    expect(again.locks()).toEqual([])
  })
})

async function twoSteps(context: JobContext): Promise<void> {
  await context.step('a', async () => 1)
  await context.step('a', async () => 1)
}

async function lateLock(context: JobContext): Promise<void> {
  await context.plan(async () => aPlan())
  await context.step('a', async () => 1)
  await context.lock(['vm:kvm1/web1'])
}
