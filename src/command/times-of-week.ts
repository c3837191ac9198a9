/** Days of the week and times of day, as people type and read them. */

import type { Rhythm } from '../jobs/calendar.js'
import { quietHours } from '../preferences/index.js'
import { argument, readBy } from './argument-meta.js'

/** As days are typed, Monday first. */
export const dayNames: readonly string[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']

/** Days of the week: `day`, `weekday`, `sun`, `mon,thu` or `mon-fri`. The value is text that {@link parseDays} reads. */
export function weekDays() {
  const form = 'day, weekday, mon-fri, or days with commas such as mon,thu'
  const read = (typed: string) => {
    const days = parseDays(typed)
    return days === undefined ? undefined : daysInWords(days)
  }
  return argument(readBy(read, `must be ${form}`), {
    kind: 'week-days',
    form,
    sample: 'day',
    keepsCommas: true,
  })
}

/** Minutes since midnight, written as `03:00`. */
export function dayTime() {
  return argument(readBy(parseTimeOfDay, 'must be a time of day from 00:00 to 23:59'), {
    kind: 'day-time',
    form: '00:00 to 23:59',
    sample: '03:00',
    show: (value) => timeOfDay(Number(value)),
    mend: (typed) => {
      const hour = /^\d{1,2}$/.test(typed) && Number(typed) < 24 ? Number(typed) : undefined
      return hour === undefined ? undefined : timeOfDay(hour * 60)
    },
  })
}

/** An IANA name. */
export function timeZoneName() {
  const read = (typed: string) => (isTimeZone(typed) ? typed : undefined)
  return argument(readBy(read, 'must be a time zone such as Europe/Amsterdam'), {
    kind: 'time-zone',
    form: 'a time zone such as Europe/Amsterdam',
    sample: 'Europe/Amsterdam',
  })
}

/** From one time of day to another, over midnight too, as it is typed. */
export function quietHoursSpan() {
  const read = (typed: string) => (quietHours(typed) === undefined ? undefined : typed)
  return argument(readBy(read, 'must be two times of day, such as 22:00-07:00'), {
    kind: 'quiet-hours',
    form: 'from and to, such as 22:00-07:00',
    sample: '22:00-07:00',
  })
}

export function scheduleRef() {
  const read = (typed: string) => {
    const id = typed.toLowerCase()
    return /^s-[a-z0-9]{3,12}$/.test(id) ? id : undefined
  }
  return argument(readBy(read, 'must be a schedule, like s-7k2m9'), {
    kind: 'schedule',
    form: 'a schedule, like s-7k2m9',
    sample: 's-7k2m9',
    mend: (typed) => (/^[a-z0-9]{3,12}$/i.test(typed) ? `s-${typed.toLowerCase()}` : undefined),
  })
}

function isTimeZone(name: string): boolean {
  try {
    return name !== '' && new Intl.DateTimeFormat('en-GB', { timeZone: name }).format(0) !== ''
  } catch {
    return false
  }
}

/** Days from "day", "weekday", "sun", "mon,thu" or "mon-fri"; undefined for anything else. */
export function parseDays(text: string): number[] | undefined {
  const word = text.trim().toLowerCase()
  if (word === 'day') return [1, 2, 3, 4, 5, 6, 7]
  if (word === 'weekday') return [1, 2, 3, 4, 5]
  const found = word.split(',').flatMap((part) => {
    const [first = -1, last = first, ...more] = part.split('-').map((name) => dayNames.indexOf(name.trim()))
    if (first < 0 || last < 0 || more.length > 0) return [0]
    return Array.from({ length: ((last - first + 7) % 7) + 1 }, (_, index) => ((first + index) % 7) + 1)
  })
  return found.includes(0) ? undefined : [...new Set(found)].sort()
}

/** Minutes from "03:00"; undefined for anything else. */
export function parseTimeOfDay(text: string): number | undefined {
  const [, hours, minutes] = /^(\d{1,2}):(\d\d)$/.exec(text.trim()) ?? []
  const [h, m] = [Number(hours), Number(minutes)]
  return h < 24 && m < 60 ? h * 60 + m : undefined
}

/** "every day at 03:00 (Europe/Amsterdam)" */
export function rhythmInWords({ days, minutes, timeZone }: Rhythm): string {
  return `every ${daysInWords(days)} at ${timeOfDay(minutes)} (${timeZone})`
}

/** As {@link parseDays} reads it. */
export function daysInWords(days: readonly number[]): string {
  const text = [...days].sort().join('')
  if (text === '1234567') return 'day'
  return text === '12345'
    ? 'weekday'
    : [...days]
        .sort()
        .map((day) => dayNames[day - 1])
        .join(',')
}

/** "03:00" */
export function timeOfDay(minutes: number): string {
  const two = (number: number) => String(number).padStart(2, '0')
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}
