/**
 * What was promised and is not done yet: on disk before the promise is given, struck out when it is kept. After a crash
 * what is left says what to do.
 *
 * The file has a JSON line for each promise and each end. It is only appended to, and rewritten when it has grown; ends are
 * never waited for (by default they are written with the next promise), because an end that is lost only means that
 * something is done twice, and whoever works must bear that anyway.
 */
import { type FileHandle, open, readFile, rename } from 'node:fs/promises'
import { z } from 'zod'
import type { Logger } from '../log.js'
import { writeFileAtomically } from './atomic-file.js'
import { errnoOf, storeFailed } from './store-errors.js'

export interface Pending<T> {
  key: string
  /** ISO 8601: when it was promised. */
  at: string
  value: T
}

export interface PendingLogOptions<T> {
  path: string
  schema: z.ZodType<T>
  log: Logger
  /** Milliseconds since 1970. */
  now?: () => number
  /** Milliseconds for which a key is known after its end. Default one hour. */
  rememberMs?: number
  /** Bytes from which the file is rewritten with what still counts, if half of it does not. Default 1 MiB. */
  rewriteFrom?: number
  /** Ends are written as soon as they are known, not synced: a kill of the process loses none, a power cut may. */
  endsAtOnce?: boolean
}

const hourMs = 3_600_000
const mib = 1024 * 1024

/** Keys remembered at most, the latest. */
const mostRemembered = 20_000

const lineForm = z.union([
  z.object({ key: z.string(), at: z.iso.datetime(), value: z.unknown() }),
  z.object({ key: z.string(), done: z.iso.datetime(), note: z.string().exactOptional() }),
])

interface End {
  at: number
  note?: string
}

/**
 * Opens (or makes, 0600) the file. A line that a crash left unfinished was relied on by nobody and is dropped; when other
 * lines cannot be read, the file is kept aside, that is logged, and what can be read counts. Rejects with `store-failed`.
 */
export async function openPendingLog<T>(options: PendingLogOptions<T>): Promise<PendingLog<T>> {
  const pending = new PendingLog(options)
  try {
    await pending.load()
    return pending
  } catch (error) {
    throw storeFailed('open', options.path, error)
  }
}

interface Waiting<T> {
  entry: Pending<T>
  resolve(): void
  reject(error: unknown): void
}

export class PendingLog<T> {
  readonly #options: PendingLogOptions<T>
  readonly #now: () => number
  readonly #open = new Map<string, Pending<T>>()
  /** Keys whose promise is on its way to the disk. */
  readonly #writing = new Set<string>()
  /** Keys that are done, oldest first. */
  readonly #done = new Map<string, End>()
  /** Lines of ends that are not on disk yet. */
  #ends = ''
  #file: FileHandle | undefined
  #bytes = 0
  /** Bytes from which the file has grown enough to be rewritten. */
  #rewriteAt = 0
  #isClosed = false
  #waiting: Waiting<T>[] = []
  #flushing: Promise<void> | undefined

  constructor(options: PendingLogOptions<T>) {
    this.#options = options
    this.#now = options.now ?? Date.now
  }

