import { expect, it } from 'vitest'
import { timeInWords } from '../../src/report/index.js'

it('a time is told in UTC, to the second', () => {
  expect(timeInWords('2026-01-02T03:04:05.678Z')).toBe('2026-01-02 03:04:05 UTC')
  expect(timeInWords('2026-01-02T03:04:05+02:00')).toBe('2026-01-02 01:04:05 UTC')
})

it('what is no time stays as it is', () => {
  expect(timeInWords('2026-13-32T25:61:00.000Z')).toBe('2026-13-32T25:61:00.000Z')
})
