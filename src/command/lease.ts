/** How long a VM may be there: what is typed for it, and what the rules say to it. */
import type { FoundVm } from '../agents/agent.js'
import { UserError } from '../errors.js'
import { argument, readBy } from './argument-meta.js'
import type { LeaseRules } from './definition.js'
import { readDuration, writeDuration } from './quantities.js'
import { vmWord } from './vm-report.js'

const dayMs = 86_400_000
const form = '8h, 7d or 2w, or none'
/** Shorter ones would be over before their VM is there. */
const shortestMs = 3_600_000
const longestMs = 3650 * dayMs

/** Milliseconds of a lease; 0 for none. */
export function leaseTime() {
  const read = (typed: string) => {
    if (typed === 'none') return 0
    const ms = readDuration(typed)
    return ms !== undefined && ms >= shortestMs && ms <= longestMs ? ms : undefined
  }
  return argument(readBy(read, `must be ${form}, from 1h to 3650d`), {
    kind: 'lease',
    form,
    sample: '7d',
    show: (value) => (value === 0 ? 'none' : writeDuration(Number(value))),
    mend: (typed) => (/^\d+$/.test(typed) ? `${typed}d` : undefined),
  })
}

/** Why a lease of so many milliseconds (0: none) from now on is not to be had; undefined when it is. */
export function leaseBlocker(
  ms: number,
  { longestMs: most }: Readonly<LeaseRules> = {},
): UserError | undefined {
  if (most === undefined || (ms > 0 && ms <= most)) return undefined
  const longest = writeDuration(most)
  const wanted = ms === 0 ? 'A VM without a lease is' : 'So long a lease is'
  return new UserError('quota-exceeded', `${wanted} not to be had: at most ${longest} from now on.`, {
    fix: `Ask for less, such as ${longest}; it can be asked for again before it is over.`,
  })
}

/** Why a VM whose lease is over is not started. */
export function leaseOver(vm: FoundVm): UserError {
  return new UserError('invalid-state', `The lease of VM ${vmWord(vm)} is over.`, {
    fix: `Give it a new one first: vm lease ${vmWord(vm)} --for 7d`,
  })
}

/** ISO 8601, so many milliseconds from now, to the minute. */
export function leaseEnd(ms: number, now = Date.now()): string {
  return new Date(Math.ceil((now + ms) / 60_000) * 60_000).toISOString().replace(/:00\.000Z$/, 'Z')
}
