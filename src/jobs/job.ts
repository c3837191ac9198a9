/** A job: durable work on behalf of a person, and what the rest of the house may do with jobs. */
import type { ErrorNote } from '../errors.js'
import type { Hours } from '../policy/index.js'
import type { Plan, ReadyPlan, Report } from '../report/index.js'

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json }

/**
 * planning → refused | awaiting-approval | queued | cancelled
 * awaiting-approval → queued | denied | expired | cancelled | failed
 * queued (waits for its locks) → running | cancelled | failed
 * running → succeeded | failed | cancelled | awaiting-approval (what would be done is not what was approved)
 *
 * Failed without having run: the body is of another version since an upgrade, or threw. The table is in transitions.ts.
 */
export type JobState =
  | 'planning'
  | 'refused'
  | 'awaiting-approval'
  | 'denied'
  | 'expired'
  | 'queued'
  | 'running'
  | 'succeeded'
  | 'failed'
  | 'cancelled'

export interface Person {
  /** Slack user id, or `terminal:<OS user>`. */
  id: string
  name?: string
}

/** Where the request came from and where its card belongs; `channel` is absent for the terminal. */
export interface Origin {
  surface: 'slack' | 'terminal'
  channel?: string
  thread?: string
  /** Of a job that a schedule asked for: its id and the time that was due, "s-7k2m9 2026-01-02T03:00:00.000Z". */
  schedule?: string
}

export interface ApprovalRule {
  /** How many different people it takes; never the requester. */
  approvers: number
  /** Each of these roles gives one of them; one person counts for one role only. At most as many as `approvers`. */
  from?: string[]
  /** The requester has to say why. */
  reason?: 'required'
  /** People approve in these hours only, and only these count towards the expiry. Denied it can be at any time. */
  within?: Hours
  /** How long it may wait, in milliseconds. */
  expiresMs: number
}

/** One approver's word. */
export interface Verdict {
  by: Person
  /** Roles that they had then. Absent in jobs of older versions. */
  roles?: string[]
  /** Whether they could decide about any request; those of older versions could. */
  decides?: boolean
  verdict: 'approve' | 'deny'
  reason?: string
  /** ISO 8601, like every time in a job. */
  at: string
}

/** One thing that would be otherwise than it was approved; without `approved` it is new, without `now` it is no more. */
export interface PlanDifference {
  what: string
  approved?: string
  now?: string
}

/** It ran at once though a rule asked for approval. */
export interface BreakGlass {
  /** Whom it would have asked; one of them reviews it. */
  rule: ApprovalRule
  at: string
  /** Absent until somebody else than the requester has looked into it. */
  review?: Review
}

export interface Review {
  by: Person
  /** What happened, in their words. */
  report: string
  at: string
}

/** What approvers say yes to. */
export interface Asked {
  /** Of what matters in the plan, SHA-256 in hexadecimal. */
  digest: string
  /** Counts the askings from 1. */
  round: number
  /** Why it is asked again. */
  differences: PlanDifference[]
}

export interface Approval {
  rule: ApprovalRule
  /** Absent in jobs of older versions. */
  askedAt?: string
  expiresAt: string
  verdicts: Verdict[]
  /** Absent in jobs of older versions. */
  asked?: Asked
  /** Verdicts on what was asked before. */
  earlier?: Verdict[]
}

export interface StepRecord {
  name: string
  state: 'running' | 'done' | 'failed'
  startedAt: string
  endedAt?: string
  /** Last progress line. */
  progress?: string
  /** Journalled result; returned instead of running the step again. */
  result?: Json
  error?: ErrorNote
  /** It can be undone: how people would do it themselves. "undo <name>" is the step that does it. */
  byHand?: string
}

export interface Job {
  /** Short and typeable: "j-7k2m9". */
  id: string
  /** Which registered body works it, and the version of that body. */
  body: string
  version: number
  /** For people: the canonical command line, "vm create web1 --image tiny.qcow2". */
  title: string
  input: Json
  requester: Person
  /** Why it is asked for, in the requester's words. */
  reason?: string
  origin: Origin
  state: JobState
  /** The plan once made. */
  plan?: Plan
  approval?: Approval
  breakGlass?: BreakGlass
  /** Locks wanted (queued) or held (running), e.g. "vm:kvm1/web1". */
  locks: string[]
  steps: StepRecord[]
  /** Result, or the latest interim result while running. */
  report?: Report
  error?: ErrorNote
  cancel?: { by: Person; at: string; reason?: string }
  /** It could not go on and undoes what it did. `error` is why. */
  undoing?: { error: ErrorNote; at: string }
  createdAt: string
  updatedAt: string
  endedAt?: string
  /** Counts changes; a card is out of date when it shows a lower one. */
  revision: number
}

/** What a step may give back: it is kept, and given again after a restart. */
export type StepResult = Json | void

/** What a step may use while it runs. */
export interface StepControl {
  /** Unique and stable across restarts: `<job id>/<step name>`. */
  key: string
  /** Aborted when the job is cancelled or the bot stops. */
  signal: AbortSignal
  progress(line: string): void
}

