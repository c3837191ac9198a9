import { describe, expect, it } from 'vitest'
import { parseDuration } from '../../src/config/duration.js'

describe('a duration', () => {
  it.each([
    ['1m', 60_000],
    ['90s', 90_000],
    ['4h', 14_400_000],
    ['1d12h', 129_600_000],
    ['30d', 2_592_000_000],
  ])('is written as %s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
  })

  it.each(['', '4', 'h', '4 h', '-4h', '4w', '0h', '59s', '31d', '4h!', '99999999h'])(
    'is not written as "%s"',
    (text) => {
      expect(parseDuration(text)).toBeUndefined()
    },
  )
})
