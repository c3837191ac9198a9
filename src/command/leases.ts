/** Leases: how long a VM may run. What people type for one, what qnav.yml allows, and how it is told. */
import type { Lease } from '../agents/agent.js'
import { UserError } from '../errors.js'
import { timeInWords } from '../report/index.js'
import { argument, readBy } from './argument-meta.js'
import { isoTime } from './date-times.js'
import { readDuration, writeDuration } from './quantities.js'

/** What qnav.yml says of leases, in milliseconds. */
export interface LeaseTerms {
  /** Of a new VM when nothing is said; the longest when absent. */
  defaultMs?: number
  /** Nobody but an admin gives a longer one, or none. */
  longestMs?: number
}

const dayMs = 86_400_000
const hourMs = 3_600_000
/** The last warning comes an hour before the end. */
const shortestMs = hourMs
const longestOfAllMs = 3650 * dayMs
const form = '8h, 3d, 2w, a time like 2026-01-31T14:00Z, or none'

/** How long, until when, or `none`. The value is text: `3d`, `2026-01-31T14:00Z`, `none`; {@link leaseFrom} reads it. */
export function leaseTime() {
  const read = (typed: string) => {
    if (typed.toLowerCase() === 'none') return 'none'
    const ms = readDuration(typed)
    if (ms === undefined) return isoTime(typed)
    return ms >= shortestMs && ms <= longestOfAllMs ? writeDuration(ms) : undefined
  }
  return argument(readBy(read, `must be ${form}; at least 1h`), {
    kind: 'lease',
    form,
    sample: '7d',
    mend: (typed) => (/^\d{1,3}$/.test(typed) && Number(typed) > 0 ? `${Number(typed)}d` : undefined),
  })
}

/** The lease that a {@link leaseTime} stands for when it is given now; undefined for `none`. */
export function leaseFrom(time: string, now: number): Lease | undefined {
  if (time === 'none') return undefined
  const ms = readDuration(time)
  const until = ms === undefined ? Date.parse(time) : now + ms
  return { from: new Date(now).toISOString(), until: new Date(until).toISOString() }
}

/** Why this lease cannot be given; `line` makes the corrected command line. */
export function leaseBlocker(
  time: string,
  { longestMs }: LeaseTerms,
  { now, isAdmin, line }: { now: number; isAdmin: boolean; line(time: string): string },
): UserError | undefined {
  const lease = leaseFrom(time, now)
  const mostMs = isAdmin ? longestOfAllMs : (longestMs ?? longestOfAllMs)
  if (lease === undefined) {
    return isAdmin || longestMs === undefined
      ? undefined
      : new UserError('not-allowed', `Every VM has a lease here, of ${writeDuration(longestMs)} at most.`, {
          fix: `Take the longest, or ask an admin: ${line(writeDuration(longestMs))}`,
        })
  }
  const ms = Date.parse(lease.until) - now
  if (ms > mostMs) {
    return new UserError(
      'quota-exceeded',
      `A lease is ${writeDuration(mostMs)} at most, and this is until ${timeInWords(lease.until)}.`,
      { fix: `Take the longest; it can be renewed: ${line(writeDuration(mostMs))}` },
    )
  }
  if (ms >= shortestMs) return undefined
  const when = ms <= 0 ? 'is over' : 'is nearer than an hour'
  return new UserError('bad-argument', `${timeInWords(lease.until)} ${when}.`, {
    fix: `Take a later time: ${line('1d')}`,
  })
}

/** "7d from then on", "until 2026-01-31 14:00:00 UTC", "none": of what is not given yet. */
export function leaseInWords(time: string): string {
  if (time === 'none') return time
  return readDuration(time) === undefined ? `until ${timeInWords(time)}` : `${time} from then on`
}

export function hasEnded({ until }: Lease, now: number): boolean {
  return Date.parse(until) <= now
}

/** "3d4h left", "lease ended". */
export function timeLeft({ until }: Lease, now: number): string {
  const ms = Date.parse(until) - now
  if (ms <= 0) return 'lease ended'
  const unitMs = ms >= dayMs ? hourMs : 60_000
  return ms < unitMs ? 'less than a minute left' : `${writeDuration(Math.floor(ms / unitMs) * unitMs)} left`
}
