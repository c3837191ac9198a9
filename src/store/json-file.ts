/** The lowdb adapter: one JSON document in one file, checked when read, whole when written, its last state kept. */
import { createHash } from 'node:crypto'
import { readFile, rename } from 'node:fs/promises'
import type { Adapter } from 'lowdb'
import { z } from 'zod'
import { UserError } from '../errors.js'
import type { Logger } from '../log.js'
import { writeFileAtomically } from './atomic-file.js'
import { errnoOf, storeDamaged, storeFailed } from './store-errors.js'

/** What is in a document, and how older forms of it become the present one. */
export interface DocumentForm<T> {
  /** What it holds, e.g. "job": a file in the wrong place is noticed. */
  kind: string
  /** Schema version, from 1; written into the file. */
  version: number
  schema: z.ZodType<T>
  /** Turns data of an older version into data of this one; needed from version 2 on. */
  migrate?: (data: unknown, version: number) => unknown
}

const envelope = z.object({
  kind: z.string(),
  version: z.int().positive(),
  sha256: z.string(),
  data: z.unknown(),
})

type Reading<T> = { state: 'good'; data: T } | { state: 'missing' } | { state: 'damaged'; problem: string }

export class JsonFile<T> implements Adapter<T> {
  readonly path: string
  readonly #form: DocumentForm<T>
  readonly #log: Logger
  /** Whether the file was found damaged and not yet replaced: such content must not become the kept state. */
  #isDamaged = false

  constructor(path: string, form: DocumentForm<T>, log: Logger) {
    this.path = path
    this.#form = form
    this.#log = log
  }

  get previousPath(): string {
    return `${this.path}.previous`
  }

  /**
   * The data; null when there is no such document. Rejects with `store-damaged` when the kept state is of no use either,
   * and with `store-failed` when it cannot be read or is of a newer schema version.
   */
  async read(): Promise<T | null> {
    const current = await this.#readFrom(this.path)
    if (current.state === 'good') return current.data
    const previous = await this.#readFrom(this.previousPath)
    if (current.state === 'missing' && previous.state === 'missing') return null
    const problem = current.state === 'damaged' ? current.problem : 'it is missing'
    if (previous.state !== 'good') {
      throw storeDamaged(this.path, problem, 'Restore it from a backup, or move it away to go on without it.')
    }
    this.#isDamaged = current.state === 'damaged'
    this.#log.error({ file: this.path, problem }, 'a document is damaged; its last good state is used')
    return previous.data
  }

  /** Rejects with `store-failed`; then the file is as it was. */
  async write(data: T): Promise<void> {
    const { kind, version } = this.#form
    const body = JSON.stringify(data)
    const text = `{"kind":${JSON.stringify(kind)},"version":${version},"sha256":"${sha256(body)}","data":${body}}\n`
    try {
      if (this.#isDamaged) {
        await rename(this.path, `${this.path}.damaged`)
        this.#isDamaged = false
      }
      await writeFileAtomically(this.path, text, { keepAs: this.previousPath })
    } catch (error) {
      throw storeFailed('write', this.path, error)
    }
  }

  async #readFrom(path: string): Promise<Reading<T>> {
    let text: string
    try {
      text = await readFile(path, 'utf8')
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return { state: 'missing' }
      throw storeFailed('read', path, error)
    }
    return this.#check(text, path)
  }

  #check(text: string, path: string): Reading<T> {
    const parsed = parseJson(text)
    if (!parsed.ok) return { state: 'damaged', problem: `not JSON (${text.length} characters)` }
    const outer = envelope.safeParse(parsed.value)
    if (!outer.success)
      return { state: 'damaged', problem: 'kind, version, sha256 and data are not all there' }
    const { kind, version, sha256: stated, data } = outer.data
    if (kind !== this.#form.kind)
      return { state: 'damaged', problem: `it holds "${kind}", not "${this.#form.kind}"` }
    // JSON.stringify undoes JSON.parse exactly for text that JSON.stringify made, so the hash can be taken again.
    if (sha256(JSON.stringify(data)) !== stated) return { state: 'damaged', problem: 'its checksum is wrong' }
    if (version > this.#form.version) {
      throw new UserError(
        'store-failed',
        `${path} was written by a newer qnav: schema version ${version}; this one knows ${this.#form.version} at most.`,
        { fix: 'Start the newer version of qnav again, or restore a backup made before it.' },
      )
    }
    const migrated = version === this.#form.version ? data : this.#form.migrate?.(data, version)
    const inner = this.#form.schema.safeParse(migrated)
    if (!inner.success)
      return { state: 'damaged', problem: z.prettifyError(inner.error).replaceAll('\n', ' ') }
    return { state: 'good', data: inner.data }
  }
}

function parseJson(text: string): { ok: true; value: unknown } | { ok: false } {
  try {
    return { ok: true, value: JSON.parse(text) }
  } catch {
    return { ok: false }
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
