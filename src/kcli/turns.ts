/** One after another, in the order asked. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve()

  /** Waits for its turn, then does the work. Whoever gives up while waiting is passed over. */
  take<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    const before = this.#last
    const mine = orAborted(before, signal).then(work)
    this.#last = Promise.allSettled([before, mine])
    return mine
  }
}

async function orAborted(before: Promise<unknown>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  const listening = new AbortController()
  try {
    await new Promise<void>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { signal: listening.signal })
      void before.then(() => resolve())
    })
  } finally {
    listening.abort()
  }
}
