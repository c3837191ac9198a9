import type { Clock } from '../jobs/index.js'

/** Remembers the latest keys, at most so many, each for a time. */
export class RecentKeys {
  readonly #most: number
  readonly #clock: Pick<Clock, 'now'>
  readonly #keepMs: number
  readonly #seen = new Map<string, number>()

  constructor(most: number, clock: Pick<Clock, 'now'>, keepMs = Number.POSITIVE_INFINITY) {
    this.#most = most
    this.#clock = clock
    this.#keepMs = keepMs
  }

  /** Whether the key is new. */
  add(key: string): boolean {
    const now = this.#clock.now()
    const before = this.#seen.get(key)
    if (before !== undefined && now - before < this.#keepMs) return false
    this.#seen.delete(key)
    this.#seen.set(key, now)
    if (this.#seen.size > this.#most) {
      for (const oldest of this.#seen.keys()) {
        this.#seen.delete(oldest)
        break
      }
    }
    return true
  }

  has(key: string): boolean {
    return this.#seen.has(key)
  }

  forget(key: string): void {
    this.#seen.delete(key)
  }
}
