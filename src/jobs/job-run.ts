/** One body at work: what its context does, on top of the journal. */
import { type ErrorNote, noteOf, UserError } from '../errors.js'
import type { Logger } from '../log.js'
import { addWithin } from '../policy/index.js'
import { redact, redactJson } from '../redact.js'
import type { Plan, ReadyPlan, Report } from '../report/index.js'
import type { AuditEntry } from '../store/index.js'
import type { Clock } from './clock.js'
import { cancelledError, errorOf, Interrupted, JobOver, noteFor } from './interruptions.js'
import type {
  ApprovalRule,
  Asked,
  Busy,
  Job,
  JobBody,
  JobContext,
  StepControl,
  StepRecord,
  StepResult,
  Undo,
} from './job.js'
import { isOver } from './job.js'
import { type JobBook, pause } from './job-book.js'
import { endWith, isUndo, notUndone } from './job-end.js'
import type { JobRecord } from './job-record.js'
import type { LockTable } from './lock-table.js'
import { lockedError } from './locked-error.js'
import { endStep, jsonOf, keepAll } from './step-journal.js'
import { moveTo, moveToRunning } from './transitions.js'
import { Undoing } from './undoing.js'

export interface RunParts {
  id: string
  body: JobBody
  book: JobBook
  locks: LockTable
  clock: Clock
  log: Logger
  /** Gives the next place in the queue for locks. */
  nextTicket: () => number
  /** Ends the job as expired when its time is over. */
  expire: (id: string) => Promise<void>
  /** How long steps may go on after the body gave up. */
  graceMs: number
  /** How long undoing one step may take. */
  undoMs: number
}

/** How long a write that failed (disk full) waits for the next try: what was done must not be forgotten. */
const writeRetryMs = 5000
/** Progress lines and interim results are written at most this often. */
const interimMs = 300
const maxProgressChars = 500

export class JobRun implements JobContext {
  readonly #parts: RunParts
  readonly #abort = new AbortController()
  /** Aborted when the engine stops; the signal alone does not tell, a cancelled job's was aborted before. */
  readonly #stopping = new AbortController()
  readonly #names = new Set<string>()
  readonly #stepsAtWork = new Set<Promise<unknown>>()
  readonly #progress = new Map<string, string>()
  #interim: Report | undefined
  #isInterimDue = false
  /** Lets waits for the job's own changes look again. */
  readonly #wakers = new Set<() => void>()
  #hasLocked = false
  readonly #undoing: Undoing

