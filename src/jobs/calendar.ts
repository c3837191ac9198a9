/** Times of day that come again, in a time zone with its changes of the clock. */

/** When something is due. JSON as it is, for it is kept on disk. */
export interface Rhythm {
  /** Days of the week, 1 is Monday. */
  days: readonly number[]
  /** Minutes since midnight, as a clock on the wall there shows them. */
  minutes: number
  /** IANA name: "Europe/Amsterdam". */
  timeZone: string
}

const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs

/**
 * The first time after `after` (both in milliseconds since 1970). Each day of the calendar there has one: where the clock is
 * put forward over it, it is as much later; what the clock shows twice counts the first time.
 */
export function nextTime({ days, minutes, timeZone }: Rhythm, after: number): number {
  if (days.length === 0) throw new Error('a rhythm needs a day')
  const today = Math.floor((after + offsetAt(after, timeZone)) / dayMs) * dayMs
  // A week, and a day on either side: the zone may have changed its clock in between.
  for (let day = -1; day <= 8; day += 1) {
    const midnight = today + day * dayMs
    if (!days.includes(new Date(midnight).getUTCDay() || 7)) continue
    const time = instantOf(midnight + minutes * minuteMs, timeZone)
    if (time > after) return time
  }
  throw new Error(`no time was found after ${after} in ${timeZone}`)
}

/** What a clock on the wall there shows, written as if it were UTC, as a point in time. */
function instantOf(wall: number, timeZone: string): number {
  const before = offsetAt(wall - dayMs, timeZone)
  const possible = [before, offsetAt(wall + dayMs, timeZone)].map((offset) => wall - offset)
  const shown = possible.filter((at) => at + offsetAt(at, timeZone) === wall)
  return shown.length > 0 ? Math.min(...shown) : wall - before
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** How far the zone is ahead of UTC, in milliseconds. */
function offsetAt(at: number, timeZone: string): number {
  let format = formats.get(timeZone)
  if (format === undefined) {
    const two = '2-digit'
    format = new Intl.DateTimeFormat('en-GB', {
      ...{ timeZone, hourCycle: 'h23', year: 'numeric' },
      ...{ month: two, day: two, hour: two, minute: two, second: two },
    })
    formats.set(timeZone, format)
  }
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]))
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0
  const wall = Date.UTC(
    part('year'),
    part('month') - 1,
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
  )
  return wall - Math.floor(at / 1000) * 1000
}
