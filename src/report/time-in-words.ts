import type { Report } from './report.js'

/** `2026-01-02 03:04:05 UTC`, from an ISO time: one way to write it that everybody in a channel reads alike. What is no time,
 * because another tool wrote it, stays as it is. */
export function timeInWords(iso: string): string {
  const at = new Date(iso)
  return Number.isNaN(at.getTime()) ? iso : `${at.toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/** A report with its times so. */
export function reportIn(timeZone: string, report: Report): Report {
  return JSON.parse(timesIn(timeZone, JSON.stringify(report))) as Report
}

const written = /\b(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}) UTC\b/g

/** The same text with every time that {@link timeInWords} wrote as the clock of an IANA zone shows it: for one reader. */
function timesIn(timeZone: string, text: string): string {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    hourCycle: 'h23',
    dateStyle: 'short',
    timeStyle: 'medium',
  })
  const zone = new Intl.DateTimeFormat('en-GB', { timeZone, timeZoneName: 'short' })
  return text.replace(written, (_, day: string, time: string) => {
    const at = new Date(`${day}T${time}Z`)
    const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]))
    const name = zone.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value ?? timeZone
    const { year, month, day: date, hour, minute, second } = parts
    return `${year}-${month}-${date} ${hour}:${minute}:${second} ${name}`
  })
}
