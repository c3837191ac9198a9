/** The way of a request, whatever surface it comes from: text → policy → report or job. */
import type { LeaseTerms } from '../command/index.js'
import type { ApprovalRule, Busy, Job, Origin, Person } from '../jobs/job.js'
import type { QuotaSettings } from '../policy/index.js'
import type { Plan, Report } from '../report/index.js'
import type { Rates } from './rate-limits.js'

/** A command line as it came in. */
export interface Request {
  /** Without the leading /qnav. */
  text: string
  person: Person
  origin: Origin
  /** The same key twice (redelivered envelope, double click) has one effect and gives the same answer. */
  idempotencyKey?: string
}

/** A read command's report, or the job that was started. Mistakes and refusals are thrown as UserError. */
export type Answer = { kind: 'report'; report: Report } | { kind: 'job'; job: Job }

export interface Preview {
  plan: Plan
  /** Whose yes it needs; undefined when it runs at once. */
  approval: ApprovalRule | undefined
}

export interface Limits {
  /** Absent where nothing is limited. */
  quotas?: QuotaSettings
  /** Absent where everybody may ask for as much as they like. */
  rates?: Rates
  /** What a change does while others hold what it wants, when its line does not say: queue when absent. */
  busy?: Busy
  /** How long VMs may run; as long as they like when absent. */
  leases?: LeaseTerms
  /** Of schedules that name none, IANA; UTC when absent. */
  timeZone?: string
}

export interface Requests {
  /** From now on these limits count. */
  renew(limits: Limits): void
  /** Whether the line could change anything: then it must not be lost once it was acknowledged. A mistake changes nothing. */
  mayChange(text: string): boolean
  /** What a line would change if it were asked for now, and what stands in the way; nothing is begun. Undefined for what
   * changes nothing. Rejects as `handle` does. */
  preview(request: Pick<Request, 'text' | 'person'>): Promise<Preview | undefined>
  handle(request: Request): Promise<Answer>
}
