/** What was asked, decided and done: JSON lines, only ever appended, each on disk before anybody relies on it. */
import { createReadStream, createWriteStream } from 'node:fs'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Logger } from '../log.js'
import { redactJson } from '../redact.js'
import { syncDirectory, withFile } from './atomic-file.js'
import { type ChainEnd, chainStart, checkLine, cutEvent, nextLine } from './audit-chain.js'
import { auditHeadName, readHead, writeHead } from './audit-head.js'
import type { AuditRecord } from './audit-record.js'
import { linesFromStart } from './lines.js'
import { storeDamaged, storeFailed } from './store-errors.js'

/** What happened. `event` says what kind; the rest is JSON. Time, number and hashes are added by the log. */
export interface AuditEntry {
  event: string
  [key: string]: unknown
}

export interface AuditLog {
  readonly path: string
  /** Resolves when the entry is on disk. Secrets are removed from it. Rejects with `store-failed`; then it is not there. */
  append(entry: AuditEntry): Promise<void>
  /** Cuts off what is older than so many milliseconds, behind an entry that says so and lets `verify` follow the rest. The
   * newest entry stays. Resolves with how many went; rejects with `store-failed`, then nothing went. */
  retain(keepMs: number): Promise<number>
  /** Tells of every entry that is on disk from now on, in order, without waiting for anybody. Returns what ends that. */
  follow(listener: (record: AuditRecord) => void): () => void
  /** Waits for what is being written. */
  close(): Promise<void>
}

export const auditFileName = 'audit.jsonl'

/** Characters of JSON that an entry may have; of a longer one only the short values are kept. */
const maxEntryChars = 256 * 1024
const shortChars = 1024

/**
 * Opens (or makes, 0600) the audit log in the data directory. A last line that a crash left unfinished was relied on by
 * nobody; it is removed, and that is itself an entry. Rejects with `store-damaged` (what is there was changed or cut) or
 * `store-failed`.
 */
export async function openAuditLog(
  data: { path: string },
  { log, now = () => new Date() }: { log: Logger; now?: () => Date },
): Promise<AuditLog> {
  const path = join(data.path, auditFileName)
  const headPath = join(data.path, auditHeadName)
  const opened: FileHandle[] = []
  try {
    // Left by a crash while it was cut: what it was to replace is whole.
    await rm(`${path}.next`, { force: true })
    const file = await open(path, 'a+', 0o600)
    opened.push(file)
    // "r+" needs the file to be there, "a" would append: both are needed to write at the beginning of a new file.
    await withFile(headPath, 'a', async () => undefined)
    const headFile = await open(headPath, 'r+')
    opened.push(headFile)
    await syncDirectory(data.path)
    const audit = new AppendedFile({ path, file, headFile, log, now })
    await audit.recover(await readHead(headPath))
    return audit
  } catch (error) {
    await Promise.allSettled(opened.map((each) => each.close()))
    throw storeFailed('open', path, error)
  }
}

interface Waiting {
  at: string
  json: string
  resolve(): void
  reject(error: unknown): void
}

class AppendedFile implements AuditLog {
  readonly path: string
  #file: FileHandle
  readonly #headFile: FileHandle
  readonly #log: Logger
  readonly #now: () => Date
  #end: ChainEnd = chainStart
  #bytes = 0
  #waiting: Waiting[] = []
  #flushing: Promise<void> | undefined
  #writing: Promise<void> | undefined
  /** While it is there nothing is written. */
  #cutting: Promise<void> | undefined
  #isClosed = false
  /** Why nothing can be appended any more. */
  #broken: unknown
  readonly #followers = new Set<(record: AuditRecord) => void>()

  constructor(parts: { path: string; file: FileHandle; headFile: FileHandle; log: Logger; now: () => Date }) {
    this.path = parts.path
    this.#file = parts.file
    this.#headFile = parts.headFile
    this.#log = parts.log
    this.#now = parts.now
  }

  async recover(head: ChainEnd | undefined): Promise<void> {
    const { size } = await this.#file.stat()
    const tail = await readTail(this.#file, size)
    this.#bytes = size - tail.unfinishedBytes
    if (tail.lastLine !== undefined) {
      const check = checkLine(tail.lastLine)
      if (!check.ok) throw this.#damaged(`of its last line, ${check.problem}`)
      this.#end = check.end
    }
    if (head !== undefined && head.seq > this.#end.seq) {
      throw this.#damaged(`${head.seq - this.#end.seq} entries are missing at its end`)
    }
    if (tail.unfinishedBytes > 0) {
      this.#log.warn(
        { file: this.path, bytes: tail.unfinishedBytes },
        'the last line of the audit log was unfinished; removed',
      )
      await this.#file.truncate(this.#bytes)
      await this.append({ event: 'audit.repaired', removedBytes: tail.unfinishedBytes })
    }
    if (head === undefined && this.#end.seq > 0) {
      this.#log.warn({ file: this.path }, `${auditHeadName} was missing; made again`)
      await this.append({ event: 'audit.head-made-again' })
    }
  }

  async append(entry: AuditEntry): Promise<void> {
    const json = jsonOf(entry)
    const at = this.#now().toISOString()
    await new Promise<void>((resolve, reject) => {
      this.#waiting.push({ at, json, resolve, reject })
      this.#flushing ??= this.#flush()
    })
  }

  follow(listener: (record: AuditRecord) => void): () => void {
    this.#followers.add(listener)
    return () => this.#followers.delete(listener)
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#flushing
    this.#broken ??= new Error('the audit log is closed')
    await this.#file.close()
    await this.#headFile.close()
  }

