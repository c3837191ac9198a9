import { appendFile, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { type Archive, openArchive } from '../../src/store/index.js'
import type { DocumentForm } from '../../src/store/json-file.js'
import { aDirectory, aLog, diskError } from './temporary-data.js'

const note = z.object({ text: z.string() })
type Note = z.output<typeof note>
const form: DocumentForm<Note> = { kind: 'note', version: 1, schema: note }

async function anArchive(path?: string, of: DocumentForm<Note> = form) {
  const directory = path ?? (await aDirectory())
  const { log, text } = aLog()
  const archive = await openArchive({ path: directory, form: of, log })
  return { archive, directory, logged: text }
}

const entry = (key: string, text = key, at = '2026-01-15T00:00:00.000Z') => ({ key, at, data: { text } })

async function all(archive: Archive<Note>, before?: string): Promise<string[]> {
  const found: string[] = []
  for await (const { text } of archive.newestFirst(before)) found.push(text)
  return found
}

describe('an archive', () => {
  it('finds what was put in, also after it was opened anew, private to the bot', async () => {
    const { archive, directory } = await anArchive()
    await archive.append([entry('a', 'first'), entry('b', 'second')])
    await archive.append([entry('c', 'third', '2026-02-01T00:00:00.000Z')])
    for (const each of [archive, (await anArchive(directory)).archive]) {
      expect(await each.find('a')).toEqual({ text: 'first' })
      expect(await each.find('c')).toEqual({ text: 'third' })
      expect(await each.find('x')).toBeUndefined()
      expect(each.has('b')).toBe(true)
      expect(each.size).toBe(3)
    }
    expect(await readdir(directory)).toEqual(['2026-01.jsonl', '2026-02.jsonl'])
    expect((await stat(join(directory, '2026-01.jsonl'))).mode & 0o777).toBe(0o600)
  })

  it('gives everything, the newest first, and goes on behind any of them', async () => {
    const { archive, directory } = await anArchive()
    for (const [key, month] of [
      ['a', '01'],
      ['b', '01'],
      ['c', '02'],
      ['d', '03'],
      ['e', '03'],
    ] as const)
      await archive.append([entry(key, key, `2026-${month}-10T00:00:00.000Z`)])
    for (const each of [archive, (await anArchive(directory)).archive]) {
      expect(await all(each)).toEqual(['e', 'd', 'c', 'b', 'a'])
      expect(await all(each, 'd')).toEqual(['c', 'b', 'a'])
      expect(await all(each, 'c')).toEqual(['b', 'a'])
      expect(await all(each, 'a')).toEqual([])
    }
  })

  it('has nothing twice', async () => {
    const { archive, directory } = await anArchive()
    await Promise.all([archive.append([entry('a')]), archive.append([entry('a'), entry('b')])])
    const again = await anArchive(directory)
    await again.archive.append([entry('a'), entry('b')])
    expect(await all(again.archive)).toEqual(['b', 'a'])
  })

  it('keeps any text exactly, whatever its length', async () => {
    const { archive, directory } = await anArchive()
    let count = 0
    const kept: string[] = []
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'binary', maxLength: 2000 }), { maxLength: 5 }),
        async (texts) => {
          await archive.append(
            texts.map((text) => {
              kept.push(text)
              count += 1
              return entry(`k-${count}`, text)
            }),
          )
          expect(await archive.find(`k-${count}`)).toEqual(
            count === 0 ? undefined : { text: kept[count - 1] },
          )
        },
      ),
      { numRuns: 30 },
    )
    expect(await all((await anArchive(directory)).archive)).toEqual(kept.toReversed())
  })

  it('cut at any byte has what was whole before it, and takes the rest again', async () => {
    const { archive, directory } = await anArchive()
    await archive.append([entry('a')])
    const file = join(directory, '2026-01.jsonl')
    const first = (await stat(file)).size
    await archive.append([entry('b'), entry('c')])
    const whole = await readFile(file)
    for (let cut = first; cut < whole.length; cut += 1) {
      await writeFile(file, whole.subarray(0, cut))
      const { archive: next } = await anArchive(directory)
      expect(await all(next)).toEqual(cut < whole.length && next.has('b') ? ['b', 'a'] : ['a'])
      await next.append([entry('b'), entry('c')])
      expect(await readFile(file)).toEqual(whole)
    }
  })

  it('finds every change of a single byte, says in which line, and has the others', async () => {
    const { archive, directory } = await anArchive()
    await archive.append([entry('a'), entry('b'), entry('c')])
    const file = join(directory, '2026-01.jsonl')
    const good = await readFile(file)
    const start = good.indexOf(0x0a) + 1
    const end = good.indexOf(0x0a, start)
    for (let at = start; at < end; at += 1) {
      const bad = Buffer.from(good)
      bad[at] = (bad[at] ?? 0) ^ 0x01
      await writeFile(file, bad)
      const next = await anArchive(directory)
      expect(await all(next.archive), `byte ${at}`).toEqual(['c', 'a'])
      expect(next.logged()).toMatch(/2026-01\.jsonl.*left out/)
    }
  })

  it('that was damaged since it was opened says so of that one, and lists the others', async () => {
    const { archive, directory, logged } = await anArchive()
    await archive.append([entry('a', 'xxxx'), entry('b')])
    const file = join(directory, '2026-01.jsonl')
    await writeFile(file, (await readFile(file, 'utf8')).replace('xxxx', 'yyyy'))
    await expect(archive.find('a')).rejects.toMatchObject({
      code: 'store-damaged',
      message: expect.stringMatching(/2026-01\.jsonl.*about a, the checksum/),
    })
    expect(await all(archive)).toEqual(['b'])
    expect(logged()).toContain('left out')
    await truncate(file, 10)
    await expect(archive.find('b')).rejects.toMatchObject({ code: 'store-damaged' })
  })

  it.each<[string, (file: string) => Promise<unknown>, string[]]>([
    ['empty', (file) => truncate(file, 0), ['c']],
    ['garbage', (file) => writeFile(file, Buffer.alloc(5000, 7)), ['c']],
    ['garbage behind a line', (file) => appendFile(file, 'garbage\n'), ['c', 'a']],
  ])('goes on with a file that is %s', async (_, damage, left) => {
    const { archive, directory } = await anArchive()
    await archive.append([entry('a'), entry('c', 'c', '2026-02-10T00:00:00.000Z')])
    await damage(join(directory, '2026-01.jsonl'))
    const next = await anArchive(directory)
    expect(await all(next.archive)).toEqual(left)
    await next.archive.append([entry('d')])
    expect(await all((await anArchive(directory)).archive)).toEqual(['c', 'd', ...left.slice(1)])
  })

  it('goes on without a file that cannot be read, and does not write to it', async () => {
    const { archive, directory } = await anArchive()
    await archive.append([entry('a', 'a', '2026-02-10T00:00:00.000Z')])
    const { mkdir } = await import('node:fs/promises')
    await mkdir(join(directory, '2026-01.jsonl'))
    const next = await anArchive(directory)
    expect(await all(next.archive)).toEqual(['a'])
    expect(next.logged()).toMatch(/2026-01\.jsonl.*cannot be read/)
    await expect(next.archive.append([entry('b')])).rejects.toMatchObject({
      code: 'store-failed',
      message: expect.stringContaining('2026-01.jsonl'),
    })
  })

  it('drops whole months only when all of them is old', async () => {
    const { archive, directory } = await anArchive()
    await archive.append([entry('a'), entry('b', 'b', '2026-02-10T00:00:00.000Z')])
    expect(await archive.dropBefore(Date.parse('2026-01-31T23:59:59.999Z'))).toBe(0)
    expect(await archive.dropBefore(Date.parse('2026-02-01T00:00:00.000Z'))).toBe(1)
    expect(await all(archive)).toEqual(['b'])
    expect(archive.has('a')).toBe(false)
    expect(await readdir(directory)).toEqual(['2026-02.jsonl'])
  })

  it('brings lines of an older version up to date, and leaves those of a newer one alone', async () => {
    const { archive, directory } = await anArchive()
    await archive.append([entry('a', 'old')])
    const newer: DocumentForm<Note> = {
      ...form,
      version: 2,
      migrate: (data, version) => ({ text: `${note.parse(data).text}, was ${version}` }),
    }
    const second = await anArchive(directory, newer)
    await second.archive.append([entry('b', 'new')])
    expect(await all(second.archive)).toEqual(['new', 'old, was 1'])
    const third = await anArchive(directory)
    expect(await all(third.archive)).toEqual(['old'])
    expect(third.logged()).toContain('newer qnav')
  })

  it.each(['ENOSPC', 'EROFS', 'EIO'])('that meets %s says so, and everything is as before', async (code) => {
    const { archive, directory } = await anArchive()
    await archive.append([entry('a')])
    const file = join(directory, '2026-01.jsonl')
    const before = await readFile(file)
    const { open } = await import('node:fs/promises')
    const handle = await open(file)
    const prototype = Object.getPrototypeOf(handle)
    await handle.close()
    for (const method of ['appendFile', 'datasync'] as const) {
      vi.spyOn(prototype, method).mockRejectedValue(diskError(code))
      await expect(archive.append([entry('b')])).rejects.toMatchObject({
        code: 'store-failed',
        message: expect.stringMatching(new RegExp(`2026-01\\.jsonl \\(${code}\\); nothing was changed`)),
      })
      vi.restoreAllMocks()
      expect(await readFile(file)).toEqual(before)
      expect(archive.has('b')).toBe(false)
    }
    await archive.append([entry('b')])
    expect(await all((await anArchive(directory)).archive)).toEqual(['b', 'a'])
  })
})
