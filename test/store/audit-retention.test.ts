/** What is older than it is kept is cut off, and the rest still proves itself. */
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openAuditLog, readAuditLog, verifyAuditLog } from '../../src/store/index.js'
import { aDirectory, aLog } from './temporary-data.js'

const day = 24 * 3_600_000
let clock = 0

async function opened(path: string) {
  const audit = await openAuditLog({ path }, { log: aLog().log, now: () => new Date(clock) })
  onTestFinished(() => audit.close())
  return audit
}

/** One entry a day for a hundred days; it is the hundredth. */
async function aLongLog() {
  const path = await aDirectory()
  const audit = await opened(path)
  for (let n = 1; n <= 100; n += 1) {
    clock = n * day
    await audit.append({ event: 'test', n })
  }
  return { path, audit }
}

async function events(path: string): Promise<unknown[]> {
  const found: unknown[] = []
  for await (const { seq } of readAuditLog({ path })) found.push(seq)
  return found
}

describe('an audit log that keeps thirty days', () => {
  it('cuts off what is older, says so in an entry, and is intact', async () => {
    const { path, audit } = await aLongLog()
    expect(await audit.retain(30 * day)).toBe(69)
    expect(await events(path)).toEqual(Array.from({ length: 32 }, (_, n) => n + 70))
    expect(await verifyAuditLog({ path })).toMatchObject({ intact: true, entries: 32, cut: { seq: 69 } })
    expect(await readFile(join(path, 'audit.jsonl'), 'utf8')).toContain('"event":"audit.cut"')
    expect(await readdir(path)).not.toContain('audit.jsonl.next')
  })

  it('goes on afterwards, over a restart and more cuts', async () => {
    const { path, audit } = await aLongLog()
    await audit.retain(30 * day)
    await audit.append({ event: 'test', n: 101 })
    await audit.close()
    const again = await opened(path)
    clock = 120 * day
    await again.append({ event: 'test', n: 102 })
    expect(await again.retain(30 * day)).toBeGreaterThan(0)
    expect(await verifyAuditLog({ path })).toMatchObject({ intact: true, cut: { seq: 89 } })
  })

  it('loses nothing that is written meanwhile', async () => {
    const { path, audit } = await aLongLog()
    const many = Array.from({ length: 200 }, (_, n) => audit.append({ event: 'meanwhile', n }))
    await Promise.all([audit.retain(30 * day), ...many])
    await audit.append({ event: 'after' })
    const verdict = await verifyAuditLog({ path })
    expect(verdict).toMatchObject({ intact: true, entries: 31 + 200 + 2, cut: { seq: 69 } })
  })

  it('keeps the newest entry however old it is, and does nothing when nothing is old', async () => {
    const { path, audit } = await aLongLog()
    expect(await audit.retain(200 * day)).toBe(0)
    expect(await events(path)).toHaveLength(100)
    clock = 1000 * day
    expect(await audit.retain(day)).toBe(99)
    expect(await events(path)).toEqual([100, 101])
    expect(await verifyAuditLog({ path })).toMatchObject({ intact: true })
  })

  it('is whole when it cannot be cut, and is cut the next time', async () => {
    const { path, audit } = await aLongLog()
    const next = join(path, 'audit.jsonl.next')
    await mkdir(next)
    await expect(audit.retain(30 * day)).rejects.toMatchObject({ code: 'store-failed' })
    expect(await events(path)).toHaveLength(101)
    expect(await verifyAuditLog({ path })).toMatchObject({ intact: true, entries: 101 })
    await rmdir(next)
    await audit.append({ event: 'test', n: 101 })
    expect(await audit.retain(30 * day)).toBe(69)
    expect(await verifyAuditLog({ path })).toMatchObject({ intact: true, cut: { seq: 69 } })
  })

  it('does not mind what a crash left of a cut', async () => {
    const { path, audit } = await aLongLog()
    await audit.close()
    await writeFile(join(path, 'audit.jsonl.next'), 'half a line')
    const again = await opened(path)
    await again.append({ event: 'test' })
    expect(await verifyAuditLog({ path })).toMatchObject({ intact: true, entries: 101 })
    expect(await readdir(path)).not.toContain('audit.jsonl.next')
  })
})
