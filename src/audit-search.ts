/** What `qnav audit search` and `export` look for, and how an entry is written. */
import { type AuditHit, type AuditReading, isoTime, readDuration } from './command/index.js'
import { UserError } from './errors.js'
import { type AuditRecord, readAuditLog } from './store/index.js'

/** As typed; each that is given must fit. */
export interface AuditFilter {
  /** Id or name of a person. */
  by?: string | undefined
  job?: string | undefined
  event?: string | undefined
  /** A VM or a host. */
  about?: string | undefined
  /** How the command line begins, in whole words: "vm create". */
  command?: string | undefined
  since?: string | undefined
  until?: string | undefined
}

/** Whether a record is wanted. Throws `bad-argument` for a time that is none. */
export function auditMatcher(filter: AuditFilter, now: Date): (record: AuditRecord) => boolean {
  const since = timeOf('since', filter.since, now)
  const until = timeOf('until', filter.until, now)
  const { by, job, event, about, command } = filter
  return ({ at, entry }) =>
    (since === undefined || at >= since) &&
    (until === undefined || at <= until) &&
    (job === undefined || entry.job === job) &&
    (event === undefined || entry.event === event) &&
    (by === undefined || isPerson(entry.by, by)) &&
    (command === undefined || startsWith(String(entry.title ?? entry.text ?? ''), command)) &&
    (about === undefined || holds(entry, about))
}

function timeOf(flag: string, text: string | undefined, now: Date): string | undefined {
  if (text === undefined) return undefined
  const ago = readDuration(text)
  const time = ago === undefined ? isoTime(text) : now.getTime() - ago
  const at = new Date(time ?? Number.NaN)
  // Longer ago than a date can say.
  if (!Number.isNaN(at.getTime())) return at.toISOString()
  throw new UserError('bad-argument', `--${flag} "${text}" is not a time.`, {
    fix: 'Give a date (2026-01-31), a time (2026-01-31T14:00Z), or how long ago: 7d, 12h.',
  })
}

function isPerson(value: unknown, wanted: string): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { id, name } = value as { id?: unknown; name?: unknown }
  return id === wanted || name === wanted
}

function startsWith(line: string, words: string): boolean {
  return line === words || line.startsWith(`${words} `)
}

/** Whether some value is exactly this name, or a lock on it ("vm:kvm1/web1", "host:kvm1"). */
function holds(value: unknown, name: string): boolean {
  if (typeof value === 'string') {
    return value === name || (/^(?:vm|host):/.test(value) && value.split(/[:/]/).slice(1).includes(name))
  }
  if (typeof value !== 'object' || value === null) return false
  return Object.values(value).some((each) => holds(each, name))
}

/** The newest entries that fit, and where to go on. */
export interface Found {
  records: AuditRecord[]
  /** The `before` of what follows. */
  more?: number
  /** ISO 8601, of the last entry that was looked at when the time was up. */
  gaveUpAt?: string
}

/** `withinMs` may be endless. */
export async function searchAudit(
  data: { path: string },
  filter: AuditFilter,
  {
    limit,
    before = Number.POSITIVE_INFINITY,
    withinMs,
  }: { limit: number; before?: number; withinMs: number },
): Promise<Found> {
  const isWanted = auditMatcher(filter, new Date())
  const since = timeOf('since', filter.since, new Date())
  const end = performance.now() + withinMs
  const records: AuditRecord[] = []
  for await (const record of readAuditLog(data, { newestFirst: true })) {
    if (since !== undefined && record.at < since) break
    if (performance.now() > end) return { records, more: record.seq + 1, gaveUpAt: record.at }
    if (record.seq >= before || !isWanted(record)) continue
    const last = records.at(-1)
    if (records.length === limit && last !== undefined) return { records, more: last.seq }
    records.push(record)
  }
  return { records }
}

/** Milliseconds for which a search may hold up a conversation. */
const searchWithinMs = 5000

/** The audit log as commands see it. */
export function auditReading(data: { path: string }): AuditReading {
  return {
    async search(query, page) {
      const { records, ...end } = await searchAudit(data, query, { ...page, withinMs: searchWithinMs })
      return { hits: records.map(hitOf), ...end }
    },
  }
}

function hitOf({ seq, at, entry }: AuditRecord): AuditHit {
  const { event, job, by, ...rest } = entry
  return {
    seq,
    at,
    event,
    job: typeof job === 'string' ? job : '',
    by: personText(by),
    detail: Object.keys(rest).length === 0 ? '' : JSON.stringify(rest),
  }
}

/** One line for a terminal; nothing in it can turn text around or move the cursor. */
export function searchLine(record: AuditRecord): string {
  const { seq, at, event, job, by, detail } = hitOf(record)
  const words = [String(seq), at, event, job, by, detail]
  return `${visible(words.filter((word) => word !== '').join('  '))}\n`
}

export const csvHeader = 'seq,at,event,job,by,detail\r\n'

/** One row after RFC 4180. A cell that a spreadsheet would take for a formula gets an apostrophe before it. */
export function csvRow(record: AuditRecord): string {
  const { seq, at, event, job, by, detail } = hitOf(record)
  const cells = [String(seq), at, event, job, by, detail || '{}']
  return `${cells.map(cell).join(',')}\r\n`
}

function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

function personText(by: unknown): string {
  if (by === undefined) return ''
  const { id, name } = (by ?? {}) as { id?: unknown; name?: unknown }
  return typeof id !== 'string' ? JSON.stringify(by) : typeof name === 'string' ? `${name} (${id})` : id
}

function visible(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (sign) => `\\u{${(sign.codePointAt(0) ?? 0).toString(16)}}`,
  )
}
