/** How long to wait before the next attempt: doubling, with jitter so that a fleet does not knock all at once. */
export interface BackoffOptions {
  firstMs?: number
  maxMs?: number
  /** 0 ≤ x < 1. */
  random?: () => number
}

export class Backoff {
  readonly #firstMs: number
  readonly #maxMs: number
  readonly #random: () => number
  #attempts = 0

  constructor({ firstMs = 500, maxMs = 60_000, random = Math.random }: BackoffOptions = {}) {
    this.#firstMs = firstMs
    this.#maxMs = maxMs
    this.#random = random
  }

  /** Between half and all of `firstMs` × 2ⁿ, never more than `maxMs`. */
  nextMs(): number {
    const full = Math.min(this.#maxMs, this.#firstMs * 2 ** this.#attempts)
    this.#attempts = Math.min(this.#attempts + 1, 30)
    return Math.round(full * (0.5 + this.#random() / 2))
  }

  /** Call after a success. */
  reset(): void {
    this.#attempts = 0
  }
}
