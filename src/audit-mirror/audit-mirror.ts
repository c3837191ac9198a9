/**
 * Follows the audit log and hands each entry to somebody else, who may be away: then it goes on where it stopped, also after
 * a restart, as long as the log has the entries. Nobody waits for it.
 */
import { z } from 'zod'
import type { Clock } from '../jobs/index.js'
import type { Logger } from '../log.js'
import { type AuditLog, type AuditRecord, type DocumentFolder, readAuditLog } from '../store/index.js'
import type { Sink } from './sink.js'

export interface AuditMirrorParts {
  /** Names it in the log of the bot and on disk: small letters. */
  name: string
  sink: Sink
  /** Where the audit log is. */
  data: { path: string }
  audit: Pick<AuditLog, 'follow'>
  cursors: Pick<DocumentFolder<Cursor>, 'write'>
  /** Where it stopped; absent when it was never there: then it begins with what comes. */
  cursor: Cursor | undefined
  log: Logger
  clock: Clock
  /** Milliseconds from one delivery to the next. */
  everyMs?: number
}

/** The last entry that was taken. */
export const cursorForm = z.looseObject({ seq: z.int().nonnegative() })
export type Cursor = z.output<typeof cursorForm>

/** At once: what fits comfortably in one message, and in memory while somebody is away. */
const mostAtOnce = { records: 200, chars: 1024 * 1024 }
/** What is beyond is read from the file when its turn comes. */
const mostQueued = { records: 1000, chars: 4 * 1024 * 1024 }
const firstPauseMs = 1000
const longestPauseMs = 60_000
/** An entry may come twice after a crash within this time, which is told by its number. */
const savedEveryMs = 1000

export class AuditMirror {
  readonly #parts: AuditMirrorParts
  readonly #log: Logger
  /** The last entry that was taken. */
  #seq = 0
  #savedSeq = -1
  #savedAt = Number.NEGATIVE_INFINITY
  #queue: AuditRecord[] = []
  #queuedChars = 0
  /** What comes next is in the file, not in the queue. */
  #isBehind = true
  #isStopped = false
  /** Ends the wait that is under way. */
  #wake: () => void = () => {}
  #ended: Promise<void> = Promise.resolve()
  #unfollow: () => void = () => {}

  constructor(parts: AuditMirrorParts) {
    this.#parts = parts
    this.#log = parts.log.child({ mirror: parts.name })
  }

  /** Resolves when it knows where to begin; what comes from then on is mirrored. Rejects with `store-failed` or
   * `store-damaged`. */
  async open(): Promise<void> {
    const { data, audit, cursor } = this.#parts
    this.#unfollow = audit.follow((record) => this.#add(record))
    const newest = await newestSeq(data)
    this.#seq = cursor?.seq ?? newest
    if (this.#seq > newest) {
      this.#log.warn({ mirrored: this.#seq, newest }, 'the audit log begins anew, and so does its mirror')
      this.#seq = 0
    }
  }

  start(): void {
    this.#ended = this.#run().catch((error: unknown) => {
      this.#log.error({ err: error }, 'the audit log is mirrored no more; restart the bot')
    })
  }

  /** Tries nothing more; the next start goes on. Never rejects. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#unfollow()
    this.#wake()
    await this.#parts.sink.stop()
    await this.#ended
    await this.#save()
  }

  #add(record: AuditRecord): void {
    if (!this.#isBehind) {
      this.#queue.push(record)
      this.#queuedChars += record.line.length
      if (this.#queue.length > mostQueued.records || this.#queuedChars > mostQueued.chars) {
        this.#queue = []
        this.#queuedChars = 0
        this.#isBehind = true
      }
    }
    this.#wake()
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      if (this.#isBehind) await this.#catchUp()
      else if (this.#queue.length > 0) await this.#deliver(this.#taken())
      else {
        await this.#save()
        // Something may have come while it was saved.
        if (this.#queue.length === 0 && !this.#isBehind) await this.#wait()
      }
    }
  }

  /** What is delivered at once, out of the queue. */
  #taken(): AuditRecord[] {
    let chars = 0
    const end = this.#queue.findIndex(({ line }, index) => {
      chars += line.length
      return index >= mostAtOnce.records || (index > 0 && chars > mostAtOnce.chars)
    })
    const taken = this.#queue.splice(0, end === -1 ? this.#queue.length : end)
    this.#queuedChars -= taken.reduce((sum, { line }) => sum + line.length, 0)
    return taken
  }

  async #catchUp(): Promise<void> {
    // From here on what comes is queued; what is in both is delivered once, by its number.
    this.#isBehind = false
    const read: AuditRecord[] = []
    let chars = 0
    for await (const record of readAuditLog(this.#parts.data)) {
      if (this.#isStopped) return
      if (record.seq <= this.#seq) continue
      read.push(record)
      chars += record.line.length
      if (read.length < mostAtOnce.records && chars < mostAtOnce.chars) continue
      await this.#deliver(read.splice(0))
      chars = 0
    }
    await this.#deliver(read)
  }

  async #deliver(records: readonly AuditRecord[]): Promise<void> {
    const { sink, everyMs = 0 } = this.#parts
    const batch = records.filter(({ seq }) => seq > this.#seq)
    const [first] = batch
    const last = batch.at(-1)
    if (first === undefined || last === undefined) return
    if (first.seq > this.#seq + 1) {
      const missing = { from: this.#seq + 1, to: first.seq - 1 }
      this.#log.error(missing, 'entries were cut off the audit log before they could be mirrored')
    }
    for (let failures = 0; ; failures += 1) {
      if (this.#isStopped) return
      try {
        await sink.take(batch)
        if (failures > 0) this.#log.info({ failures }, 'the audit log is mirrored again')
        break
      } catch (error) {
        if (failures === 0) {
          this.#log.warn({ err: error }, 'the audit log cannot be mirrored; what comes waits there')
        }
        await this.#wait(Math.min(firstPauseMs * 2 ** failures, longestPauseMs))
      }
    }
    this.#seq = last.seq
    if (this.#parts.clock.now() - this.#savedAt >= savedEveryMs) await this.#save()
    if (everyMs > 0 && !this.#isStopped) await this.#wait(everyMs)
  }

  /** Never rejects: it is tried again, and entries are told apart by their numbers. */
  async #save(): Promise<void> {
    if (this.#savedSeq === this.#seq) return
    const seq = this.#seq
    this.#savedAt = this.#parts.clock.now()
    try {
      await this.#parts.cursors.write(this.#parts.name, { seq })
      this.#savedSeq = seq
    } catch (error) {
      this.#log.warn({ err: error }, 'how far the audit log is mirrored could not be remembered')
    }
  }

  /** Until something comes; with a time, until it is over, whatever comes. */
  #wait(ms?: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#isStopped) return resolve()
      const cancel = ms === undefined ? () => {} : this.#parts.clock.after(ms, resolve)
      this.#wake = () => {
        if (ms !== undefined && !this.#isStopped) return
        cancel()
        resolve()
      }
    })
  }
}

async function newestSeq(data: { path: string }): Promise<number> {
  for await (const { seq } of readAuditLog(data, { newestFirst: true })) return seq
  return 0
}
