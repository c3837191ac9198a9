/** What a job would change and what stands in its way: made read-only against the live host before anyone is asked. */
import type { ErrorNote } from '../errors.js'
import type { Fact } from './report.js'

/** One thing that will be different afterwards; without `from` it is new, without `to` it will be gone. */
export interface Change {
  what: string
  from?: string
  to?: string
}

interface PlanBase {
  /** One sentence in the imperative: "Create VM web1 on kvm1". */
  summary: string
  /** Host the work happens on. */
  host: string
  changes: Change[]
  /** Context that helps the approver decide: free memory after, address, owner. */
  facts: Fact[]
  /** Not in the way, but worth knowing before saying yes. */
  warnings: string[]
}

/** Nothing is in the way; only such a plan can be approved and run. */
export interface ReadyPlan extends PlanBase {
  kind: 'ready'
}

/** At least one thing makes this impossible; the job is refused now. */
export interface BlockedPlan extends PlanBase {
  kind: 'blocked'
  blockers: [ErrorNote, ...ErrorNote[]]
}

export type Plan = ReadyPlan | BlockedPlan