  /** What is not done, oldest first. */
  get left(): Pending<T>[] {
    return [...this.#open.values()]
  }

  /** Whether it was promised: it is not done yet, or was done within the time that keys are remembered. */
  has(key: string): boolean {
    return this.#open.has(key) || this.#writing.has(key) || this.#done.has(key)
  }

  /** Resolves when it is on disk. Rejects with `store-failed`; then it was not promised. */
  async add(key: string, value: T): Promise<void> {
    if (this.#isClosed) throw storeFailed('write', this.#options.path, new Error('it is closed'))
    const entry = { key, at: new Date(this.#now()).toISOString(), value }
    this.#writing.add(key)
    try {
      await new Promise<void>((resolve, reject) => {
        this.#waiting.push({ entry, resolve, reject })
        this.#flushing ??= this.#flush()
      })
    } finally {
      this.#writing.delete(key)
    }
  }

  /** It need not be done after a crash any more. `note`: what is to be known of it as long as its key is, also when it was
   * done without having been promised. */
  done(key: string, note?: string): void {
    if (!this.#open.delete(key) && note === undefined) return
    const end = { at: this.#now(), ...(note === undefined ? {} : { note }) }
    this.#done.set(key, end)
    this.#forgetOld()
    this.#end(endLine(key, end))
  }

  /** What was noted at the end of the key, while that is remembered. */
  noteOf(key: string): string | undefined {
    return this.#done.get(key)?.note
  }

  /** It was not promised after all; its key may come again. */
  withdraw(key: string): void {
    if (this.#open.delete(key)) this.#end(endLine(key, { at: 0 }))
  }

  /** Writes down what was done. Nothing is written afterwards. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#flushing
    const file = this.#file
    this.#file = undefined
    if (file === undefined) return
    try {
      if (this.#ends !== '') await file.appendFile(this.#ends)
    } finally {
      await file.close()
    }
  }

  async load(): Promise<void> {
    const { path, log } = this.#options
    const text = await readFile(path, 'utf8').catch((error: unknown) => {
      if (errnoOf(error) === 'ENOENT') return ''
      throw error
    })
    const lines = text.split('\n')
    const unfinished = lines.pop()
    if (unfinished !== '')
      log.warn({ file: path }, 'its last line was unfinished and promised nothing; dropped')
    const bad = lines.filter((line) => !this.#read(line)).length
    if (bad > 0) {
      const aside = `${path}.damaged-${this.#now()}`
      await rename(path, aside)
      log.error({ file: path, lines: bad, keptAs: aside }, 'lines that cannot be read were left out')
    }
    this.#forgetOld()
    await this.#rewrite()
  }

  /** Whether it is a line of ours. */
  #read(line: string): boolean {
    const parsed = lineForm.safeParse(jsonOf(line))
    if (!parsed.success) return false
    const entry = parsed.data
    if ('done' in entry) {
      this.#open.delete(entry.key)
      const { key, done, note } = entry
      const at = Date.parse(done)
      // What was withdrawn is not remembered.
      if (at > 0) this.#done.set(key, { at, ...(note === undefined ? {} : { note }) })
      return true
    }
    const value = this.#options.schema.safeParse(entry.value)
    if (value.success) this.#open.set(entry.key, { ...entry, value: value.data })
    return value.success
  }

  /** What comes while the disk is busy goes in one write. Never rejects: everybody who waits hears for themselves. */
  async #flush(): Promise<void> {
    for (;;) {
      const batch = this.#waiting.splice(0)
      if (batch.length === 0 && (this.#ends === '' || this.#options.endsAtOnce !== true)) break
      try {
        await this.#write(batch.map(({ entry }) => lineOf(entry)).join(''))
        for (const { entry, resolve } of batch) {
          this.#open.set(entry.key, entry)
          resolve()
        }
      } catch (error) {
        const failure = storeFailed('write', this.#options.path, error)
        for (const { reject } of batch) reject(failure)
        // The ends come with the next promise.
        if (this.#waiting.length === 0) break
      }
    }
    this.#flushing = undefined
  }

  #end(line: string): void {
    this.#ends += line
    if (this.#options.endsAtOnce === true && !this.#isClosed) this.#flushing ??= this.#flush()
  }

  async #write(promises: string): Promise<void> {
    const ends = this.#ends
    const text = ends + promises
    const bytes = Buffer.byteLength(text)
    if (this.#file === undefined || this.#bytes + bytes > this.#rewriteAt) return this.#rewrite(promises)
    try {
      await this.#file.appendFile(text)
      if (promises !== '') await this.#file.datasync()
    } catch (error) {
      // Half a batch must not stay in the middle.
      await this.#file.truncate(this.#bytes).catch(() => this.#abandon())
      throw error
    }
    this.#bytes += bytes
    this.#ends = this.#ends.slice(ends.length)
  }

  /** Everything that counts, and new promises behind it. */
  async #rewrite(more = ''): Promise<void> {
    const { path } = this.#options
    this.#forgetOld()
    this.#ends = ''
    const ends = [...this.#done].map(([key, end]) => endLine(key, end))
    const text = [...ends, ...this.left.map(lineOf), more].join('')
    await this.#abandon()
    await writeFileAtomically(path, text)
    this.#file = await open(path, 'a', 0o600)
    this.#bytes = Buffer.byteLength(text)
    this.#rewriteAt = Math.max(this.#options.rewriteFrom ?? mib, 2 * this.#bytes)
  }

  async #abandon(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }

  #forgetOld(): void {
    const before = this.#now() - (this.#options.rememberMs ?? hourMs)
    for (const [key, { at }] of this.#done) {
      if (at >= before && this.#done.size <= mostRemembered) break
      this.#done.delete(key)
    }
  }
}

function lineOf(entry: Pending<unknown>): string {
  return `${JSON.stringify(entry)}\n`
}

function endLine(key: string, { at, note }: End): string {
  return `${JSON.stringify({ key, done: new Date(at).toISOString(), note })}\n`
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
