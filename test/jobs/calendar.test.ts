import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nextTime, type Rhythm } from '../../src/jobs/calendar.js'

const everyDay = [1, 2, 3, 4, 5, 6, 7]
const at = (time: string, timeZone: string, days = everyDay): Rhythm => ({
  days,
  minutes: Number(time.slice(0, 2)) * 60 + Number(time.slice(3)),
  timeZone,
})
/** The next so many times, as ISO 8601 to the minute. */
function times(rhythm: Rhythm, from: string, count: number): string[] {
  const found: string[] = []
  for (let time = Date.parse(from); found.length < count; ) {
    time = nextTime(rhythm, time)
    found.push(new Date(time).toISOString().slice(0, 16))
  }
  return found
}

describe('the next time', () => {
  it('is today while it is to come, and tomorrow from then on', () => {
    const rhythm = at('03:00', 'UTC')
    expect(times(rhythm, '2026-01-02T02:59:59.999Z', 2)).toEqual(['2026-01-02T03:00', '2026-01-03T03:00'])
    expect(times(rhythm, '2026-01-02T03:00:00.000Z', 1)).toEqual(['2026-01-03T03:00'])
  })

  it('is on the days of the week as they are there', () => {
    // Thursday in Auckland is Wednesday in UTC.
    expect(times(at('01:00', 'Pacific/Auckland', [4]), '2026-06-01T00:00:00Z', 2)).toEqual([
      '2026-06-03T13:00',
      '2026-06-10T13:00',
    ])
  })

  it.each([
    // The clock is put forward from 02:00 to 03:00: that day's 02:30 is an hour later.
    [
      'Europe/Amsterdam',
      '2026-03-28T00:00:00Z',
      ['2026-03-28T01:30', '2026-03-29T01:30', '2026-03-30T00:30'],
    ],
    [
      'America/New_York',
      '2026-03-07T00:00:00Z',
      ['2026-03-07T07:30', '2026-03-08T07:30', '2026-03-09T06:30'],
    ],
    // It is put back from 03:00 to 02:00: 02:30 comes twice, and counts the first time.
    [
      'Europe/Amsterdam',
      '2026-10-24T00:00:00Z',
      ['2026-10-24T00:30', '2026-10-25T00:30', '2026-10-26T01:30'],
    ],
  ])('is once a day in %s when the clock changes (%s)', (timeZone, from, expected) => {
    expect(times(at('02:30', timeZone), from, 3)).toEqual(expected)
  })

  it('comes exactly once on every day of the calendar, in any zone, whatever the clock does', () => {
    const zones = [
      ...['UTC', 'Europe/Amsterdam', 'Europe/London', 'America/New_York', 'America/St_Johns'],
      ...['America/Santiago', 'Asia/Kolkata', 'Asia/Tehran', 'Australia/Lord_Howe', 'Pacific/Auckland'],
      ...['Pacific/Chatham', 'Africa/Casablanca', 'Asia/Gaza', 'Pacific/Kiritimati'],
    ]
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: 0, max: 1439 }),
        fc.integer({ min: Date.UTC(2015, 0), max: Date.UTC(2035, 0) }),
        (timeZone, minutes, from) => {
          const rhythm = { days: everyDay, minutes, timeZone }
          const date = new Intl.DateTimeFormat('sv-SE', { timeZone })
          let last = nextTime(rhythm, from)
          for (let day = 0; day < 40; day += 1) {
            const next = nextTime(rhythm, last)
            const following = Date.parse(date.format(last)) + 24 * 3_600_000
            expect(date.format(next)).toBe(new Date(following).toISOString().slice(0, 10))
            // Asked from anywhere in between, the answer is the same.
            expect(nextTime(rhythm, next - 1)).toBe(next)
            expect(nextTime(rhythm, last + Math.floor((next - last) / 2))).toBe(next)
            last = next
          }
        },
      ),
      { numRuns: 150 },
    )
  })
})
