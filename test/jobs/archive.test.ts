/** What becomes of jobs that ended long ago. */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import type { JobBody, Jobs } from '../../src/jobs/index.js'
import { approver, aReport, aRequest, asker, over } from './builders.js'
import { aLocalWorld, type LocalWorld } from './local-world.js'

const quick: JobBody = async () => aReport()

async function opened(world: LocalWorld): Promise<Jobs> {
  const jobs = world.open()
  jobs.register('test', 1, quick)
  await jobs.start()
  return jobs
}

async function finished(world: LocalWorld, jobs: Jobs, count: number): Promise<string[]> {
  const ids: string[] = []
  for (let n = 0; n < count; n += 1) {
    const requester = n % 2 === 0 ? asker : approver
    ids.push((await over(jobs, (await jobs.submit(aRequest({ requester }))).id)).id)
    world.clock.advance(1000)
  }
  return ids
}

const documents = async (world: LocalWorld) =>
  (await readdir(join(world.path, 'jobs'))).flatMap((file) => /^(.*)\.json$/.exec(file)?.[1] ?? []).sort()

const archived = async (world: LocalWorld) =>
  (await readFile(join(world.path, 'jobs-archive', '2026-01.jsonl'), 'utf8'))
    .split('\n')
    .flatMap((line) => /"key":"([^"]+)"/.exec(line)?.[1] ?? [])