  constructor(parts: RunParts) {
    this.#parts = parts
    this.#undoing = new Undoing({
      ...parts,
      stopping: this.#stopping.signal,
      write: (edit) => this.#write(edit),
      progress: (step, line) => this.#say(step, line),
    })
  }

  get job(): Readonly<Job> {
    return this.#parts.book.job(this.#parts.id)
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** Whether it undoes what it did; then it ends by itself. */
  get isUndoing(): boolean {
    return this.#undoing.isAtWork
  }

  /** Runs the body to the job's end. Resolves when the job is over or was interrupted; never rejects. */
  async work(): Promise<void> {
    const { id, log, body, book } = this.#parts
    const stopListening = book.onChangeOf(id, () => {
      for (const wake of this.#wakers) wake()
    })
    try {
      const report = await body(this)
      await this.#settleSteps()
      // It failed before a restart; run again it only told how its steps are undone.
      if (this.job.undoing !== undefined) throw errorOf(this.job.undoing.error)
      await this.#write((draft) => {
        moveToRunning(draft.job)
        moveTo(draft.job, 'succeeded')
        draft.job.report = redactJson(report)
        return [{ event: 'job.succeeded', title: report.title }]
      })
    } catch (error) {
      await this.#settleSteps()
      await this.#end(error).catch((failure: unknown) => {
        if (failure instanceof Interrupted || failure instanceof JobOver) return
        log.error({ err: failure, job: id }, 'a job could not be ended')
      })
    } finally {
      stopListening()
    }
  }

  /** Throws the body out of what it waits for. */
  interrupt(why: Interrupted | JobOver | UserError): void {
    if (why instanceof Interrupted) this.#stopping.abort(why)
    this.#abort.abort(why)
    for (const wake of this.#wakers) wake()
  }

  async step<T extends StepResult>(
    name: string,
    work: (control: StepControl) => Promise<T>,
    undo?: Undo<T> | 'keep',
  ): Promise<T> {
    this.#mustGoOn()
    if (name === '' || name.length > 100 || isUndo({ name }))
      throw new Error(`a step cannot be called "${name}"`)
    if (this.#names.has(name))
      throw new Error(`a body has two steps called "${name}"; each needs its own name`)
    this.#names.add(name)
    // What it gets is what the step gave, or nothing.
    if (undo !== undefined && undo !== 'keep') this.#undoing.learn(name, undo)
    const known = this.#journalled(name)
    if (known?.state === 'done') return known.result as T
    if (known?.error !== undefined) throw errorOf(known.error)
    // Nothing is begun or gone on with any more, it is undone.
    const { undoing } = this.job
    if (undoing !== undefined) throw errorOf(undoing.error)
    // A step that was under way at a crash runs once more, to clean up; a new one does not begin.
    if (known === undefined && this.job.cancel !== undefined) throw cancelledError(this.job)
    const working = this.#runStep(name, work, undo)
    this.#stepsAtWork.add(working)
    try {
      return await working
    } finally {
      this.#stepsAtWork.delete(working)
    }
  }

  async plan(make: () => Promise<Plan>): Promise<ReadyPlan> {
    this.#mustGoOn()
    const known = this.job.plan
    if (known?.kind === 'ready') return known
    const plan = await make()
    const job = await this.#write((draft) => {
      draft.job.plan = plan
      if (plan.kind === 'blocked') {
        moveTo(draft.job, 'refused')
        draft.job.error = redactJson(plan.blockers[0])
      }
      return [{ event: plan.kind === 'ready' ? 'job.planned' : 'job.refused', plan }]
    })
    if (job.plan?.kind !== 'ready') throw new JobOver(job)
    return job.plan
  }

  async approval(rule: ApprovalRule, asked?: Asked): Promise<void> {
    this.#mustGoOn()
    checkRule(rule)
    // A rule that was changed since does not change what was asked.
    await this.#write((draft) => {
      if (draft.job.approval !== undefined) return false
      return this.#ask(draft, rule, asked)
    })
    await this.#decided()
  }

  async breakGlass(rule: ApprovalRule): Promise<void> {
    this.#mustGoOn()
    checkRule(rule)
    await this.#write(({ job }) => {
      if (job.breakGlass !== undefined) return false
      job.breakGlass = { rule, at: this.#now() }
      const { requester: by, reason } = job
      const why = reason === undefined ? {} : { reason }
      return [{ event: 'job.break-glass', by, ...why, approvers: rule.approvers, state: job.state }]
    })
  }

  async approvalAgain(plan: ReadyPlan, rule: ApprovalRule, asked: Asked): Promise<void> {
    this.#mustGoOn()
    checkRule(rule)
    const job = await this.#write((draft) => {
      const { approval } = draft.job
      if ((approval?.asked?.round ?? 1) >= asked.round) return false
      draft.job.plan = redactJson(plan)
      draft.job.locks = []
      delete draft.ticket
      const entries = this.#ask(draft, rule, asked)
      if (approval !== undefined && draft.job.approval !== undefined)
        draft.job.approval.earlier = [...(approval.earlier ?? []), ...approval.verdicts]
      return entries
    })
    // Others need not wait for people.
    if (job.locks.length === 0) this.#parts.locks.release(this.#parts.id)
    this.#hasLocked = false
    await this.#decided()
  }

  #ask(draft: JobRecord, rule: ApprovalRule, asked: Asked | undefined): AuditEntry[] {
    // A job that waits for people ends at once when they say no.
    if (notUndone(draft.job).length > 0) {
      throw new Error('an approval is asked for before anything is done that would have to be undone')
    }
    const { approvers, from, expiresMs, within } = rule
    const now = this.#parts.clock.now()
    const end = within === undefined ? now + expiresMs : addWithin(within, now, expiresMs)
    const [askedAt, expiresAt] = [now, end].map((ms) => new Date(ms).toISOString()) as [string, string]
    moveTo(draft.job, 'awaiting-approval')
    draft.job.approval = { rule, askedAt, expiresAt, verdicts: [], ...(asked === undefined ? {} : { asked }) }
    const who = { approvers, ...(from === undefined ? {} : { from }) }
    return [{ event: 'job.approval-asked', ...who, expiresAt, ...asked }]
  }

  /** Waits until approvers have decided, or the time is over. */
  async #decided(): Promise<void> {
    const { clock, expire, id, log } = this.#parts
    const { state, approval } = this.job
    if (state !== 'awaiting-approval' || approval === undefined) return
    const left = Date.parse(approval.expiresAt) - clock.now()
    if (left <= 0) await expire(id)
    const disarm = clock.after(left, () => {
      expire(id).catch((error: unknown) => log.error({ err: error, job: id }, 'a job did not expire'))
    })
    try {
      await this.#until((job) => job.state !== 'awaiting-approval')
    } finally {
      disarm()
    }
  }

  inTheWay(names: readonly string[]): ErrorNote[] {
    const { id, locks, book } = this.#parts
    return locks
      .inTheWay(id, names)
      .map(({ name, job, heldSince }) => noteOf(lockedError({ name, job: book.job(job), heldSince })))
  }

  async lock(names: string[], { busy = 'queue' }: { busy?: Busy } = {}): Promise<void> {
    const { id, locks, nextTicket } = this.#parts
    this.#mustGoOn()
    if (this.#hasLocked)
      throw new Error('a body takes its locks once, all together: two takings could deadlock')
    this.#hasLocked = true
    const wanted = [...new Set(names)].sort()
    const before = this.job
    const isSame = wanted.join('\n') === before.locks.join('\n')
    if (before.state === 'running' && isSame) return
    if (before.state === 'running' || (before.locks.length > 0 && !isSame)) {
      throw new Error(`${id} wants the locks ${wanted} after it began to work with ${before.locks}`)
    }
    const [first] = busy === 'refuse' && before.locks.length === 0 ? this.inTheWay(wanted) : []
    if (first !== undefined) throw errorOf(first)
    // The place is taken before it is written down: then the two queues, here and after a restart, have one order.
    const granted = locks.acquire(id, wanted)
    if (before.state !== 'queued' || before.locks.length === 0) {
      const ticket = nextTicket()
      await this.#write((draft) => {
        if (draft.job.state === 'planning') moveTo(draft.job, 'queued')
        draft.job.locks = wanted
        draft.ticket = ticket
        return []
      })
    }
    await this.#orOut(granted)
    await this.#write((draft) => {
      moveToRunning(draft.job)
      return [{ event: 'job.started', locks: wanted }]
    })
  }

  publish(report: Report): void {
    this.#interim = redactJson(report)
    this.#showSoon()
  }

  async #runStep<T extends StepResult>(
    name: string,
    work: (control: StepControl) => Promise<T>,
    undo: Undo<T> | 'keep' | undefined,
  ): Promise<T> {
    const { id, book, log } = this.#parts
    const isNew = this.#journalled(name) === undefined
    const { byHand, onlyWhenDone = false } = undo === undefined || undo === 'keep' ? {} : undo
    const way = byHand === undefined ? {} : { byHand: redact(byHand) }
    await this.#write((draft) => {
      // After the plan a step is the work itself, whether or not it needs locks.
      if (draft.job.state === 'queued' || draft.job.plan !== undefined || byHand !== undefined)
        moveToRunning(draft.job)
      if (isNew) {
        const known = onlyWhenDone ? {} : way
        draft.job.steps.push({ name, state: 'running', startedAt: this.#now(), ...known })
      }
      return [{ event: 'job.step-started', step: name, ...(isNew ? {} : { again: true }) }]
    })
    try {
      await book.audited(id, this.signal)
      this.#stopping.signal.throwIfAborted()
      if (isNew && this.job.cancel !== undefined) throw cancelledError(this.job)
      const result = await work({
        key: `${id}/${name}`,
        signal: this.signal,
        progress: (line) => this.#say(name, line),
      })
      const kept = jsonOf(result)
      await this.#write((draft) => {
        endStep(draft, name, {
          state: 'done',
          endedAt: this.#now(),
          ...(kept === undefined ? {} : { result: kept }),
          ...way,
        })
        if (undo === 'keep') keepAll(draft)
        return [{ event: 'job.step-done', step: name }]
      })
      return kept as T
    } catch (error) {
      // Thrown by our own signal: the step is not over, it goes on at the next start.
      if (this.#isStopping(error)) throw new Interrupted()
      if (error instanceof JobOver) throw error
      const note = noteFor(error, log, { job: id, step: name })
      await this.#write((draft) => {
        endStep(draft, name, { state: 'failed', endedAt: this.#now(), error: note })
        return [{ event: 'job.step-failed', step: name, error: note }]
      })
      throw errorOf(note, error)
    }
  }

  async #end(error: unknown): Promise<void> {
    if (this.#isStopping(error)) return
    if (isOver(this.job)) return
    const { id, log } = this.#parts
    const note = this.job.undoing?.error ?? noteFor(error, log, { job: id })
    // A deaf step may still be at work: then nothing below it is pulled away.
    if (notUndone(this.job).length > 0 && this.#stepsAtWork.size === 0) await this.#undoing.all(note)
    await this.#write((draft) => endWith(draft, note))
  }

  /** Waits until no step is at work any more: locks must outlive the work that they protect. */
  async #settleSteps(): Promise<void> {
    if (this.#stepsAtWork.size === 0) return
    if (!this.signal.aborted)
      this.interrupt(new UserError('cancelled', 'Another step failed.', { fix: 'See the job.' }))
    const settled = Promise.allSettled([...this.#stepsAtWork])
    const enough = new AbortController()
    await Promise.race([
      settled,
      pause(this.#parts.clock, this.#parts.graceMs, enough.signal).catch(() => undefined),
    ])
    enough.abort()
  }

  /** A change by this run; tried again while the disk does not take it. */
  async #write(edit: (draft: JobRecord) => AuditEntry[] | false): Promise<Job> {
    const { book, id, clock, log } = this.#parts
    for (;;) {
      try {
        return await book.change(id, (draft) => {
          if (isOver(draft.job)) throw new JobOver(draft.job)
          const entries = edit(draft)
          if (entries !== false) this.#addInterim(draft.job)
          return entries
        })
      } catch (error) {
        if (!(error instanceof UserError && error.code === 'store-failed')) throw error
        log.error({ err: error, job: id }, 'a job cannot be written; it waits for the disk')
        await pause(clock, writeRetryMs, this.#stopping.signal)
      }
    }
  }

  #addInterim(job: Job): void {
    if (this.#interim !== undefined) job.report = this.#interim
    for (const step of job.steps) {
      const line = this.#progress.get(step.name)
      if (line !== undefined) step.progress = line
    }
    this.#interim = undefined
    this.#progress.clear()
  }

  #say(step: string, line: string): void {
    this.#progress.set(step, redact(line).slice(0, maxProgressChars))
    this.#showSoon()
  }

  #showSoon(): void {
    const { book, clock, id, log } = this.#parts
    if (this.#isInterimDue) return
    this.#isInterimDue = true
    clock.after(interimMs, () => {
      this.#isInterimDue = false
      if (this.#interim === undefined && this.#progress.size === 0) return
      book
        .change(id, (draft) => {
          if (isOver(draft.job)) return false
          this.#addInterim(draft.job)
          return []
        })
        .catch((error: unknown) => {
          if (!(error instanceof Interrupted)) log.warn({ err: error, job: id }, 'progress was not written')
        })
    })
  }

  #journalled(name: string): StepRecord | undefined {
    return this.job.steps.find((step) => step.name === name)
  }

  #mustGoOn(): void {
    this.#stopping.signal.throwIfAborted()
    if (isOver(this.job)) throw new JobOver(this.job)
  }

  #until(isReached: (job: Job) => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const { job } = this
        if (isOver(job)) reject(new JobOver(job))
        else if (isReached(job)) resolve()
        else if (this.signal.aborted) reject(this.signal.reason)
        else return
        this.#wakers.delete(look)
      }
      this.#wakers.add(look)
      look()
    })
  }

  /** What is waited for, or out when the job or the engine ends first. */
  async #orOut(wait: Promise<void>): Promise<void> {
    const isThere = { yes: false }
    const noticed = wait.then(() => {
      isThere.yes = true
      for (const wake of this.#wakers) wake()
    })
    await Promise.race([noticed, this.#until(() => isThere.yes)])
  }

  #isStopping(error: unknown): boolean {
    return error instanceof Interrupted || (this.#stopping.signal.aborted && this.job.cancel === undefined)
  }

  #now(): string {
    return new Date(this.#parts.clock.now()).toISOString()
  }
}

function checkRule(rule: ApprovalRule): void {
  if (Number.isInteger(rule.approvers) && rule.approvers >= 1 && rule.expiresMs > 0) return
  throw new Error(`an approval needs a number of approvers and a time: ${JSON.stringify(rule)}`)
}
