/** Lets one piece of work through at a time, in the order asked. */
export class MutationLock {
  #last: Promise<unknown> = Promise.resolve()

  /** Waits for its turn, then runs the work. Somebody whose signal aborts while waiting leaves the queue. */
  async run<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    const before = this.#last
    let done = (): void => {}
    const mine = new Promise<void>((resolve) => {
      done = resolve
    })
    this.#last = before.then(() => mine)
    try {
      await turn(before, signal)
      return await work()
    } finally {
      done()
    }
  }
}

async function turn(before: Promise<unknown>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) {
    await before
    return
  }
  signal.throwIfAborted()
  let giveUp = (): void => {}
  const aborted = new Promise<never>((_, reject) => {
    giveUp = () => reject(signal.reason)
    signal.addEventListener('abort', giveUp, { once: true })
  })
  try {
    await Promise.race([before, aborted])
  } finally {
    signal.removeEventListener('abort', giveUp)
  }
}
