import { appendFile, open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest'
import { openAuditLog, verifyAuditLog } from '../../src/store/index.js'
import { aDirectory, aLog, diskError } from './temporary-data.js'

const now = () => new Date('2026-01-02T03:04:05.000Z')

async function anAuditLog(entries = 0, path?: string) {
  const data = { path: path ?? (await aDirectory()) }
  const { log, text } = aLog()
  const audit = await openAuditLog(data, { log, now })
  onTestFinished(() => audit.close())
  for (let n = 1; n <= entries; n += 1) await audit.append({ event: 'test', n })
  return {
    data,
    audit,
    file: join(data.path, 'audit.jsonl'),
    head: join(data.path, 'audit.head'),
    logged: text,
  }
}

async function linesOf(file: string): Promise<string[]> {
  return (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '')
}

async function handlePrototype(path: string) {
  const handle = await open(path, 'r')
  await handle.close()
  return Object.getPrototypeOf(handle) as {
    datasync: () => Promise<void>
    appendFile: (text: string) => Promise<void>
  }
}

afterEach(() => {
  vi.restoreAllMocks()
})

describe('the audit log', () => {
  it('keeps entries as JSON lines with time, number and hashes', async () => {
    const { audit, file } = await anAuditLog()
    await audit.append({ event: 'job.requested', job: 'j-7k2m9', by: { id: 'U1' } })
    const [line = ''] = await linesOf(file)
    expect(JSON.parse(line)).toEqual({
      seq: 1,
      at: '2026-01-02T03:04:05.000Z',
      previous: '0'.repeat(64),
      entry: { event: 'job.requested', job: 'j-7k2m9', by: { id: 'U1' } },
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
  })

  it('is private', async () => {
    const { file, head } = await anAuditLog(1)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect((await stat(head)).mode & 0o777).toBe(0o600)
  })

  it('has every entry on disk when its append resolves, in the order of asking', async () => {
    const { audit, data, file } = await anAuditLog()
    const sync = vi.spyOn(await handlePrototype(file), 'datasync')
    await Promise.all(Array.from({ length: 100 }, (_, n) => audit.append({ event: 'test', n })))
    expect((await linesOf(file)).map((line) => JSON.parse(line).entry.n)).toEqual(
      Array.from({ length: 100 }, (_, n) => n),
    )
    expect(sync.mock.calls.length, 'entries that came together share a write').toBeLessThan(10)
    expect(await verifyAuditLog(data)).toMatchObject({ intact: true, entries: 100 })
  })

  it('goes on where it was', async () => {
    const { audit, data } = await anAuditLog(3)
    await audit.close()
    await anAuditLog(2, data.path)
    expect(await verifyAuditLog(data)).toMatchObject({ intact: true, entries: 5 })
  })

  it('takes nothing after it was closed', async () => {
    const { audit } = await anAuditLog()
    await audit.close()
    await expect(audit.append({ event: 'late' })).rejects.toMatchObject({ code: 'store-failed' })
  })

  it('has no secrets', async () => {
    const { audit, file } = await anAuditLog()
    await audit.append({
      event: 'x',
      text: 'run --password hunter2hunter2',
      deep: { rhn_password: 'hunter2' },
    })
    expect(await readFile(file, 'utf8')).not.toContain('hunter2')
  })

  it('cuts an entry that is far too long, and says so in it', async () => {
    const { audit, data, file } = await anAuditLog()
    await audit.append({ event: 'x', job: 'j-7k2m9', output: 'a'.repeat(1_000_000) })
    const [line = ''] = await linesOf(file)
    expect(JSON.parse(line).entry).toEqual({
      event: 'x',
      job: 'j-7k2m9',
      cut: expect.stringMatching(/^1000\d+ char/),
    })
    expect(await verifyAuditLog(data)).toMatchObject({ intact: true })
  })

  it('removes a last line that a crash left unfinished, and has that as an entry', async () => {
    const { audit, data, file } = await anAuditLog(2)
    await audit.close()
    await appendFile(file, '{"seq":3,"at":"2026')
    const next = await anAuditLog(1, data.path)
    expect(next.logged()).toContain('unfinished')
    expect((await linesOf(file)).map((line) => JSON.parse(line).entry.event)).toEqual([
      'test',
      'test',
      'audit.repaired',
      'test',
    ])
    expect(await verifyAuditLog(data)).toMatchObject({ intact: true, entries: 4 })
  })

  it('can be repaired whatever byte its last line was cut at', async () => {
    const { audit, data, file, head } = await anAuditLog(2)
    await audit.close()
    const good = await readFile(file)
    const goodHead = await readFile(head)
    const lastStart = good.lastIndexOf(0x0a, good.length - 2) + 1
    for (let length = lastStart; length < good.length; length += 7) {
      await writeFile(file, good.subarray(0, length))
      // The head lags behind after a power failure.
      await writeFile(head, '')
      const next = await anAuditLog(1, data.path)
      await next.audit.close()
      expect(await verifyAuditLog(data), `cut at ${length}`).toMatchObject({ intact: true })
    }
    await writeFile(head, goodHead)
  })

  it.each<[string, (parts: { file: string; head: string }) => Promise<void>, RegExp]>([
    [
      'its last line was changed',
      async ({ file }) => writeFile(file, (await readFile(file, 'utf8')).replace('"n":3', '"n":4')),
      /last line/,
    ],
    [
      'its last entries are gone',
      async ({ file }) => writeFile(file, `${(await linesOf(file)).slice(0, 1).join('\n')}\n`),
      /2 entries are missing/,
    ],
    ['it is empty', async ({ file }) => truncate(file, 0), /3 entries are missing/],
  ])('is not continued when %s', async (_, damage, problem) => {
    const { audit, data, file, head } = await anAuditLog(3)
    await audit.close()
    await damage({ file, head })
    await expect(anAuditLog(0, data.path)).rejects.toMatchObject({
      code: 'store-damaged',
      message: expect.stringMatching(problem),
      fix: expect.stringContaining('qnav audit verify'),
    })
  })

  it('that lost its head goes on with a new one, and has that as an entry', async () => {
    const { audit, data, file, head } = await anAuditLog(1)
    await audit.close()
    await rm(head)
    expect(await verifyAuditLog(data)).toMatchObject({
      intact: false,
      problem: expect.stringContaining('audit.head'),
    })
    await anAuditLog(0, data.path)
    expect(JSON.parse((await linesOf(file))[1] ?? '').entry.event).toBe('audit.head-made-again')
    expect(await verifyAuditLog(data)).toMatchObject({ intact: true, entries: 2 })
  })

  it.each(['appendFile', 'datasync'] as const)(
    'that cannot be written (%s) says so, and has no half entry',
    async (method) => {
      const { audit, data, file } = await anAuditLog(1)
      const prototype = await handlePrototype(file)
      const append = prototype.appendFile
      vi.spyOn(prototype, method).mockImplementation(async function (this: unknown, text?: string) {
        // A full disk takes half of it.
        if (text !== undefined) await append.call(this as typeof prototype, text.slice(0, 30))
        throw diskError('ENOSPC')
      })
      await expect(audit.append({ event: 'lost' })).rejects.toMatchObject({
        code: 'store-failed',
        message: expect.stringContaining('ENOSPC'),
      })
      vi.restoreAllMocks()
      await audit.append({ event: 'after' })
      expect((await linesOf(file)).map((line) => JSON.parse(line).entry.event)).toEqual(['test', 'after'])
      expect(await verifyAuditLog(data)).toMatchObject({ intact: true, entries: 2 })
    },
  )
})

describe('verifying the audit log', () => {
  it('finds nothing wrong with a log that is not there yet', async () => {
    expect(await verifyAuditLog({ path: await aDirectory() })).toMatchObject({ intact: true, entries: 0 })
  })

  it('finds every change of a single byte', async () => {
    const { audit, data, file } = await anAuditLog(5)
    await audit.close()
    const good = await readFile(file)
    for (let at = 0; at < good.length; at += 1) {
      const bad = Buffer.from(good)
      bad[at] = (bad[at] ?? 0) ^ (1 << (at % 8))
      await writeFile(file, bad)
      expect(await verifyAuditLog(data), `byte ${at}`).toMatchObject({ intact: false })
    }
  })

  it('finds every line that was deleted, repeated or swapped, the last one included, and says which', async () => {
    const { audit, data, file } = await anAuditLog(6)
    await audit.close()
    const lines = await linesOf(file)
    const verdictOf = async (changed: string[]) => {
      await writeFile(file, changed.map((line) => `${line}\n`).join(''))
      return verifyAuditLog(data)
    }
    for (let at = 0; at < lines.length; at += 1) {
      const line = at + 1
      expect(await verdictOf(lines.toSpliced(at, 1)), `without ${line}`).toMatchObject({
        intact: false,
        line,
      })
      expect(await verdictOf(lines.toSpliced(at, 0, lines[at] ?? '')), `twice ${line}`).toMatchObject({
        intact: false,
        line: line + 1,
      })
      if (at === 0) continue
      const swapped = lines.toSpliced(at - 1, 2, lines[at] ?? '', lines[at - 1] ?? '')
      // A log that begins with its second line might have been cut there; the next line tells that it was not.
      const found = at === 1 ? 2 : at
      expect(await verdictOf(swapped), `swapped ${line}`).toMatchObject({ intact: false, line: found })
    }
    expect(await verdictOf(lines)).toMatchObject({ intact: true, entries: 6 })
  })

  it('finds a chain that was made anew from some line on', async () => {
    const { audit, data, file, head } = await anAuditLog(4)
    await audit.close()
    const [first = ''] = await linesOf(file)
    const goodHead = await readFile(head)
    await writeFile(file, `${first}\n`)
    await writeFile(head, '')
    const forged = await anAuditLog(0, data.path)
    for (let n = 0; n < 5; n += 1) await forged.audit.append({ event: 'forged', n })
    await forged.audit.close()
    await writeFile(head, goodHead)
    expect(await verifyAuditLog(data)).toMatchObject({ intact: false, line: 4 })
  })

  it('finds a good line of another log in place of its own', async () => {
    const one = await anAuditLog(4)
    const other = await anAuditLog()
    for (let n = 1; n <= 4; n += 1) await other.audit.append({ event: 'other', n })
    const lines = await linesOf(one.file)
    const [, , foreign = ''] = await linesOf(other.file)
    await writeFile(one.file, `${lines.toSpliced(2, 1, foreign).join('\n')}\n`)
    expect(await verifyAuditLog(one.data)).toMatchObject({
      intact: false,
      line: 3,
      problem: expect.stringContaining('does not follow'),
    })
  })

  it('does not mind an entry that is just being written', async () => {
    const { data, file } = await anAuditLog(2)
    await appendFile(file, '{"seq":3,')
    expect(await verifyAuditLog(data)).toMatchObject({ intact: true, entries: 2 })
  })
})
