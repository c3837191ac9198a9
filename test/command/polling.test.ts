import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { poll } from '../../src/command/index.js'

describe('polling', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  const { signal } = new AbortController()

  it('looks at once, then again and again until there is something', async () => {
    const seen: number[] = []
    const found = poll({ everyMs: 1000, forMs: 10_000, signal }, async (elapsedMs) => {
      seen.push(elapsedMs)
      return seen.length === 3 ? 'found' : undefined
    })
    await vi.advanceTimersByTimeAsync(5000)
    expect(await found).toBe('found')
    expect(seen).toEqual([0, 1000, 2000])
  })

  it('has a last look when the time is over', async () => {
    const seen: number[] = []
    const found = poll({ everyMs: 1000, forMs: 2500, signal }, async (elapsedMs) => {
      seen.push(elapsedMs)
      return undefined
    })
    await vi.advanceTimersByTimeAsync(5000)
    expect(await found).toBeUndefined()
    expect(seen).toEqual([0, 1000, 2000, 2500])
  })

  it('ends with the reason when it is aborted while it pauses, and leaves no timer', async () => {
    const ending = new AbortController()
    const found = poll({ everyMs: 1000, forMs: 10_000, signal: ending.signal }, async () => undefined)
    await vi.advanceTimersByTimeAsync(500)
    ending.abort(new Error('enough'))
    await expect(found).rejects.toThrow('enough')
    expect(vi.getTimerCount()).toBe(0)
  })

  it('does not look when it was aborted before', async () => {
    const look = vi.fn(async () => 1)
    await expect(
      poll({ everyMs: 1, forMs: 1, signal: AbortSignal.abort(new Error('no')) }, look),
    ).rejects.toThrow('no')
    expect(look).not.toHaveBeenCalled()
  })

  it('ends with what the look throws', async () => {
    const look = async () => Promise.reject(new Error('broken'))
    await expect(poll({ everyMs: 1, forMs: 1, signal }, look)).rejects.toThrow('broken')
  })
})