  async retain(keepMs: number): Promise<number> {
    try {
      const limit = new Date(this.#now().getTime() - keepMs).toISOString()
      const old = await oldEntries(this.path, limit)
      if (old.upTo === undefined) return 0
      await this.append({ event: cutEvent, upTo: old.upTo, olderThan: limit, entries: old.entries })
      await this.#cutAt(old.bytes)
      return old.entries
    } catch (error) {
      throw storeFailed('cut', this.path, error)
    }
  }

  async #cutAt(offset: number): Promise<void> {
    let goOn = () => {}
    this.#cutting = new Promise((resolve) => {
      goOn = resolve
    })
    try {
      await this.#writing?.catch(() => {})
      if (this.#broken !== undefined) throw this.#broken
      const next = `${this.path}.next`
      await pipeline(
        createReadStream(this.path, { start: offset }),
        createWriteStream(next, { mode: 0o600, flush: true }),
      )
      await rename(next, this.path)
      await syncDirectory(dirname(this.path))
      const before = this.#file
      this.#file = await open(this.path, 'a+', 0o600)
      this.#bytes = (await this.#file.stat()).size
      await before.close()
    } finally {
      this.#cutting = undefined
      goOn()
    }
  }

  /** What came while the disk was busy goes in one write. Never rejects: each waiting append hears for itself. */
  async #flush(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting
      this.#waiting = []
      while (this.#cutting !== undefined) await this.#cutting
      this.#writing = this.#write(batch)
      try {
        await this.#writing
        for (const { resolve } of batch) resolve()
      } catch (error) {
        const failure = storeFailed('append to', this.path, error)
        for (const { reject } of batch) reject(failure)
      }
    }
    this.#flushing = undefined
  }

  async #write(batch: Waiting[]): Promise<void> {
    if (this.#broken !== undefined) throw this.#broken
    let end = this.#end
    let text = ''
    const records: AuditRecord[] = []
    for (const { at, json } of batch) {
      const next = nextLine(end, at, json)
      end = next.end
      text += next.line
      if (this.#followers.size > 0) {
        records.push({ seq: end.seq, at, entry: JSON.parse(json), line: next.line.trimEnd() })
      }
    }
    try {
      await this.#file.appendFile(text)
      await this.#file.datasync()
    } catch (error) {
      await this.#takeBack(error)
      throw error
    }
    this.#bytes += Buffer.byteLength(text)
    this.#end = end
    for (const follower of this.#followers) for (const record of records) follower(record)
    // The entries are on disk. Without the head, a cut of exactly these would not be seen; that is no reason to say they
    // failed, and the next write brings the head up to date.
    await writeHead(this.#headFile, end).catch((error: unknown) => {
      this.#log.warn({ err: error, file: auditHeadName }, 'the end of the audit log was not remembered')
    })
  }

  /** Half a batch must not stay in the middle of the log. */
  async #takeBack(cause: unknown): Promise<void> {
    try {
      await this.#file.truncate(this.#bytes)
    } catch {
      // The cause says why; the next start finds and removes what is left.
      this.#broken = cause
    }
  }

  #damaged(problem: string) {
    return storeDamaged(
      this.path,
      problem,
      `See \`qnav audit verify\`. To go on, move ${auditFileName} and ${auditHeadName} away together, and keep them.`,
    )
  }
}

function jsonOf(entry: AuditEntry): string {
  const safe = redactJson(entry)
  const json = JSON.stringify(safe)
  if (json.length <= maxEntryChars) return json
  const short = Object.entries(safe).filter(([, value]) => (JSON.stringify(value) ?? '').length <= shortChars)
  return JSON.stringify({ ...Object.fromEntries(short.slice(0, 50)), cut: `${json.length} characters` })
}

/** How many entries at the beginning are older, how many bytes they take, and the last of them. The newest is not. */
async function oldEntries(
  path: string,
  limit: string,
): Promise<{ entries: number; bytes: number; upTo?: ChainEnd }> {
  let found: { entries: number; bytes: number; upTo?: ChainEnd } = { entries: 0, bytes: 0 }
  let last: { bytes: number; end: ChainEnd } | undefined
  for await (const line of linesFromStart(path)) {
    if (last !== undefined) {
      found = { entries: found.entries + 1, bytes: found.bytes + last.bytes, upTo: last.end }
    }
    const check = checkLine(line)
    if (!check.ok) throw new Error(`an entry cannot be read: ${check.problem}`)
    const { at } = JSON.parse(line.toString('utf8')) as { at: string }
    if (at >= limit) return found
    last = { bytes: line.length + 1, end: check.end }
  }
  return found
}

/** The last complete line and what follows it, however long the file is. */
async function readTail(
  file: FileHandle,
  size: number,
): Promise<{ lastLine?: Buffer; unfinishedBytes: number }> {
  let tail = Buffer.alloc(0)
  for (let length = 64 * 1024; ; length *= 4) {
    const from = Math.max(0, size - length)
    tail = Buffer.alloc(size - from)
    await file.read(tail, 0, tail.length, from)
    const end = tail.lastIndexOf(0x0a)
    const start = end <= 0 ? -1 : tail.lastIndexOf(0x0a, end - 1)
    if (from > 0 && start === -1) continue
    if (end === -1) return { unfinishedBytes: size }
    return { lastLine: tail.subarray(start + 1, end), unfinishedBytes: tail.length - end - 1 }
  }
}
