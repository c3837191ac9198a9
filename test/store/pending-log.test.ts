import { appendFile, open, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { openPendingLog, type PendingLogOptions } from '../../src/store/index.js'
import { aDirectory, aLog, diskError } from './temporary-data.js'

const schema = z.object({ text: z.string() })

async function aLogFile(more: Partial<PendingLogOptions<{ text: string }>> = {}) {
  const path = join(await aDirectory(), 'intake.jsonl')
  const { log, text } = aLog()
  const again = async () => {
    const opened = await openPendingLog({ path, schema, log, ...more })
    handles.push(opened)
    return opened
  }
  return { path, again, pending: await again(), logged: text }
}
const texts = (entries: { value: { text: string } }[]) => entries.map(({ value }) => value.text)

/** What a crash would have closed. */
const handles: { close(): Promise<void> }[] = []
const closeAll = async () => {
  for (const each of handles.splice(0)) await each.close()
}
afterEach(async () => {
  vi.restoreAllMocks()
  await closeAll()
})

describe('what was promised', () => {
  it('is left after a crash until it is done, in the order of the promises', async () => {
    const { pending, again, path } = await aLogFile()
    await Promise.all(['a', 'b', 'c'].map((text) => pending.add(text, { text })))
    pending.done('b')
    await pending.add('d', { text: 'd' })
    // As after a crash: nothing is closed.
    expect(texts((await again()).left)).toEqual(['a', 'c', 'd'])
    expect((await stat(path)).mode & 0o777).toBe(0o600)
  })

  it('is known by its key while it is written, open, and for an hour after its end', async () => {
    let now = Date.parse('2026-01-02T03:00:00Z')
    const { pending, again } = await aLogFile({ now: () => now })
    const adding = pending.add('k', { text: 'x' })
    expect(pending.has('k')).toBe(true)
    await adding
    pending.done('k')
    expect(pending.has('k')).toBe(true)
    await pending.close()
    now += 59 * 60_000
    const later = await again()
    expect(later.left).toEqual([])
    expect(later.has('k')).toBe(true)
    await later.close()
    now += 2 * 60_000
    expect((await again()).has('k')).toBe(false)
  })

  it('may come again when it was withdrawn, also after a restart', async () => {
    const { pending, again } = await aLogFile()
    await pending.add('k', { text: 'x' })
    pending.withdraw('k')
    expect(pending.has('k')).toBe(false)
    await pending.close()
    const later = await again()
    expect(later.left).toEqual([])
    expect(later.has('k')).toBe(false)
  })

  it('was not promised when the disk did not take it, and the next promise is', async () => {
    const { pending, again, path } = await aLogFile()
    await pending.add('a', { text: 'a' })
    const handle = await open(path, 'r')
    const prototype = Object.getPrototypeOf(handle) as { datasync(): Promise<void> }
    await handle.close()
    vi.spyOn(prototype, 'datasync').mockRejectedValueOnce(diskError('ENOSPC'))
    await expect(pending.add('b', { text: 'b' })).rejects.toMatchObject({ code: 'store-failed' })
    expect(pending.has('b')).toBe(false)
    await pending.add('c', { text: 'c' })
    expect(texts((await again()).left)).toEqual(['a', 'c'])
  })

  it('survives a line that a crash left unfinished', async () => {
    const { pending, again, path, logged } = await aLogFile()
    await pending.add('a', { text: 'a' })
    await appendFile(path, '{"key":"b","at":"2026')
    expect(texts((await again()).left)).toEqual(['a'])
    expect(logged()).toContain('unfinished')
  })

  it('is read where it can be when lines are damaged, and the damaged file is kept and told of', async () => {
    const { pending, again, path, logged } = await aLogFile()
    await pending.add('a', { text: 'a' })
    await pending.add('b', { text: 'b' })
    const lines = (await readFile(path, 'utf8')).split('\n')
    await writeFile(path, ['garbage', ...lines].join('\n'))
    expect(texts((await again()).left)).toEqual(['a', 'b'])
    expect(logged()).toContain('cannot be read')
    const names = await readdir(join(path, '..'))
    expect(names.filter((name) => name.includes('.damaged-'))).toHaveLength(1)
  })

  it('fills a bounded file, however much is promised and done', async () => {
    const { pending, path } = await aLogFile({ rewriteFrom: 20_000, rememberMs: -1 })
    for (let n = 0; n < 1000; n++) {
      await pending.add(`k${n}`, { text: 'x'.repeat(100) })
      pending.done(`k${n}`)
    }
    expect((await stat(path)).size).toBeLessThan(20_000)
  })

  it('is not known after it was withdrawn, whatever was done before it', async () => {
    const { pending, again } = await aLogFile()
    await pending.add('a', { text: 'a' })
    await pending.add('b', { text: 'b' })
    pending.done('a')
    pending.withdraw('b')
    await pending.close()
    const later = await again()
    expect([later.has('a'), later.has('b')]).toEqual([true, false])
  })

  it('keeps with its end what came of it, also when the file is written anew', async () => {
    const { pending, again } = await aLogFile()
    await pending.add('a', { text: 'a' })
    pending.done('a', 'C1 5.0')
    expect(pending.noteOf('a')).toBe('C1 5.0')
    await pending.close()
    await (await again()).close()
    expect((await again()).noteOf('a')).toBe('C1 5.0')
  })

  it('may be known as done without having been promised', async () => {
    const { pending, again } = await aLogFile({ endsAtOnce: true })
    pending.done('a', 'said')
    pending.done('b')
    await pending.close()
    const later = await again()
    expect([later.noteOf('a'), later.has('b')]).toEqual(['said', false])
  })

  it('is at once known to be done after a kill, where ends are written at once', async () => {
    const { pending, again, path } = await aLogFile({ endsAtOnce: true })
    await pending.add('a', { text: 'a' })
    pending.done('a')
    await vi.waitFor(async () => expect(await readFile(path, 'utf8')).toContain('done'))
    const later = await again()
    expect(later.left).toEqual([])
    expect(later.has('a')).toBe(true)
  })

  it('is not written anew again and again when most of it still counts', async () => {
    const { pending, path } = await aLogFile({ rewriteFrom: 1000 })
    const files = new Set<number>()
    for (let n = 0; n < 100; n++) {
      await pending.add(`k${n}`, { text: 'x'.repeat(100) })
      files.add((await stat(path)).ino)
    }
    expect(files.size).toBeLessThan(8)
  })

  it('takes nothing more when it is closed', async () => {
    const { pending, again } = await aLogFile({ endsAtOnce: true })
    await pending.add('a', { text: 'a' })
    await pending.close()
    pending.done('a')
    await expect(pending.add('b', { text: 'b' })).rejects.toMatchObject({ code: 'store-failed' })
    expect(texts((await again()).left)).toEqual(['a'])
  })

  it('is exactly what was promised and not done, after any sequence and a crash anywhere', async () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.nat({ max: 20 }).map((n) => ({ verb: 'add' as const, n })) },
      { weight: 3, arbitrary: fc.nat({ max: 20 }).map((n) => ({ verb: 'done' as const, n })) },
      { weight: 1, arbitrary: fc.constant({ verb: 'crash' as const, n: 0 }) },
      { weight: 1, arbitrary: fc.constant({ verb: 'close' as const, n: 0 }) },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { again, pending: first } = await aLogFile({ rewriteFrom: 600 })
        let pending = first
        /** What may be left: an end that was not written with anything else may be forgotten. */
        const promised = new Set<string>()
        const unsure = new Set<string>()
        let serial = 0
        for (const { verb, n } of steps) {
          if (verb === 'add') {
            const key = `${n}-${serial++}`
            await pending.add(key, { text: key })
            promised.add(key)
            unsure.clear()
          } else if (verb === 'done') {
            const key = [...promised][n % Math.max(1, promised.size)]
            if (key === undefined) continue
            pending.done(key)
            promised.delete(key)
            unsure.add(key)
          } else {
            if (verb === 'close') {
              await pending.close()
              unsure.clear()
            }
            pending = await again()
            const left = texts(pending.left)
            for (const key of left.filter((each) => unsure.has(each))) promised.add(key)
            unsure.clear()
            expect(new Set(left)).toEqual(promised)
          }
        }
        await closeAll()
      }),
      { numRuns: 60 },
    )
  })
})
