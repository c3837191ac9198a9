/** Points in time, as people type them and pickers give them. */
import { argument, readBy } from './argument-meta.js'
import { readDuration } from './quantities.js'

const form = '2026-01-31 or 2026-01-31T14:00Z'

/** A date, or a date and time; UTC where no zone is said. The value is ISO 8601 in UTC: `2026-01-31T14:00Z`. */
export function dateTime() {
  return argument(readBy(isoTime, `must be a date or a time, like ${form}`), {
    kind: 'date-time',
    form,
    sample: '2026-01-31T14:00Z',
  })
}

/** The same, or how long ago; that stays as it is typed. */
export function dateTimeOrAgo() {
  const read = (typed: string) => (readDuration(typed) === undefined ? isoTime(typed) : typed)
  return argument(readBy(read, `must be a time, like ${form}, or how long ago, like 7d or 12h`), {
    kind: 'time-ago',
    form: `${form}, or how long ago: 7d, 12h`,
    sample: '7d',
  })
}

/** `2026-01-31T14:00Z` of what may have been typed for it; undefined for what is no time, or no day of any calendar. */
export function isoTime(typed: string): string | undefined {
  const [, date, time = '00:00', seconds = ':00', zone = 'Z'] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d(?:\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?$/i.exec(typed) ?? []
  if (date === undefined) return undefined
  const day = new Date(`${date}T00:00Z`)
  // 31 February is read as 3 March.
  if (Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== date) return undefined
  const at = new Date(`${date}T${time}${seconds}${zone.toUpperCase().replace(/(\d\d):?(\d\d)$/, '$1:$2')}`)
  return Number.isNaN(at.getTime()) ? undefined : at.toISOString().replace(/(?::00)?\.000Z$/, 'Z')
}
