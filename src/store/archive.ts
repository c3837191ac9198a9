/**
 * Finished things that are kept for long and seldom read: lines in a file for each month, only ever appended. In memory is
 * only where each of them stands.
 *
 * A line is the SHA-256 of what follows, a blank, and JSON: `{"key":"j-7k2m9","version":1,"data":{…}}`. A line that a crash
 * left unfinished was relied on by nobody and is written over; one that was changed is reported, left as it is, and skipped.
 */
import { createHash } from 'node:crypto'
import { type FileHandle, open, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Logger } from '../log.js'
import { syncDirectory, withFile } from './atomic-file.js'
import { makePrivateDirectory } from './document-folder.js'
import type { DocumentForm } from './json-file.js'
import { linesFromStart } from './lines.js'
import { errnoOf, storeDamaged, storeFailed } from './store-errors.js'

export interface ArchiveParts<T> {
  /** The folder, absolute. */
  path: string
  form: DocumentForm<T>
  log: Logger
}

export interface ArchiveEntry<T> {
  /** Small letters, digits and hyphens, at most 63. */
  key: string
  /** ISO 8601; tells in which month's file it stands. */
  at: string
  data: T
}

interface Place {
  month: string
  offset: number
  bytes: number
}

interface Month {
  /** As far as lines are complete; what may follow is what a failed write left. */
  bytes: number
  /** In the order of the file. */
  keys: string[]
  /** It could not be read: nothing may be appended where it is not known what there is. */
  isUnreadable?: true
}

