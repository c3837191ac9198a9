import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Backoff } from '../../src/agents/backoff.js'

describe('backoff', () => {
  it('doubles up to its limit and starts again after a success', () => {
    const backoff = new Backoff({ firstMs: 100, maxMs: 1000, random: () => 1 - Number.EPSILON })
    expect(Array.from({ length: 6 }, () => backoff.nextMs())).toEqual([100, 200, 400, 800, 1000, 1000])
    backoff.reset()
    expect(backoff.nextMs()).toBe(100)
  })

  it('stays between half and all of what it doubles, however long it goes on', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.nat(200),
        (jitter, attempts) => {
          const backoff = new Backoff({ firstMs: 100, maxMs: 1000, random: () => jitter })
          for (let n = 0; n < attempts; n += 1) backoff.nextMs()
          const full = Math.min(1000, 100 * 2 ** attempts)
          const waits = backoff.nextMs()
          expect(waits).toBeGreaterThanOrEqual(full / 2)
          expect(waits).toBeLessThanOrEqual(full)
        },
      ),
    )
  })
})
