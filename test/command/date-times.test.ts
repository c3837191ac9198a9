import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { dateTime, dateTimeOrAgo, isoTime, metaOf } from '../../src/command/index.js'

describe('points in time', () => {
  it.each([
    ['2026-01-31', '2026-01-31T00:00Z'],
    ['2026-01-31T14:00', '2026-01-31T14:00Z'],
    ['2026-01-31 14:00Z', '2026-01-31T14:00Z'],
    ['2026-01-31t14:00+0100', '2026-01-31T13:00Z'],
    ['2026-01-01T00:30+01:00', '2025-12-31T23:30Z'],
    ['2026-01-31T14:00:07.250Z', '2026-01-31T14:00:07.250Z'],
    ['2028-02-29', '2028-02-29T00:00Z'],
  ])('are read from %s', (typed, iso) => {
    expect(isoTime(typed)).toBe(iso)
    expect(isoTime(iso)).toBe(iso)
  })

  it.each([
    '',
    'tomorrow',
    '2026-02-29',
    '2026-13-01',
    '2026-01-31T24:01',
    '31.1.2026',
    '2026-01-31T14',
    '7d',
  ])('are not read from "%s"', (typed) => {
    expect(isoTime(typed)).toBeUndefined()
    expect(dateTime().safeParse(typed).success).toBe(false)
  })

  it('may be how long ago where that is meant', () => {
    expect(dateTimeOrAgo().parse('7d')).toBe('7d')
    expect(dateTimeOrAgo().parse('2026-01-31')).toBe('2026-01-31T00:00Z')
    expect(dateTimeOrAgo().safeParse('soon').error?.issues[0]?.message).toBe(
      'must be a time, like 2026-01-31 or 2026-01-31T14:00Z, or how long ago, like 7d or 12h',
    )
    for (const schema of [dateTime(), dateTimeOrAgo()]) {
      expect(schema.safeParse(metaOf(schema).sample).success).toBe(true)
    }
  })

  it('stand for the same moment, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
        (date) => {
          const iso = isoTime(date.toISOString())
          expect(new Date(iso ?? '').getTime()).toBe(date.getTime())
        },
      ),
    )
  })
})
