/** Time for the engine, so that days pass in tests at once. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Calls `wake` once after `ms`; returns the way to prevent it. Must not keep the process alive. */
  after(ms: number, wake: () => void): () => void
}

/** Node's timers take at most 2^31-1 ms (24.8 days); a longer one would fire at once. */
const longestTimerMs = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, wake) {
    const end = Date.now() + ms
    let timer: NodeJS.Timeout
    const arm = () => {
      const left = end - Date.now()
      timer = setTimeout(
        () => (left > longestTimerMs ? arm() : wake()),
        Math.min(Math.max(left, 0), longestTimerMs),
      )
      timer.unref()
    }
    arm()
    return () => clearTimeout(timer)
  },
}