describe('the archive of jobs', () => {
  it('has what is not at hand any more: it is shown and listed, and not held in memory', async () => {
    const world = await aLocalWorld({ keepFinished: 3 })
    const jobs = await opened(world)
    const ids = await finished(world, jobs, 8)
    const [oldest = ''] = ids
    await vi.waitFor(async () => expect(await documents(world)).toEqual(ids.slice(5).sort()))
    expect(() => jobs.get(oldest)).toThrow(expect.objectContaining({ code: 'unknown-job' }))
    expect(await jobs.find(oldest)).toMatchObject({
      id: oldest,
      state: 'succeeded',
      report: { title: 'Done' },
    })
    await expect(jobs.find('j-zzzzz')).rejects.toMatchObject({ code: 'unknown-job' })

    const newest = ids.toReversed()
    expect(jobs.list().map(({ id }) => id)).toEqual(newest.slice(0, 3))
    const pages: string[] = []
    for (let before: string | undefined; ; before = pages.at(-1)) {
      const page = await jobs.history({ limit: 3, ...(before === undefined ? {} : { before }) })
      if (page.length === 0) break
      pages.push(...page.map(({ id }) => id))
    }
    expect(pages).toEqual(newest)
    const mine = await jobs.history({ requester: asker.id })
    expect(mine.map(({ id }) => id)).toEqual(newest.filter((id) => ids.indexOf(id) % 2 === 0))
    await expect(jobs.history({ before: 'j-zzzzz' })).rejects.toMatchObject({ code: 'unknown-job' })

    await jobs.stop()
    const again = await opened(world)
    expect((await again.history()).map(({ id }) => id)).toEqual(newest)
  })

  it('is not changed by anybody', async () => {
    const world = await aLocalWorld({ keepFinished: 1 })
    const jobs = await opened(world)
    const [id = ''] = await finished(world, jobs, 3)
    await vi.waitFor(async () => expect(await documents(world)).toHaveLength(1))
    await expect(jobs.cancel(id, asker)).rejects.toMatchObject({ code: 'invalid-state' })
    await expect(jobs.decide(id, { by: approver, verdict: 'approve' })).rejects.toMatchObject({
      code: 'invalid-state',
      fix: expect.stringContaining(`job show ${id}`),
    })
  })

  it('gives no id to a new job that it has', async () => {
    const ids = ['j-aaaaa', 'j-bbbbb', 'j-aaaaa', 'j-ccccc']
    const world = await aLocalWorld({ keepFinished: 1, newId: () => ids.shift() ?? 'j-ddddd' })
    const jobs = await opened(world)
    await finished(world, jobs, 2)
    await vi.waitFor(async () => expect(await documents(world)).toEqual(['j-bbbbb']))
    expect((await jobs.submit(aRequest())).id).toBe('j-ccccc')
  })

  it.each([
    ...[1, 2, 3].map((removal) => [removal, 'before'] as const),
    ...[1, 2, 3].map((removal) => [removal, 'after'] as const),
  ])('loses nothing and doubles nothing when the bot dies at removal %i, %s it', async (removal, when) => {
    const world = await aLocalWorld({ keepFinished: 100 })
    const first = await opened(world)
    const ids = await finished(world, first, 6)
    await first.stop()
    // The first start with fewer moves three at once.
    const fewer = await aSmaller(world, 3)
    world.dieAtRemoval(removal, when)
    const second = await fewer()
    await world.died
    world.revive()
    void second
    const third = await fewer()
    expect((await third.history()).map(({ id }) => id)).toEqual(ids.toReversed())
    await vi.waitFor(async () => expect(await documents(world)).toEqual(ids.slice(3).sort()))
    expect(await archived(world)).toEqual(ids.slice(0, 3))
  })

  it('keeps jobs at hand that it cannot take, and takes them later', async () => {
    const world = await aLocalWorld({ keepFinished: 2 })
    const jobs = await opened(world)
    // Where the file of the month should be.
    const { mkdir, rmdir } = await import('node:fs/promises')
    const blocked = join(world.path, 'jobs-archive', '2026-01.jsonl')
    await mkdir(blocked)
    const ids = await finished(world, jobs, 4)
    await vi.waitFor(() => expect(JSON.stringify(world.log)).toContain('2026-01.jsonl'))
    expect(jobs.list().map(({ id }) => id)).toEqual(ids.toReversed())
    await rmdir(blocked)
    ids.push(...(await finished(world, jobs, 1)))
    await vi.waitFor(async () => expect(await documents(world)).toEqual(ids.slice(3).sort()))
    expect((await jobs.history()).map(({ id }) => id)).toEqual(ids.toReversed())
  })

  it('says what is damaged in it, and shows the rest', async () => {
    const world = await aLocalWorld({ keepFinished: 1 })
    const jobs = await opened(world)
    const ids = await finished(world, jobs, 4)
    await vi.waitFor(async () => expect(await documents(world)).toHaveLength(1))
    await jobs.stop()
    const file = join(world.path, 'jobs-archive', '2026-01.jsonl')
    const lines = (await readFile(file, 'utf8')).split('\n')
    lines[1] = lines[1]?.replace('succeeded', 'succeedeD') ?? ''
    await writeFile(file, lines.join('\n'))
    const again = await opened(world)
    const [first, , third, last] = ids
    expect((await again.history()).map(({ id }) => id)).toEqual([last, third, first])
    expect(JSON.stringify(world.log)).toMatch(/2026-01\.jsonl.*"line":2/)
  })

  it('drops months that are older than wanted', async () => {
    const day = 24 * 3_600_000
    const world = await aLocalWorld({ keepFinished: 1, keepArchivedMs: 40 * day })
    const jobs = await opened(world)
    const [old = ''] = await finished(world, jobs, 2)
    await vi.waitFor(async () => expect(await documents(world)).toHaveLength(1))
    world.clock.advance(69 * day)
    await finished(world, jobs, 1)
    await new Promise((resolve) => setImmediate(resolve))
    expect(await jobs.find(old)).toMatchObject({ id: old })
    world.clock.advance(3 * day)
    await finished(world, jobs, 1)
    await vi.waitFor(async () => expect(jobs.find(old)).rejects.toMatchObject({ code: 'unknown-job' }))
  })
})

async function aSmaller(world: LocalWorld, keepFinished: number): Promise<() => Promise<Jobs>> {
  return () => opened({ ...world, open: () => world.open({ keepFinished }) })
}
