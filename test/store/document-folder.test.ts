import { open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { type DocumentForm, openDocumentFolder } from '../../src/store/index.js'
import { aDirectory, aLog, diskError } from './temporary-data.js'

interface Note {
  text: string
  tags?: string[] | undefined
}

const form: DocumentForm<Note> = {
  kind: 'note',
  version: 1,
  schema: z.object({ text: z.string(), tags: z.array(z.string()).optional() }),
}

async function aFolder(path?: string, withForm = form) {
  const directory = path ?? join(await aDirectory(), 'notes')
  const { log, text } = aLog()
  const folder = await openDocumentFolder({ path: directory, form: withForm, log })
  return { folder, directory, logged: text, file: join(directory, 'a.json') }
}

/** What a new process would read. */
async function reread(directory: string): Promise<Map<string, Note>> {
  return (await aFolder(directory)).folder.load()
}

/** The prototype of every FileHandle, to fail like a disk. */
async function handlePrototype(path: string) {
  const handle = await open(path, 'r')
  await handle.close()
  return Object.getPrototypeOf(handle) as { writeFile: () => Promise<void>; sync: () => Promise<void> }
}

afterEach(() => {
  vi.restoreAllMocks()
})

describe('a folder of documents', () => {
  it('gives back what was written, also to the next process', async () => {
    const { folder, directory } = await aFolder()
    await folder.write('a', { text: 'one' })
    await folder.write('b', { text: 'two', tags: ['x'] })
    await folder.write('a', { text: 'three' })
    expect(await reread(directory)).toEqual(
      new Map([
        ['a', { text: 'three' }],
        ['b', { text: 'two', tags: ['x'] }],
      ]),
    )
  })

  it('is private to its user', async () => {
    const { folder, directory, file } = await aFolder()
    await folder.write('a', { text: 'x' })
    await folder.write('a', { text: 'y' })
    expect((await stat(directory)).mode & 0o777).toBe(0o700)
    for (const name of await readdir(directory))
      expect((await stat(join(directory, name))).mode & 0o777).toBe(0o600)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
  })

  it('says in each file what it holds and in which version', async () => {
    const { folder, file } = await aFolder()
    await folder.write('a', { text: 'x' })
    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({
      kind: 'note',
      version: 1,
      data: { text: 'x' },
    })
  })

  it('writes one document in the order of asking', async () => {
    const { folder, directory } = await aFolder()
    await Promise.all(Array.from({ length: 20 }, (_, n) => folder.write('a', { text: String(n) })))
    expect((await reread(directory)).get('a')).toEqual({ text: '19' })
  })

  it('removes a document with all that belongs to it', async () => {
    const { folder, directory } = await aFolder()
    await folder.write('a', { text: 'x' })
    await folder.write('a', { text: 'y' })
    await folder.remove('a')
    await folder.remove('never-there')
    expect(await readdir(directory)).toEqual([])
  })

  it('takes no name that leads elsewhere', async () => {
    const { folder } = await aFolder()
    for (const name of ['../x', '', '.', 'A', 'a/b', 'a.json', 'x'.repeat(64)]) {
      await expect(folder.write(name, { text: 'x' }), name).rejects.toThrow('cannot be the name')
    }
  })

  it('keeps any text exactly', async () => {
    const { folder, directory } = await aFolder()
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), fc.array(fc.string()), async (text, tags) => {
        await folder.write('a', { text, tags })
        expect((await reread(directory)).get('a')).toEqual({ text, tags })
      }),
      { numRuns: 30 },
    )
  })

  it.each<[string, (file: string) => Promise<void>]>([
    ['cut short', async (file) => truncate(file, 40)],
    ['empty', async (file) => truncate(file, 0)],
    ['garbage', async (file) => writeFile(file, '\0\0\0\0\0')],
    ['of another kind', async (file) => writeFile(file, '{"kind":"job","version":1,"sha256":"","data":{}}')],
    ['missing', async (file) => rm(file)],
    [
      'changed in one letter',
      async (file) => writeFile(file, (await readFile(file, 'utf8')).replace('"second"', '"sEcond"')),
    ],
  ])('that finds a document %s uses its last good state and says so', async (_, damage) => {
    const { folder, directory, file } = await aFolder()
    await folder.write('a', { text: 'first' })
    await folder.write('a', { text: 'second' })
    await damage(file)
    const next = await aFolder(directory)
    expect((await next.folder.load()).get('a')).toEqual({ text: 'first' })
    expect(next.logged()).toContain('its last good state is used')
    // The good state must survive the next write too: what is kept beside it is never the damaged one.
    await next.folder.write('a', { text: 'third' })
    await truncate(file, 10)
    expect((await reread(directory)).get('a')).toEqual({ text: 'first' })
  })

  it('finds every change of a single byte', async () => {
    const { folder, directory, file } = await aFolder()
    await folder.write('a', { text: 'first' })
    await folder.write('a', { text: 'second' })
    const good = await readFile(file)
    for (let at = 0; at < good.length - 1; at += 1) {
      const bad = Buffer.from(good)
      bad[at] = (bad[at] ?? 0) ^ 0x01
      await writeFile(file, bad)
      const outcome = await reread(directory).catch((error: unknown) => error)
      // A changed version number may look like a newer qnav: that is refused, not overwritten.
      if (outcome instanceof Error) expect(outcome).toMatchObject({ code: 'store-failed' })
      else expect((outcome as Map<string, Note>).get('a'), `byte ${at}`).toEqual({ text: 'first' })
    }
  })

  it('moves aside what is damaged beyond that, and loads the rest', async () => {
    const { folder, directory, file } = await aFolder()
    await folder.write('a', { text: 'x' })
    await folder.write('b', { text: 'y' })
    await writeFile(file, 'garbage')
    const next = await aFolder(directory)
    expect(await next.folder.load()).toEqual(new Map([['b', { text: 'y' }]]))
    expect(next.logged()).toContain('moved aside')
    expect((await readdir(directory)).sort()).toEqual(['a.json.damaged', 'b.json'])
  })

  it('ignores what a crash left of a write', async () => {
    const { folder, directory, file } = await aFolder()
    await folder.write('a', { text: 'x' })
    await writeFile(`${file}.tmp`, '{"kind":"no')
    expect((await reread(directory)).get('a')).toEqual({ text: 'x' })
    await folder.write('a', { text: 'y' })
    expect((await readdir(directory)).sort()).toEqual(['a.json', 'a.json.previous'])
  })

  it('brings documents of an older version up to date', async () => {
    const { folder, directory } = await aFolder()
    await folder.write('a', { text: 'old' })
    const newer: DocumentForm<{ lines: string[] }> = {
      kind: 'note',
      version: 2,
      schema: z.object({ lines: z.array(z.string()) }),
      migrate: (data, version) => ({
        lines: [`${version}`, z.object({ text: z.string() }).parse(data).text],
      }),
    }
    const next = await openDocumentFolder({ path: directory, form: newer, log: aLog().log })
    expect((await next.load()).get('a')).toEqual({ lines: ['1', 'old'] })
  })

  it('refuses documents of a newer version and leaves them alone', async () => {
    const { folder, directory, file } = await aFolder(undefined, { ...form, version: 7 })
    await folder.write('a', { text: 'from the future' })
    const before = await readFile(file, 'utf8')
    await expect(reread(directory)).rejects.toMatchObject({
      code: 'store-failed',
      message: expect.stringMatching(/newer qnav.*version 7.*knows 1/),
    })
    expect(await readFile(file, 'utf8')).toBe(before)
  })

  it.each(['ENOSPC', 'EROFS', 'EIO'])('that meets %s says so, and everything is as before', async (code) => {
    const { folder, directory, file } = await aFolder()
    await folder.write('a', { text: 'good' })
    const prototype = await handlePrototype(file)
    for (const method of ['writeFile', 'sync'] as const) {
      vi.spyOn(prototype, method).mockRejectedValue(diskError(code))
      await expect(folder.write('a', { text: 'lost' })).rejects.toMatchObject({
        code: 'store-failed',
        message: expect.stringMatching(new RegExp(`a\\.json \\(${code}\\); nothing was changed`)),
      })
      vi.restoreAllMocks()
      expect((await reread(directory)).get('a')).toEqual({ text: 'good' })
      expect(await readdir(directory)).toEqual(['a.json'])
    }
    await folder.write('a', { text: 'better' })
    expect((await reread(directory)).get('a')).toEqual({ text: 'better' })
  })

  it('is on disk before a write resolves: file first, then its directory', async () => {
    const { folder, file } = await aFolder()
    await folder.write('a', { text: 'x' })
    const prototype = await handlePrototype(file)
    const sync = vi.spyOn(prototype, 'sync')
    await folder.write('a', { text: 'y' })
    expect(sync).toHaveBeenCalledTimes(2)
  })

  it('cannot be where something else is', async () => {
    const directory = await aDirectory()
    await writeFile(join(directory, 'notes'), '')
    await expect(aFolder(join(directory, 'notes'))).rejects.toMatchObject({ code: 'store-failed' })
  })
})
