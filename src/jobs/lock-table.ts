/** Who holds which lock in this process, and who waits: all names at once, strictly first come first served. */
import { conflict } from './lock-names.js'

interface Entry {
  job: string
  names: readonly string[]
  /** Milliseconds since 1970; undefined while it waits. */
  heldSince?: number
  wake?: () => void
}

export interface HeldLock {
  name: string
  job: string
  heldSince: number
  /** Jobs that wait for it or for something it conflicts with, first come first. */
  waiting: string[]
}

export class LockTable {
  readonly #now: () => number
  /** In the order of asking. Whoever asks for all its names at once and waits for everybody before it cannot deadlock,
   * and nobody is overtaken for ever. */
  #entries: Entry[] = []

  constructor(now: () => number) {
    this.#now = now
  }

  /** A place taken before a restart, in the order in which this is called. */
  restore(job: string, names: readonly string[]): void {
    this.#entries.push({ job, names })
    this.#grant()
  }

  /** Resolves when the job holds all names. A job has one place: asking again waits at the same place. */
  acquire(job: string, names: readonly string[]): Promise<void> {
    let entry = this.#entries.find((each) => each.job === job)
    if (entry === undefined) {
      entry = { job, names }
      this.#entries.push(entry)
      this.#grant()
    }
    const mine = entry
    if (mine.heldSince !== undefined) return Promise.resolve()
    return new Promise((resolve) => {
      mine.wake = resolve
    })
  }

  holds(job: string): boolean {
    return this.#entries.some((entry) => entry.job === job && entry.heldSince !== undefined)
  }

  /** What others hold, or wait for before it, of what a job wants or of anything that conflicts with that. */
  inTheWay(
    job: string,
    names: readonly string[],
  ): { name: string; job: string; heldSince: number | undefined }[] {
    const mine = this.#entries.findIndex((entry) => entry.job === job)
    const earlier = mine === -1 ? this.#entries : this.#entries.slice(0, mine)
    return earlier.flatMap((entry) =>
      entry.names
        .filter((name) => names.some((wanted) => conflict(wanted, name)))
        .map((name) => ({ name, job: entry.job, heldSince: entry.heldSince })),
    )
  }

  /** Gives up what the job holds, or its place. */
  release(job: string): void {
    this.#entries = this.#entries.filter((entry) => entry.job !== job)
    this.#grant()
  }

  clear(): void {
    this.#entries = []
  }

  held(): HeldLock[] {
    return this.#entries.flatMap(({ job, names, heldSince }) =>
      heldSince === undefined
        ? []
        : names.map((name) => ({ name, job, heldSince, waiting: this.#waitingFor(name) })),
    )
  }

  #waitingFor(name: string): string[] {
    return this.#entries
      .filter(
        (entry) => entry.heldSince === undefined && entry.names.some((wanted) => conflict(wanted, name)),
      )
      .map(({ job }) => job)
  }

  #grant(): void {
    this.#entries.forEach((entry, index) => {
      if (entry.heldSince !== undefined) return
      const isBlocked = this.#entries
        .slice(0, index)
        .some((earlier) => earlier.names.some((held) => entry.names.some((wanted) => conflict(held, wanted))))
      if (isBlocked) return
      entry.heldSince = this.#now()
      entry.wake?.()
    })
  }
}
