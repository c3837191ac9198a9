/** Time as the sandbox sees it: everything Slack limits by time goes through here, so that tests can move it. */
export interface Clock {
  /** Unix milliseconds. */
  now(): number
  /** Calls `run` once when `now()` has reached `now() + ms`; the function returned cancels. */
  after(ms: number, run: () => void): () => void
  /** Moves time forward and runs what became due, in order. */
  advance(ms: number): void
}

interface Timer {
  due: number
  run: () => void
  cancelReal: () => void
}

/** Wall time, plus whatever it was advanced by. Its timers never keep the process alive. */
export function wallClock(): Clock {
  return createClock(
    () => Date.now(),
    (ms, run) => {
      const handle = setTimeout(run, ms)
      handle.unref()
      return () => clearTimeout(handle)
    },
  )
}

/** Time that stands still until it is advanced. */
export function manualClock(startAt = Date.UTC(2026, 0, 5, 9, 0, 0)): Clock {
  return createClock(
    () => startAt,
    () => () => {},
  )
}

function createClock(base: () => number, sleep: (ms: number, run: () => void) => () => void): Clock {
  let offset = 0
  const timers = new Set<Timer>()
  const now = () => base() + offset

  const fire = (timer: Timer) => {
    if (!timers.delete(timer)) return
    timer.cancelReal()
    timer.run()
  }
  return {
    now,
    after(ms, run) {
      const timer: Timer = { due: now() + ms, run, cancelReal: () => {} }
      timer.cancelReal = sleep(ms, () => fire(timer))
      timers.add(timer)
      return () => {
        timers.delete(timer)
        timer.cancelReal()
      }
    },
    advance(ms) {
      const target = offset + ms
      for (;;) {
        const due = [...timers]
          .filter((timer) => timer.due <= base() + target)
          .sort((a, b) => a.due - b.due)[0]
        if (due === undefined) break
        offset = Math.max(offset, Math.min(target, due.due - base()))
        fire(due)
      }
      offset = Math.max(offset, target)
    },
  }
}
