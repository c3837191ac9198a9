/** Lets a bounded number of calls through at a time, urgent ones before the others, each kind in its order. */

export interface Place {
  /** The call has its answer: the next may start. */
  leave(): void
  /** The caller gave up. A call that was still waiting here is never sent; one under way keeps its place until answered. */
  abandon(): void
}

interface Entry {
  urgent: boolean
  start(): void
}

export interface QueueLimits {
  /** Calls under way. */
  calls: number
  /** Calls under way when all of them, and all that wait, are urgent. */
  urgent: number
}

export class CallQueue {
  readonly #limits: QueueLimits
  readonly #urgent: Entry[] = []
  readonly #ordinary: Entry[] = []
  #running = 0
  #ordinaryRunning = 0

  constructor(limits: QueueLimits) {
    this.#limits = limits
  }

  /** Calls `start` once there is a place, at the earliest after this returned. */
  enter(urgent: boolean, start: () => void): Place {
    const line = urgent ? this.#urgent : this.#ordinary
    let left = false
    const entry: Entry = { urgent, start }
    line.push(entry)
    queueMicrotask(() => this.#advance())
    return {
      leave: () => {
        if (left) return
        left = true
        this.#gone(urgent)
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
    for (const entry of [...this.#urgent.splice(0), ...this.#ordinary.splice(0)]) this.#go(entry)
  }

  #advance(): void {
    for (;;) {
      const next = this.#next()
      if (next === undefined) return
      this.#go(next)
    }
  }

  #next(): Entry | undefined {
    const onlyUrgent = this.#ordinaryRunning === 0 && this.#ordinary.length === 0
    if (this.#running >= (onlyUrgent ? this.#limits.urgent : this.#limits.calls)) return undefined
    return this.#urgent.shift() ?? this.#ordinary.shift()
  }

  #go(entry: Entry): void {
    this.#running++
    if (!entry.urgent) this.#ordinaryRunning++
    entry.start()
  }

  #gone(urgent: boolean): void {
    this.#running--
    if (!urgent) this.#ordinaryRunning--
  }
}
