/** Waiting that ends. */
import { LibvirtError } from './errors.js'

/** The promise, unless its time is up or the caller gives up first. A late answer is dropped. */
export function limited<T>(
  promise: Promise<T>,
  {
    timeoutMs,
    signal,
    what,
    cancel,
    late,
  }: { timeoutMs: number; signal: AbortSignal | undefined; what: string; cancel(): void; late(): void },
): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = (error: unknown) => {
      cancel()
      finish()
      reject(error)
    }
    const timer = setTimeout(() => {
      giveUp(
        new LibvirtError(`no answer to ${what} within ${timeoutMs} ms; the host may still be working on it`, {
          kind: 'timeout',
        }),
      )
      late()
    }, timeoutMs)
    const aborted = () => giveUp(signal?.reason)
    signal?.addEventListener('abort', aborted, { once: true })
    const finish = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', aborted)
    }
    promise.then(
      (value) => {
        finish()
        resolve(value)
      },
      (error: unknown) => {
        finish()
        reject(error)
      },
    )
  })
}
