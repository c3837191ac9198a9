import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../src/jobs/index.js'

const day = 24 * 3_600_000

describe('the clock of the system', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: Date.parse('2026-01-02T03:04:05.000Z') })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it.each([1, 24, 25, 60, 400])('waits for %i days, and not for less', (days) => {
    const wake = vi.fn()
    systemClock.after(days * day, wake)
    vi.advanceTimersByTime(days * day - 1)
    expect(wake).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1)
    expect(wake).toHaveBeenCalledTimes(1)
  })

  it('does not wake who does not want it any more, however long that was to be', () => {
    const wake = vi.fn()
    const prevent = systemClock.after(60 * day, wake)
    vi.advanceTimersByTime(30 * day)
    prevent()
    vi.advanceTimersByTime(60 * day)
    expect(wake).not.toHaveBeenCalled()
  })

  it('wakes at once for what is over', () => {
    const wake = vi.fn()
    systemClock.after(-5, wake)
    vi.advanceTimersByTime(0)
    expect(wake).toHaveBeenCalledTimes(1)
  })
})
