/** The local engine: one process, documents in the data directory. */
import { join } from 'node:path'
import { UserError } from '../errors.js'
import type { Logger } from '../log.js'
import { redact } from '../redact.js'
import { type AuditEntry, openDocumentFolder } from '../store/index.js'
import { type Clock, systemClock } from './clock.js'
import type { JobsParts } from './create-jobs.js'
import { enterReview, enterVerdict, expired } from './decision.js'
import { cancelledError, Interrupted, JobOver } from './interruptions.js'
import {
  type HistoryFilter,
  isOver,
  type Job,
  type JobBody,
  type JobFilter,
  type JobRequest,
  type Jobs,
  type LockView,
  type Person,
  type Verdict,
} from './job.js'
import { JobBook, pause } from './job-book.js'
import { endWith } from './job-end.js'
import { type JobHistory, openHistory } from './job-history.js'
import { JobListeners } from './job-listeners.js'
import { type JobRecord, jobRecordForm } from './job-record.js'
import { JobRun } from './job-run.js'
import { LockTable } from './lock-table.js'
import { randomId } from './random-id.js'
import { moveTo } from './transitions.js'

/** How long a repeated idempotency key means the same job. Slack redelivers within the hour. */
const keyLifeMs = 24 * 3_600_000
const retryMs = 5000

export class LocalEngine implements Jobs {
  readonly #parts: JobsParts
  readonly #clock: Clock
  readonly #log: Logger
  readonly #newId: () => string
  readonly #cancelGraceMs: number
  readonly #stopGraceMs: number
  readonly #keepFinished: number
  readonly #bodies = new Map<string, Map<number, JobBody>>()
  readonly #locks: LockTable
  readonly #listeners: JobListeners
  readonly #runs = new Map<string, { run: JobRun; done: Promise<void> }>()
  /** Idempotency key → job. */
  readonly #keys = new Map<string, string>()
  /** Ids of jobs that are being written for the first time. */
  readonly #reserved = new Set<string>()
  readonly #submitting = new Map<string, Promise<Job>>()
  readonly #background = new Set<Promise<void>>()
  #book: JobBook | undefined
  #history: JobHistory | undefined
  #isWorking = false
  #lastNumber = 0
  #lastTicket = 0

  constructor(parts: JobsParts) {
    this.#parts = parts
    this.#clock = parts.clock ?? systemClock
    this.#log = parts.log
    this.#listeners = new JobListeners(parts.log)
    this.#newId = parts.newId ?? (() => randomId('j'))
    this.#cancelGraceMs = parts.cancelGraceMs ?? 60_000
    this.#stopGraceMs = parts.stopGraceMs ?? 5000
    this.#keepFinished = parts.keepFinished ?? 1000
    this.#locks = new LockTable(() => this.#clock.now())
  }

  register(name: string, version: number, body: JobBody): void {
    const versions = this.#bodies.get(name) ?? new Map<number, JobBody>()
    if (versions.has(version)) throw new Error(`job body ${name} version ${version} is registered twice`)
    this.#bodies.set(name, versions.set(version, body))
  }

