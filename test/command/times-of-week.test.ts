import { describe, expect, it } from 'vitest'
import {
  daysInWords,
  parseDays,
  parseTimeOfDay,
  rhythmInWords,
  timeOfDay,
} from '../../src/command/times-of-week.js'

const everyDay = [1, 2, 3, 4, 5, 6, 7]

describe('days and times', () => {
  it.each([
    ['day', everyDay],
    ['weekday', [1, 2, 3, 4, 5]],
    ['Sun', [7]],
    ['thu,mon', [1, 4]],
    ['fri-mon', [1, 5, 6, 7]],
  ])('are read from %s', (text, days) => {
    expect(parseDays(text)).toEqual(days)
    expect(parseDays(daysInWords(days))).toEqual(days)
  })

  it.each(['', 'days', 'monday', 'mon,', 'mon-tue-wed', '1', 'mon-'])('are not read from "%s"', (text) => {
    expect(parseDays(text)).toBeUndefined()
  })

  it('are written as they are read', () => {
    expect(rhythmInWords({ days: [1, 4], minutes: 185, timeZone: 'Europe/Amsterdam' })).toBe(
      'every mon,thu at 03:05 (Europe/Amsterdam)',
    )
    for (const minutes of [0, 59, 60, 1439]) expect(parseTimeOfDay(timeOfDay(minutes))).toBe(minutes)
    for (const text of ['24:00', '3', '03:60', '3:5', 'noon']) expect(parseTimeOfDay(text)).toBeUndefined()
  })
})
