/** Lets a bounded number of calls through at a time, urgent ones before the others, each kind in its order. */

export interface Place {
  /** The call has its answer: the next may start. */
  leave(): void
  /** The caller gave up. A call that was still waiting here is never sent; one under way keeps its place until answered. */
  abandon(): void
}

interface Entry {
  start(): void
}

export class CallQueue {
  readonly #limit: number
  readonly #urgent: Entry[] = []
  readonly #ordinary: Entry[] = []
  #running = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Calls `start` once there is a place, at the earliest after this returned. */
  enter(urgent: boolean, start: () => void): Place {
    const line = urgent ? this.#urgent : this.#ordinary
    let left = false
    const entry: Entry = { start }
    line.push(entry)
    queueMicrotask(() => this.#advance())
    return {
      leave: () => {
        if (left) return
        left = true
        this.#running--
        this.#advance()
      },
      abandon: () => {
        const at = line.indexOf(entry)
        if (at >= 0) line.splice(at, 1)
      },
    }
  }

  /** Starts everything that waits, whatever the limit: used when the session has ended, so that each is told. */
  flush(): void {
    for (const { start } of [...this.#urgent.splice(0), ...this.#ordinary.splice(0)]) {
      this.#running++
      start()
    }
  }

  #advance(): void {
    while (this.#running < this.#limit) {
      const next = this.#urgent.shift() ?? this.#ordinary.shift()
      if (next === undefined) return
      this.#running++
      next.start()
    }
  }
}