  async start(): Promise<void> {
    if (this.#isWorking) throw new Error('the job engine was started already')
    const folder = await (this.#parts.openFolder ?? openDocumentFolder)({
      path: join(this.#parts.data.path, 'jobs'),
      form: jobRecordForm,
      log: this.#log,
    })
    const book = new JobBook({ folder, audit: this.#parts.audit, log: this.#log, clock: this.#clock })
    await book.load()
    this.#history = await openHistory({
      ...{ path: this.#parts.data.path, book, log: this.#log, clock: this.#clock },
      keepFinished: this.#keepFinished,
      keepArchivedMs: this.#parts.keepArchivedMs,
      mayGo: ({ job, idempotencyKey }) => idempotencyKey === undefined || !this.#isFresh(job),
      gone: ({ job, idempotencyKey }) => {
        this.#reserved.delete(job.id)
        if (idempotencyKey !== undefined) this.#keys.delete(idempotencyKey)
      },
      isWorking: () => this.#isWorking,
    })
    this.#book = book
    book.onChange((job) => this.#hear(job))
    const records = book.records()
    this.#lastNumber = Math.max(0, ...records.map(({ number }) => number))
    this.#lastTicket = Math.max(0, ...records.map(({ ticket }) => ticket ?? 0))
    for (const { idempotencyKey, job } of records) {
      if (idempotencyKey !== undefined) this.#keys.set(idempotencyKey, job.id)
    }
    const unfinished = records.filter(({ job }) => !isOver(job))
    this.#restoreLocks(unfinished)
    this.#isWorking = true
    for (const { job } of unfinished) await this.#resume(job)
    this.#tidy()
  }

  async stop(): Promise<void> {
    if (!this.#isWorking) return
    this.#isWorking = false
    const runs = [...this.#runs.values()]
    for (const { run } of runs) run.interrupt(new Interrupted())
    await this.#within(Promise.all(runs.map(({ done }) => done)))
    await this.#within(Promise.allSettled(this.#submitting.values()))
    // Not for ever either: a disk that hangs must not keep the bot from ending.
    await this.#within(Promise.allSettled([this.#book?.close(), ...this.#background]))
    this.#runs.clear()
    this.#locks.clear()
    this.#keys.clear()
  }

  async submit(request: JobRequest): Promise<Job> {
    const book = this.#atWork()
    const key = request.idempotencyKey
    if (key === undefined) return this.#submit(book, request)
    const known = this.#jobOfKey(key)
    if (known !== undefined) return known
    const submitting = this.#submitting.get(key) ?? this.#submit(book, request)
    this.#submitting.set(key, submitting)
    try {
      return await submitting
    } finally {
      this.#submitting.delete(key)
    }
  }

  get(id: string): Job {
    return this.#anyBook().job(id)
  }

  list(filter?: JobFilter): Job[] {
    return this.#anyHistory().kept(filter)
  }

  async find(id: string): Promise<Job> {
    return this.#anyHistory().find(id)
  }

  async history(filter: HistoryFilter = {}): Promise<Job[]> {
    return this.#anyHistory().page(filter)
  }

  async decide(id: string, verdict: Omit<Verdict, 'at'>): Promise<Job> {
    const book = this.#atWork()
    this.#anyHistory().refuseArchived(id)
    try {
      return await book.change(id, ({ job }) =>
        enterVerdict(job, { ...verdict, at: new Date(this.#clock.now()).toISOString() }),
      )
    } catch (error) {
      if (error instanceof UserError && error.code === 'expired') await this.#expire(id)
      if (error instanceof UserError && error.code === 'own-request') {
        this.#inBackground(this.#parts.audit({ event: 'job.own-decision-refused', job: id, by: verdict.by }))
      }
      throw error
    }
  }

  async review(id: string, review: Parameters<Jobs['review']>[1]): Promise<Job> {
    const book = this.#atWork()
    this.#anyHistory().refuseArchived(id)
    return book.annotate(id, ({ job }) =>
      enterReview(job, { ...review, at: new Date(this.#clock.now()).toISOString() }),
    )
  }

  async cancel(id: string, by: Person, reason?: string): Promise<Job> {
    const book = this.#atWork()
    this.#anyHistory().refuseArchived(id)
    return book.change(id, ({ job: draft }) => {
      if (isOver(draft)) {
        throw new UserError('invalid-state', `${id} is over already: ${draft.state}.`, {
          fix: `Look at what it did: job show ${id}`,
        })
      }
      if (draft.undoing !== undefined) {
        throw new UserError('invalid-state', `${id} could not go on and is undoing what it did.`, {
          fix: `See how far it is: job show ${id}`,
        })
      }
      if (draft.cancel !== undefined) return false
      const why = reason === undefined ? {} : { reason: redact(reason) }
      draft.cancel = { by, at: new Date(this.#clock.now()).toISOString(), ...why }
      if (draft.state !== 'running') {
        moveTo(draft, 'cancelled')
        const { code, message, fix } = cancelledError(draft)
        draft.error = { code, message, fix }
      }
      return [{ event: 'job.cancel-asked', by, ...why, state: draft.state }]
    })
  }

  onChange(listener: (job: Job) => void): () => void {
    return this.#listeners.add(listener)
  }

  locks(): LockView[] {
    return this.#locks.held().map(({ name, job, heldSince, waiting }) => {
      const { title, requester } = this.get(job)
      return { name, holder: { job, title, requester, since: new Date(heldSince).toISOString() }, waiting }
    })
  }

  async #within(work: Promise<unknown>): Promise<void> {
    const enough = new AbortController()
    await Promise.race([work, pause(this.#clock, this.#stopGraceMs, enough.signal).catch(() => undefined)])
    enough.abort()
  }

  async #submit(book: JobBook, request: JobRequest): Promise<Job> {
    const { body, title, input, requester, reason, origin, idempotencyKey } = request
    const why = reason === undefined ? {} : { reason: redact(reason) }
    const version = Math.max(...(this.#bodies.get(body)?.keys() ?? []))
    if (!Number.isFinite(version)) throw new Error(`no job body is registered as "${body}"`)
    const id = this.#freeId(book)
    const createdAt = new Date(this.#clock.now()).toISOString()
    this.#lastNumber += 1
    const record: JobRecord = {
      job: {
        id,
        body,
        version,
        title: redact(title),
        input,
        requester,
        ...why,
        origin,
        state: 'planning',
        locks: [],
        steps: [],
        createdAt,
        updatedAt: createdAt,
        revision: 1,
      },
      number: this.#lastNumber,
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      unaudited: [],
    }
    const job = await book.add(record, [
      { event: 'job.requested', by: requester, title: record.job.title, ...why, input, origin },
    ])
    if (idempotencyKey !== undefined) this.#keys.set(idempotencyKey, id)
    await this.#resume(job)
    return job
  }

  #freeId(book: JobBook): string {
    for (let attempt = 0; attempt < 1000; attempt += 1) {
      const id = this.#newId()
      if (book.record(id) === undefined && !this.#reserved.has(id) && !this.#history?.isArchived(id)) {
        this.#reserved.add(id)
        return id
      }
    }
    throw new Error('no free job id was found')
  }

  #jobOfKey(key: string): Job | undefined {
    const id = this.#keys.get(key)
    const job = id === undefined ? undefined : this.#book?.record(id)?.job
    return job !== undefined && this.#isFresh(job) ? job : undefined
  }

  #isFresh(job: Job): boolean {
    return this.#clock.now() - Date.parse(job.createdAt) < keyLifeMs
  }

  #restoreLocks(unfinished: JobRecord[]): void {
    const placed = unfinished.filter(({ job }) => job.locks.length > 0)
    const byTicket = placed.sort((a, b) => (a.ticket ?? 0) - (b.ticket ?? 0))
    for (const state of ['running', 'queued'] as const) {
      for (const { job } of byTicket) if (job.state === state) this.#locks.restore(job.id, job.locks)
    }
  }

  async #resume(job: Job): Promise<void> {
    const book = this.#anyBook()
    const body = this.#bodies.get(job.body)?.get(job.version)
    if (body === undefined) {
      await this.#insist(job.id, (draft) =>
        endWith(draft, {
          code: 'changed-since',
          message: `qnav was upgraded while ${job.id} was under way, and this version cannot go on with it (${job.body} ${job.version}).`,
          fix: `Look at what was done (job show ${job.id}), then ask again: ${job.title}`,
        }),
      )
      return
    }
    const run = new JobRun({
      id: job.id,
      body,
      book,
      locks: this.#locks,
      clock: this.#clock,
      log: this.#log,
      nextTicket: () => {
        this.#lastTicket += 1
        return this.#lastTicket
      },
      expire: (id) => this.#expire(id),
      graceMs: this.#cancelGraceMs,
      undoMs: this.#parts.undoMs ?? 600_000,
    })
    const done = run.work().then(() => {
      this.#runs.delete(job.id)
    })
    this.#runs.set(job.id, { run, done })
    if (job.cancel !== undefined || job.undoing !== undefined) this.#makeGiveUp(job)
  }

  /** After each durable change, before anybody else hears of it. */
  #hear(job: Job): void {
    if (isOver(job)) {
      this.#locks.release(job.id)
      this.#runs.get(job.id)?.run.interrupt(new JobOver(job))
      this.#tidy()
    } else if (job.cancel !== undefined && job.undoing === undefined) {
      this.#makeGiveUp(job)
    }
    this.#listeners.tell(job)
  }

  /** A cancelled job that runs: its step is told, and has a bounded time to give up. One that undoes after a restart has it to
   * come to where it was. */
  #makeGiveUp(job: Job): void {
    const running = this.#runs.get(job.id)
    if (running === undefined || running.run.signal.aborted) return
    if (job.undoing === undefined) running.run.interrupt(cancelledError(job))
    const prevent = this.#clock.after(this.#cancelGraceMs, () => {
      if (!running.run.isUndoing) this.#inBackground(this.#endUnheard(job.id))
    })
    // Not waited for when stopping: a deaf step never ends. `done` never rejects.
    void running.done.then(prevent)
  }

  async #endUnheard(id: string): Promise<void> {
    const seconds = Math.round(this.#cancelGraceMs / 1000)
    await this.#insist(id, (draft) => {
      if (isOver(draft.job)) return false
      const busy = draft.job.steps.filter(({ state }) => state === 'running').map(({ name }) => `"${name}"`)
      return endWith(draft, {
        code: 'timeout',
        message: `${busy.join(', ') || 'its work'} did not stop within ${seconds} s and may still be going on.`,
        fix: `Look at the host before you try again.`,
      })
    })
  }

  async #expire(id: string): Promise<void> {
    await this.#insist(id, (draft) => {
      const { job } = draft
      const isTimeOver = Date.parse(job.approval?.expiresAt ?? '') <= this.#clock.now()
      if (job.state !== 'awaiting-approval' || !isTimeOver) return false
      moveTo(job, 'expired')
      const { code, message, fix } = expired(job)
      job.error = { code, message, fix }
      return [{ event: 'job.expired', error: job.error }]
    })
  }

