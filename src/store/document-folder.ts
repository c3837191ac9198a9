/** Many documents of one kind in one folder, one file each: writing one costs the same however many there are. */
import { chmod, mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Low } from 'lowdb'
import { UserError } from '../errors.js'
import type { Logger } from '../log.js'
import { syncDirectory } from './atomic-file.js'
import { type DocumentForm, JsonFile } from './json-file.js'
import { errnoOf, storeFailed } from './store-errors.js'

export interface DocumentFolder<T> {
  /**
   * Every readable document. One that is damaged beyond its kept state is moved aside (`.damaged`) and logged, because
   * one bad sector must not stop the bot. Rejects with `store-failed`, also for documents of a newer schema version.
   */
  load(): Promise<Map<string, T>>
  /** Resolves when it is on disk; writes of one name happen in order. Rejects with `store-failed`, then nothing changed. */
  write(name: string, data: T): Promise<void>
  remove(name: string): Promise<void>
}

export interface FolderParts<T> {
  /** Absolute. */
  path: string
  form: DocumentForm<T>
  log: Logger
}

const nameForm = /^[a-z0-9][a-z0-9-]{0,62}$/

/** Makes the folder (0700) if needed. Rejects with `store-failed`. */
export async function openDocumentFolder<T>({ path, form, log }: FolderParts<T>): Promise<DocumentFolder<T>> {
  await makePrivateDirectory(path)
  return new Folder(path, form, log)
}

/** For the bot's own user only, also when the directory was there with other rights. */
export async function makePrivateDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
    await chmod(path, 0o700)
  } catch (error) {
    throw storeFailed('make', path, error)
  }
}

class Folder<T> implements DocumentFolder<T> {
  readonly #path: string
  readonly #form: DocumentForm<T>
  readonly #log: Logger
  readonly #documents = new Map<string, Low<T | null>>()
  /** The last write of each name. */
  readonly #writing = new Map<string, Promise<void>>()

  constructor(path: string, form: DocumentForm<T>, log: Logger) {
    this.#path = path
    this.#form = form
    this.#log = log
  }

  async load(): Promise<Map<string, T>> {
    const loaded = new Map<string, T>()
    for (const name of await this.#names()) {
      const document = this.#document(name)
      try {
        await document.read()
      } catch (error) {
        if (!(error instanceof UserError) || error.code !== 'store-damaged') throw error
        this.#log.error({ err: error }, 'a document cannot be read and was moved aside')
        await this.#moveAside(name)
      }
      if (document.data !== null) loaded.set(name, document.data)
    }
    return loaded
  }

  async write(name: string, data: T): Promise<void> {
    await this.#inTurn(name, async () => {
      const document = this.#document(name)
      const before = document.data
      document.data = data
      try {
        await document.write()
      } catch (error) {
        document.data = before
        throw error
      }
    })
  }

  async remove(name: string): Promise<void> {
    await this.#inTurn(name, async () => {
      const path = this.#pathOf(name)
      try {
        await rm(`${path}.previous`, { force: true })
        await rm(path, { force: true })
        await syncDirectory(this.#path)
      } catch (error) {
        throw storeFailed('remove', path, error)
      }
      this.#documents.delete(name)
    })
  }

  async #inTurn(name: string, work: () => Promise<void>): Promise<void> {
    const before = this.#writing.get(name) ?? Promise.resolve()
    const mine = before.catch(() => undefined).then(work)
    this.#writing.set(name, mine)
    try {
      await mine
    } finally {
      if (this.#writing.get(name) === mine) this.#writing.delete(name)
    }
  }

  async #names(): Promise<string[]> {
    let files: string[]
    try {
      files = await readdir(this.#path)
    } catch (error) {
      throw storeFailed('read', this.#path, error)
    }
    const names = files.flatMap((file) => /^(.+)\.json(?:\.previous)?$/.exec(file)?.[1] ?? [])
    return [...new Set(names)].filter((name) => nameForm.test(name))
  }

  async #moveAside(name: string): Promise<void> {
    const path = this.#pathOf(name)
    try {
      for (const file of [path, `${path}.previous`]) {
        await rename(file, `${file}.damaged`).catch((error: unknown) => {
          if (errnoOf(error) !== 'ENOENT') throw error
        })
      }
    } catch (error) {
      throw storeFailed('move aside', path, error)
    }
  }

  #document(name: string): Low<T | null> {
    const known = this.#documents.get(name)
    if (known !== undefined) return known
    const file = new JsonFile<T>(this.#pathOf(name), this.#form, this.#log)
    const document = new Low<T | null>(
      {
        read: () => file.read(),
        async write(data) {
          if (data !== null) await file.write(data)
        },
      },
      null,
    )
    this.#documents.set(name, document)
    return document
  }

  #pathOf(name: string): string {
    if (!nameForm.test(name)) throw new Error(`"${name}" cannot be the name of a document`)
    return join(this.#path, `${name}.json`)
  }
}
