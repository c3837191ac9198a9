/** Waiting for a VM to become what it should: woken by events, and looking again in between in case one was lost. */
import type { UserError } from '../errors.js'
import type { HostEvents } from './host-events.js'

export interface Wait {
  events: HostEvents
  uuid: string
  timeoutMs: number
  signal?: AbortSignal
  /** Milliseconds between looks without an event. Default 1 s. */
  everyMs?: number
  /** What is said when the time is up. */
  late(): UserError
}

/** Looks at once, at every event of the VM and every second, until `reached` gives something. */
export async function waitUntil<T>(
  { events, uuid, timeoutMs, signal, everyMs = 1000, late }: Wait,
  reached: (seen: { rebooted: boolean }) => Promise<T | undefined>,
): Promise<T> {
  const seen = { rebooted: false }
  let wake = (): void => {}
  const stopListening = events.of(uuid, (event) => {
    if (event === 'reboot') seen.rebooted = true
    wake()
  })
  const deadline = Date.now() + timeoutMs
  try {
    for (;;) {
      signal?.throwIfAborted()
      const woken = new Promise<void>((resolve) => {
        wake = resolve
      })
      const result = await reached(seen)
      if (result !== undefined) return result
      const left = deadline - Date.now()
      if (left <= 0) throw late()
      await pause(Math.min(everyMs, left), woken, signal)
    }
  } finally {
    stopListening()
  }
}

async function pause(ms: number, woken: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  let over = (): void => {}
  const passed = new Promise<void>((resolve) => {
    over = () => resolve()
  })
  const timer = setTimeout(over, ms)
  signal?.addEventListener('abort', over, { once: true })
  try {
    await Promise.race([passed, woken])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', over)
  }
}
