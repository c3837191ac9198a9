import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addWithin, isTimeZone, isWithin, nextWithin, parseWindow } from '../../src/policy/index.js'

const office = { windows: ['mon-fri 08:00-18:00'], timeZone: 'Europe/Amsterdam' }
const at = (iso: string) => Date.parse(iso)
const hour = 3_600_000

describe('hours of the week', () => {
  it.each([
    ['mon-fri 08:00-18:00', [1, 2, 3, 4, 5]],
    ['sat 00:00-24:00', [6]],
    ['fri-mon 09:30-10:00', [5, 6, 7, 1]],
    ['mon,wed,fri-sat 09:30-10:00', [1, 3, 5, 6]],
  ])('are read: %s', (text, days) => {
    expect(parseWindow(text)?.days).toEqual(days)
  })

  it.each([
    '',
    'mon',
    '08:00-18:00',
    'mon 18:00-08:00',
    'mon 08:00-08:00',
    'mon 8:00-18:00',
    'mon 08:00-24:01',
    'mon 08:60-10:00',
    'may 08:00-18:00',
    'mon-tue-wed 08:00-18:00',
    'mon,,tue 08:00-18:00',
  ])('that are none are refused: %j', (text) => {
    expect(parseWindow(text)).toBeUndefined()
  })

  it.each([
    ['2026-11-23T07:00:00Z', true, 'Monday 08:00 there'],
    ['2026-11-23T06:59:59Z', false, 'a second before'],
    ['2026-11-23T16:59:59Z', true, 'Monday 17:59 there'],
    ['2026-11-23T17:00:00Z', false, 'the end'],
    ['2026-07-20T06:00:00Z', true, 'Monday 08:00 in summer'],
    ['2026-11-21T10:00:00Z', false, 'Saturday'],
  ])('hold at %s: %s (%s)', (iso, expected) => {
    expect(isWithin(office, at(iso))).toBe(expected)
  })

  it('begin again after the weekend', () => {
    expect(nextWithin(office, at('2026-11-20T18:00:00Z'))).toBe(at('2026-11-23T07:00:00Z'))
    expect(nextWithin(office, at('2026-11-20T10:00:00Z'))).toBe(at('2026-11-20T10:00:00Z'))
  })

  it('alone count for a time that ends in them', () => {
    expect(addWithin(office, at('2026-11-20T16:00:00Z'), 4 * hour)).toBe(at('2026-11-23T10:00:00Z'))
    expect(addWithin(office, at('2026-11-23T08:00:00Z'), 4 * hour)).toBe(at('2026-11-23T12:00:00Z'))
    // 30 days of ten hours a week.
    expect(
      addWithin({ ...office, windows: ['tue 08:00-18:00'] }, at('2026-11-23T08:00:00Z'), 720 * hour),
    ).toBeGreaterThan(at('2028-03-01T00:00:00Z'))
  })

  it('of several windows that overlap count once', () => {
    const windows = ['mon 08:00-12:00', 'mon 10:00-14:00']
    expect(addWithin({ windows, timeZone: 'UTC' }, at('2026-11-23T00:00:00Z'), 6 * hour)).toBe(
      at('2026-11-23T14:00:00Z'),
    )
  })

  it('follow the clocks of the zone when those are changed', () => {
    const night = { windows: ['sun 00:00-24:00'], timeZone: 'Europe/Amsterdam' }
    // 25 hours long.
    expect(addWithin(night, at('2026-10-24T22:00:00Z'), 25 * hour)).toBe(at('2026-10-25T23:00:00Z'))
  })

  it('never end a time earlier than without them, and end it in them', () => {
    const zone = fc.constantFrom('UTC', 'Europe/Amsterdam', 'America/St_Johns', 'Pacific/Auckland')
    const from = fc.integer({ min: at('2026-01-01T00:00:00Z'), max: at('2027-01-01T00:00:00Z') })
    fc.assert(
      fc.property(zone, from, fc.integer({ min: 60_000, max: 30 * 24 * hour }), (timeZone, start, ms) => {
        const hours = { windows: ['mon-thu 08:15-17:45', 'fri 09:00-12:00'], timeZone }
        const end = addWithin(hours, start, ms)
        expect(end).toBeGreaterThanOrEqual(start + ms)
        expect(isWithin(hours, end - 1)).toBe(true)
        const next = nextWithin(hours, start)
        expect(isWithin(hours, next)).toBe(true)
        expect(next).toBeGreaterThanOrEqual(start)
      }),
      { numRuns: 50 },
    )
  })

  it('know time zones by name', () => {
    expect(['UTC', 'Europe/Amsterdam', 'Mars/Olympus', ''].map(isTimeZone)).toEqual([
      true,
      true,
      false,
      false,
    ])
  })
})
