import type { Clock } from '../../src/jobs/index.js'

/** Time that passes only when told. */
export class FakeClock implements Clock {
  #now: number
  #timers: { at: number; wake: () => void }[] = []

  constructor(now = Date.parse('2026-01-02T03:04:05.000Z')) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  after(ms: number, wake: () => void): () => void {
    const timer = { at: this.#now + ms, wake }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer)
    }
  }

  /** Fires what is due, in order. */
  advance(ms: number): void {
    const end = this.#now + ms
    for (;;) {
      const next = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
      if (next === undefined) break
      this.#timers = this.#timers.filter((each) => each !== next)
      this.#now = Math.max(this.#now, next.at)
      next.wake()
    }
    this.#now = end
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#timers.length
  }
}
