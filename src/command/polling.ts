/** Asking again and again until there is an answer, with a deadline. */

export interface PollOptions {
  everyMs: number
  /** Measured from now; after it there is one last look. */
  forMs: number
  signal: AbortSignal
}

/**
 * Calls `look` at once and then every `everyMs` until it gives something. Resolves with undefined when the time is over.
 * Rejects with what `look` rejects with, or with the signal's reason.
 */
export async function poll<T>(
  { everyMs, forMs, signal }: PollOptions,
  look: (elapsedMs: number) => Promise<T | undefined>,
): Promise<T | undefined> {
  const began = Date.now()
  for (;;) {
    signal.throwIfAborted()
    const elapsedMs = Date.now() - began
    const seen = await look(elapsedMs)
    if (seen !== undefined || elapsedMs >= forMs) return seen
    await pause(Math.min(everyMs, forMs - elapsedMs), signal)
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
  })
}
