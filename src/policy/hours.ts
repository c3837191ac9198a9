/** Hours of the week in a time zone: when a rule counts, or when people may approve. */

/** JSON as it is, for it is kept in jobs. */
export interface Hours {
  /** Each as in qnav.yml: "mon-fri 08:00-18:00". Together they are the hours. */
  windows: readonly string[]
  /** IANA name: "Europe/Amsterdam". */
  timeZone: string
}

/** Monday is 1. */
interface Window {
  days: readonly number[]
  /** Minutes since midnight. */
  from: number
  /** Up to 1440, midnight at the end of the day. */
  to: number
}

const dayNames = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs
/** Hours that never come, as on a day that has none, end a search. */
const furthestDays = 800

/** undefined for what is no window of a day, and for one that ends before it begins. */
export function parseWindow(text: string): Window | undefined {
  const [, days = '', from = '', to = ''] = /^([a-z,-]+) (\d\d:\d\d)-(\d\d:\d\d)$/.exec(text.trim()) ?? []
  const known = days.split(',').map(daysOf)
  const [begin, end] = [minutesOf(from), minutesOf(to)]
  if (known.includes(undefined) || begin === undefined || end === undefined || end <= begin) return undefined
  return { days: [...new Set(known.flatMap((each) => each ?? []))], from: begin, to: end }
}

export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-GB', { timeZone: name }).format(0) !== ''
  } catch {
    return false
  }
}

export function isWithin(hours: Hours, at: number): boolean {
  const { weekday, minutes } = localTime(at, hours.timeZone)
  return windowsOf(hours).some(
    ({ days, from, to }) => days.includes(weekday) && minutes >= from && minutes < to,
  )
}

/** When the next of these hours begins, from now on; now itself within them. */
export function nextWithin(hours: Hours, at: number): number {
  for (const { opens, closes } of openings(hours, at)) if (closes > at) return Math.max(opens, at)
  return at
}

/** The time after so many milliseconds of these hours; what lies outside of them does not count. */
export function addWithin(hours: Hours, from: number, ms: number): number {
  let [at, left] = [from, ms]
  for (const { opens, closes } of openings(hours, from)) {
    at = Math.max(at, opens)
    const open = Math.max(0, closes - at)
    if (open >= left) return at + left
    left -= open
    at = Math.max(at, closes)
  }
  return at
}

/** "mon-fri 08:00-18:00 (Europe/Amsterdam)" */
export function hoursInWords({ windows, timeZone }: Hours): string {
  return `${windows.join(' and ')} (${timeZone})`
}

function windowsOf({ windows }: Hours): Window[] {
  return windows.flatMap((text) => parseWindow(text) ?? [])
}

/** In order; of the day before `from` on, because a zone may be ahead. */
function* openings(hours: Hours, from: number): Generator<{ opens: number; closes: number }> {
  const windows = windowsOf(hours).sort((a, b) => a.from - b.from)
  const { year, month, day } = localTime(from, hours.timeZone)
  const first = Date.UTC(year, month - 1, day)
  for (let index = 0; index < furthestDays; index += 1) {
    const midnight = first + index * dayMs
    const weekday = new Date(midnight).getUTCDay() || 7
    for (const { days, from: begin, to: end } of windows) {
      if (!days.includes(weekday)) continue
      yield {
        opens: instantOf(midnight + begin * minuteMs, hours.timeZone),
        closes: instantOf(midnight + end * minuteMs, hours.timeZone),
      }
    }
  }
}

/** What a clock on the wall there shows, written as if it were UTC, as a point in time. */
function instantOf(wall: number, timeZone: string): number {
  const guess = wall - offsetAt(wall, timeZone)
  return wall - offsetAt(guess, timeZone)
}

/** How far the zone is ahead of UTC, in milliseconds. */
function offsetAt(at: number, timeZone: string): number {
  const { year, month, day, minutes } = localTime(at, timeZone)
  return Date.UTC(year, month - 1, day) + minutes * minuteMs - Math.floor(at / minuteMs) * minuteMs
}

const formats = new Map<string, Intl.DateTimeFormat>()

function localTime(at: number, timeZone: string) {
  const format =
    formats.get(timeZone) ??
    new Intl.DateTimeFormat('en-GB', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
    })
  formats.set(timeZone, format)
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]))
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0
  const [year, month, day] = [part('year'), part('month'), part('day')]
  const weekday = new Date(Date.UTC(year, month - 1, day)).getUTCDay() || 7
  return { year, month, day, weekday, minutes: part('hour') * 60 + part('minute') }
}

/** "mon" and "fri-mon". */
function daysOf(text: string): number[] | undefined {
  const [first = -1, last = first] = text.split('-').map((name) => dayNames.indexOf(name))
  if (first < 0 || last < 0 || text.split('-').length > 2) return undefined
  const length = ((last - first + 7) % 7) + 1
  return Array.from({ length }, (_, index) => ((first + index) % 7) + 1)
}

function minutesOf(text: string): number | undefined {
  const [hours = Number.NaN, minutes = Number.NaN] = text.split(':').map(Number)
  const sum = hours * 60 + minutes
  return minutes < 60 && sum <= 24 * 60 ? sum : undefined
}
