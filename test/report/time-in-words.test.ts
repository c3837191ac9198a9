import { expect, it } from 'vitest'
import { reportIn, timeInWords } from '../../src/report/index.js'

it('a time is told in UTC, to the second', () => {
  expect(timeInWords('2026-01-02T03:04:05.678Z')).toBe('2026-01-02 03:04:05 UTC')
  expect(timeInWords('2026-01-02T03:04:05+02:00')).toBe('2026-01-02 01:04:05 UTC')
})

it('what is no time stays as it is', () => {
  expect(timeInWords('2026-13-32T25:61:00.000Z')).toBe('2026-13-32T25:61:00.000Z')
})

it('a report for one reader has its times by their clock, and everything else as it was', () => {
  const report = {
    title: 'At 2026-01-02 03:04:05 UTC',
    tone: 'info' as const,
    facts: [{ label: 'Since', value: '2026-07-02 23:04:05 UTC, "quoted"' }],
    table: { columns: ['When'], rows: [['2026-01-02 03:04:05 UTC'], ['2026-01-02']] },
  }
  expect(reportIn('Europe/Amsterdam', report)).toEqual({
    title: 'At 2026-01-02 04:04:05 CET',
    tone: 'info',
    facts: [{ label: 'Since', value: '2026-07-03 01:04:05 CEST, "quoted"' }],
    table: { columns: ['When'], rows: [['2026-01-02 04:04:05 CET'], ['2026-01-02']] },
  })
})