/** How a step is undone, whether it was done or only begun. */
export interface Undo<T> {
  /**
   * Looks before it acts: the step may have failed early, and after a crash this is run again. `result` is undefined when the
   * step did not end well. Aborted only when the bot stops (then it is run again) or when it takes too long.
   */
  work(result: T | undefined, control: StepControl): Promise<void>
  /** What to type or do when this is not possible: "vm delete web1@kvm1". */
  byHand: string
  /** The step clears up after itself when it does not end well; only what it finished is undone. */
  onlyWhenDone?: true
}

/** What a job does while others hold what it wants. */
export type Busy = 'queue' | 'refuse'

/** Handed to a job body. Bodies are ordinary async code that is run again after a crash: finished steps return their
 * journalled result, decisions and locks are remembered. */
export interface JobContext {
  readonly job: Readonly<Job>
  readonly signal: AbortSignal
  /** Runs once; a step that was under way at a crash runs again, so it must look before it acts. When the job is cancelled or
   * fails later (or right here), what has an `undo` is undone, the latest first, whatever crashes in between. With "keep",
   * what was done up to the end of this step stays from then on. */
  step<T extends StepResult>(
    name: string,
    work: (control: StepControl) => Promise<T>,
    undo?: Undo<T> | 'keep',
  ): Promise<T>
  /** Records the plan. A blocked plan ends the job as `refused`. */
  plan(make: () => Promise<Plan>): Promise<ReadyPlan>
  /** Asks for approval and waits for days if need be; ends the job as denied or expired otherwise. */
  approval(rule: ApprovalRule, asked?: Asked): Promise<void>
  /** Goes on without the approval that the rule asks for, which is recorded and has to be reviewed. */
  breakGlass(rule: ApprovalRule): Promise<void>
  /** What would be done is not what was approved: gives the locks back, shows the new plan and waits for its approval. The
   * locks have to be taken again. Each round is asked once. */
  approvalAgain(plan: ReadyPlan, rule: ApprovalRule, asked: Asked): Promise<void>
  /** Why these locks are not to be had at once, one note for each that is not. */
  inTheWay(names: readonly string[]): ErrorNote[]
  /** Waits (state queued) until all are free, holds them until the job ends. With `refuse` it rejects with `locked` instead
   * of waiting. */
  lock(names: string[], options?: { busy?: Busy }): Promise<void>
  /** Shows an interim result on the card. */
  publish(report: Report): void
}

export type JobBody = (context: JobContext) => Promise<Report>

export interface JobRequest {
  body: string
  title: string
  input: Json
  requester: Person
  reason?: string
  origin: Origin
  /** The same key twice (redelivery, double click) gives the same job. */
  idempotencyKey?: string
}

export interface JobFilter {
  states?: JobState[]
  requester?: string
  /** Only those that have to be reviewed yet. */
  unreviewed?: boolean
  /** Newest first; at most this many. */
  limit?: number
}

export interface HistoryFilter extends JobFilter {
  /** Only what stands behind this job. */
  before?: string
}

/** A lock that is held. */
export interface LockView {
  /** e.g. "vm:kvm1/web1". */
  name: string
  /** `since` is ISO 8601. */
  holder: { job: string; title: string; requester: Person; since: string }
  /** Ids of jobs that wait for it, first come first. */
  waiting: string[]
}

/** The engine's face. Rejections are UserErrors: unknown-job, own-request, already-decided, expired, invalid-state. */
export interface Jobs {
  register(name: string, version: number, body: JobBody): void
  /** Resumes what was under way. Call after every body is registered. */
  start(): Promise<void>
  /** Stops working; jobs under way stay as they are and go on at the next start. */
  stop(): Promise<void>
  submit(request: JobRequest): Promise<Job>
  /** One that is not archived. */
  get(id: string): Job
  /** Those that are not archived. */
  list(filter?: JobFilter): Job[]
  /** Any job, archived or not. Rejects with `unknown-job`, and with `store-damaged` or `store-failed`. */
  find(id: string): Promise<Job>
  /** What `list` gives, and behind it the archived ones, those that ended last first. Rejects as `find` does. */
  history(filter?: HistoryFilter): Promise<Job[]>
  decide(id: string, verdict: Omit<Verdict, 'at'>): Promise<Job>
  /** Somebody else than the requester has looked into a job that ran without approval. */
  review(id: string, review: Omit<Verdict, 'at' | 'verdict' | 'reason'> & { report: string }): Promise<Job>
  cancel(id: string, by: Person, reason?: string): Promise<Job>
  /** Every lock that is held now. */
  locks(): LockView[]
  /** Called after each durable change, in order. Returns the way to stop listening. */
  onChange(listener: (job: Job) => void): () => void
}

export const finalStates: readonly JobState[] = [
  'refused',
  'denied',
  'expired',
  'succeeded',
  'failed',
  'cancelled',
]

/** Whether somebody has to look into it yet. */
export function isUnreviewed({ breakGlass }: Pick<Job, 'breakGlass'>): boolean {
  return breakGlass !== undefined && breakGlass.review === undefined
}

export function isOver(job: Pick<Job, 'state'>): boolean {
  return finalStates.includes(job.state)
}
