import type { Clock } from '../jobs/index.js'

/** Resolves after `ms`, or at once when the signal is aborted. */
export function pause(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return Promise.resolve()
  return new Promise((resolve) => {
    const end = () => {
      cancel()
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const cancel = clock.after(ms, end)
    signal?.addEventListener('abort', end)
  })
}

/** The work's result, or `late` when it takes longer than `ms`; the work goes on. */
export async function within<T, L>(clock: Clock, ms: number, work: Promise<T>, late: L): Promise<T | L> {
  const over = new AbortController()
  try {
    return await Promise.race([work, pause(clock, ms, over.signal).then(() => late)])
  } finally {
    over.abort()
  }
}

/** Growing waits: 0.5 s, 1 s, 2 s … up to `mostMs`. `attempt` counts from 0. */
export function backoffMs(attempt: number, mostMs: number): number {
  return Math.min(mostMs, 500 * 2 ** Math.min(attempt, 16))
}
