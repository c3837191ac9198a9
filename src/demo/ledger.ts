/**
 * Who uses a lab on this machine and what was started for it, on disk: so that the last one out stops exactly what was
 * started, and the next one in takes over what a killed process left.
 */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { isAlive } from './process-mark.js'

const processMark = z.object({ pid: z.int(), startedAt: z.string() })

const contents = z.object({
  users: z.array(z.object({ ticket: z.string(), lab: z.string(), process: processMark })).default([]),
  daemons: z.array(z.object({ name: z.string(), process: processMark })).default([]),
  /** Units of the service manager. */
  units: z.array(z.string()).default([]),
  /** Networks of libvirt. */
  networks: z.array(z.string()).default([]),
})

export type LedgerContents = z.infer<typeof contents>

export class Ledger {
  readonly #path: string
  readonly #contents: LedgerContents

  private constructor(path: string, read: LedgerContents) {
    this.#path = path
    this.#contents = read
  }

  /** Reads it and forgets processes that are gone. Only one process may have it open: hold the machine's lock. */
  static async open(path: string): Promise<Ledger> {
    const text = await readFile(path, 'utf8').catch(() => '{}')
    const read = contents.safeParse(parseJson(text))
    // Written atomically below, so a damaged one was edited by hand; there is nothing to learn from it.
    const ledger = new Ledger(path, read.success ? read.data : contents.parse({}))
    await ledger.#forgetTheDead()
    return ledger
  }

  get contents(): Readonly<LedgerContents> {
    return this.#contents
  }

  usersOf(lab: string): number {
    return this.#contents.users.filter((user) => user.lab === lab).length
  }

  /** Applies a change and has it on disk when it resolves. */
  async change(apply: (contents: LedgerContents) => void): Promise<void> {
    apply(this.#contents)
    await mkdir(dirname(this.#path), { recursive: true, mode: 0o755 })
    const beside = `${this.#path}.new`
    await writeFile(beside, `${JSON.stringify(this.#contents, null, 2)}\n`, { mode: 0o600 })
    await rename(beside, this.#path)
  }

  async #forgetTheDead(): Promise<void> {
    const read = this.#contents
    const living = async <T extends { process: z.infer<typeof processMark> }>(entries: T[]): Promise<T[]> => {
      const alive = await Promise.all(entries.map((entry) => isAlive(entry.process)))
      return entries.filter((_, index) => alive[index])
    }
    const users = await living(read.users)
    const daemons = await living(read.daemons)
    if (users.length === read.users.length && daemons.length === read.daemons.length) return
    await this.change((contents) => {
      contents.users = users
      contents.daemons = daemons
    })
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