const headForm = /^[0-9a-f]{64} \{"key":"([a-z0-9][a-z0-9-]{0,62})","version":(\d{1,9}),"data":/
const digestChars = 64
const fileForm = /^(\d{4}-\d{2})\.jsonl$/

/** Makes the folder (0700) if needed. What cannot be read is logged, with file and line, and left out; that never rejects. */
export async function openArchive<T>(parts: ArchiveParts<T>): Promise<Archive<T>> {
  await makePrivateDirectory(parts.path)
  const archive = new Archive(parts)
  await archive.load()
  return archive
}

export class Archive<T> {
  readonly #path: string
  readonly #form: DocumentForm<T>
  readonly #log: Logger
  readonly #places = new Map<string, Place>()
  readonly #months = new Map<string, Month>()
  /** Writes happen one after the other. */
  #last: Promise<unknown> = Promise.resolve()

  constructor({ path, form, log }: ArchiveParts<T>) {
    this.#path = path
    this.#form = form
    this.#log = log
  }

  get size(): number {
    return this.#places.size
  }

  has(key: string): boolean {
    return this.#places.has(key)
  }

  async load(): Promise<void> {
    let files: string[]
    try {
      files = await readdir(this.#path)
    } catch (error) {
      throw storeFailed('read', this.#path, error)
    }
    for (const file of files.sort()) {
      const month = fileForm.exec(file)?.[1]
      if (month !== undefined) await this.#loadMonth(month)
    }
  }

  /**
   * Resolves when all are on disk; what is there already is left out. Rejects with `store-failed`: then those of the month
   * that failed are not there, and nothing is there in part.
   */
  async append(entries: readonly ArchiveEntry<T>[]): Promise<void> {
    const work = this.#last.then(async () => {
      const fresh = entries.filter(({ key }) => !this.#places.has(key))
      for (const month of [...new Set(fresh.map(monthOf))].sort()) {
        await this.#appendTo(
          month,
          fresh.filter((entry) => monthOf(entry) === month),
        )
      }
    })
    this.#last = work.catch(() => undefined)
    return work
  }

  /** Undefined when it is not there. Rejects with `store-damaged` when it was changed since, and with `store-failed`. */
  async find(key: string): Promise<T | undefined> {
    const place = this.#places.get(key)
    if (place === undefined) return undefined
    const path = this.#pathOf(place.month)
    try {
      return await withFile(path, 'r', (file) => this.#read(file, path, key, place))
    } catch (error) {
      throw storeFailed('read', path, error)
    }
  }

  /** All, or all that stand before this one. What was changed is logged and left out. Rejects with `store-failed`. */
  async *newestFirst(before?: string): AsyncGenerator<T> {
    const from = before === undefined ? undefined : this.#places.get(before)
    const months = [...this.#months.keys()].sort().reverse()
    for (const month of months) {
      if (from !== undefined && month > from.month) continue
      const keys = (this.#months.get(month)?.keys ?? []).filter((key) => {
        const place = this.#places.get(key)
        return place?.month === month && (from?.month !== month || place.offset < from.offset)
      })
      if (keys.length > 0) yield* this.#readAll(month, keys.reverse())
    }
  }

  /** Removes the files of months that were over before this time (milliseconds since 1970). Resolves with how many entries
   * that were. Rejects with `store-failed`. */
  async dropBefore(time: number): Promise<number> {
    let dropped = 0
    const work = this.#last.then(async () => {
      for (const [month, { keys }] of [...this.#months]) {
        if (endOf(month) > time) continue
        try {
          await rm(this.#pathOf(month), { force: true })
          await syncDirectory(this.#path)
        } catch (error) {
          throw storeFailed('remove', this.#pathOf(month), error)
        }
        this.#months.delete(month)
        for (const key of keys) if (this.#places.get(key)?.month === month) this.#places.delete(key)
        dropped += keys.length
      }
    })
    this.#last = work.catch(() => undefined)
    await work
    return dropped
  }

  async #loadMonth(month: string): Promise<void> {
    const path = this.#pathOf(month)
    const loaded: Month = { bytes: 0, keys: [] }
    this.#months.set(month, loaded)
    let number = 0
    try {
      for await (const line of linesFromStart(path)) {
        number += 1
        const head = headOf(line)
        if (head === undefined || head.version > this.#form.version) {
          const problem = head === undefined ? 'its checksum is wrong' : 'it was written by a newer qnav'
          this.#log.error({ file: path, line: number, problem }, 'a line of the archive is left out')
        } else {
          this.#places.set(head.key, { month, offset: loaded.bytes, bytes: line.length })
          loaded.keys.push(head.key)
        }
        loaded.bytes += line.length + 1
      }
      const left = await withFile(path, 'r', async (file) => (await file.stat()).size - loaded.bytes)
      if (left > 0) this.#log.warn({ file: path, bytes: left }, 'the last line of the archive is unfinished')
    } catch (error) {
      loaded.isUnreadable = true
      this.#log.error({ err: error, file: path }, 'a file of the archive cannot be read and is left out')
    }
  }

  async #appendTo(month: string, entries: ArchiveEntry<T>[]): Promise<void> {
    const path = this.#pathOf(month)
    const known = this.#months.get(month)
    if (known?.isUnreadable) throw storeFailed('append to', path, new Error('it could not be read'))
    const { bytes, keys } = known ?? { bytes: 0, keys: [] }
    const lines = entries.map(({ key, data }) => this.#lineOf(key, data))
    try {
      await withFile(path, 'a', async (file) => {
        try {
          if ((await file.stat()).size > bytes) await file.truncate(bytes)
          await file.appendFile(Buffer.concat(lines))
          await file.datasync()
        } catch (error) {
          // What cannot be taken back now is written over by the next append, and left out by the next start.
          await file.truncate(bytes).catch(() => undefined)
          throw error
        }
      })
      if (known === undefined) await syncDirectory(this.#path)
    } catch (error) {
      throw storeFailed('append to', path, error)
    }
    let offset = bytes
    for (const [index, { key }] of entries.entries()) {
      const length = lines[index]?.length ?? 0
      this.#places.set(key, { month, offset, bytes: length - 1 })
      offset += length
    }
    for (const { key } of entries) keys.push(key)
    this.#months.set(month, { bytes: offset, keys })
  }

  async *#readAll(month: string, keys: readonly string[]): AsyncGenerator<T> {
    const path = this.#pathOf(month)
    let file: FileHandle
    try {
      file = await open(path, 'r')
    } catch (error) {
      // Dropped meanwhile.
      if (errnoOf(error) === 'ENOENT') return
      throw storeFailed('read', path, error)
    }
    try {
      for (const key of keys) {
        const place = this.#places.get(key)
        if (place?.month !== month) continue
        const data = await this.#read(file, path, key, place).catch((error: unknown) => {
          this.#log.error({ err: error, file: path, key }, 'an entry of the archive is left out')
          return undefined
        })
        if (data !== undefined) yield data
      }
    } finally {
      await file.close()
    }
  }

  async #read(file: FileHandle, path: string, key: string, { offset, bytes }: Place): Promise<T> {
    const line = Buffer.alloc(bytes)
    const { bytesRead } = await file.read(line, 0, bytes, offset)
    const head = bytesRead === bytes ? headOf(line) : undefined
    const damaged = (problem: string) =>
      storeDamaged(path, `of what it has about ${key}, ${problem}`, 'Restore the file from a backup.')
    if (head?.key !== key) throw damaged('the checksum is wrong')
    const { data } = JSON.parse(line.toString('utf8', digestChars + 1)) as { data: unknown }
    const current = head.version === this.#form.version ? data : this.#form.migrate?.(data, head.version)
    const parsed = this.#form.schema.safeParse(current)
    if (!parsed.success) throw damaged(z.prettifyError(parsed.error).replaceAll('\n', ' '))
    return parsed.data
  }

  #lineOf(key: string, data: T): Buffer {
    const text = `{"key":${JSON.stringify(key)},"version":${this.#form.version},"data":${JSON.stringify(data)}}`
    const line = `${sha256(Buffer.from(text))} ${text}\n`
    if (!headForm.test(line)) throw new Error(`"${key}" cannot be the key of an entry`)
    return Buffer.from(line)
  }

  #pathOf(month: string): string {
    return join(this.#path, `${month}.jsonl`)
  }
}

/** Undefined when the line is not as it was written. */
function headOf(line: Buffer): { key: string; version: number } | undefined {
  const [, key, version] = headForm.exec(line.toString('latin1', 0, 200)) ?? []
  if (key === undefined || sha256(line.subarray(digestChars + 1)) !== line.toString('latin1', 0, digestChars))
    return undefined
  return { key, version: Number(version) }
}

function monthOf({ at }: Pick<ArchiveEntry<unknown>, 'at'>): string {
  return new Date(at).toISOString().slice(0, 7)
}

/** The first instant after the month, in milliseconds since 1970. */
function endOf(month: string): number {
  const [year = 0, number = 1] = month.split('-').map(Number)
  return Date.UTC(year, number, 1)
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