  /** A change that nobody waits for and that must happen, if need be when the disk is writable again. */
  async #insist(id: string, edit: (draft: JobRecord) => AuditEntry[] | false): Promise<void> {
    const book = this.#anyBook()
    try {
      await book.change(id, edit)
    } catch (error) {
      if (error instanceof Interrupted) return
      if (!(error instanceof UserError && error.code === 'store-failed')) throw error
      this.#log.error({ err: error, job: id }, 'a job cannot be written; trying again')
      this.#clock.after(retryMs, () => {
        if (this.#isWorking) this.#inBackground(this.#insist(id, edit))
      })
    }
  }

  #tidy(): void {
    this.#inBackground(this.#anyHistory().tidy())
  }

  #inBackground(work: Promise<unknown>): void {
    const noted = work.then(
      () => undefined,
      (error: unknown) => this.#log.error({ err: error }, 'background work of the job engine failed'),
    )
    this.#background.add(noted)
    noted.finally(() => this.#background.delete(noted))
  }

  #atWork(): JobBook {
    if (this.#isWorking && this.#book !== undefined) return this.#book
    throw new UserError('invalid-state', 'qnav is starting or stopping; nothing was changed.', {
      fix: 'Try again in a moment.',
    })
  }

  #anyHistory(): JobHistory {
    if (this.#history === undefined) throw new Error('the job engine was not started')
    return this.#history
  }

  #anyBook(): JobBook {
    if (this.#book === undefined) throw new Error('the job engine was not started')
    return this.#book
  }
}
