/** All jobs, in memory for reading and on disk for keeps. Every change of a job goes through {@link JobBook.change}. */
import { setImmediate } from 'node:timers/promises'
import { UserError } from '../errors.js'
import type { Logger } from '../log.js'
import type { AuditEntry, DocumentFolder } from '../store/index.js'
import type { Clock } from './clock.js'
import { Interrupted, JobOver } from './interruptions.js'
import { isOver, type Job } from './job.js'
import { JobListeners } from './job-listeners.js'
import type { JobRecord } from './job-record.js'

/** Changes the draft in place and says what the audit log is to have; `false` when there is nothing to change. Throws to
 * refuse; then nothing happened. */
export type Edit = (draft: JobRecord) => AuditEntry[] | false

export interface BookParts {
  folder: DocumentFolder<JobRecord>
  audit: (entry: AuditEntry) => Promise<void>
  log: Logger
  clock: Clock
}

/** How long after a failed append to the audit log the next try is made. */
const auditRetryMs = 5000

export class JobBook {
  readonly #folder: DocumentFolder<JobRecord>
  readonly #audit: (entry: AuditEntry) => Promise<void>
  readonly #log: Logger
  readonly #clock: Clock
  /** In the order of submission. */
  readonly #records = new Map<string, JobRecord>()
  /** The last change of each job that is being changed: older text must never be written after newer. */
  readonly #changing = new Map<string, Promise<unknown>>()
  readonly #unaudited = new Map<string, AuditEntry[]>()
  readonly #auditing = new Map<string, Promise<void>>()
  /** Whose document still names entries that the audit log has by now. */
  readonly #stale = new Set<string>()
  readonly #listeners: JobListeners
  /** Of jobs at work: with many of them nobody is asked whether a change is theirs. */
  readonly #wakers = new Map<string, () => void>()
  #isClosed = false

  constructor({ folder, audit, log, clock }: BookParts) {
    this.#folder = folder
    this.#audit = audit
    this.#log = log
    this.#clock = clock
    this.#listeners = new JobListeners(log)
  }

  async load(): Promise<void> {
    const records = [...(await this.#folder.load()).values()].sort((a, b) => a.number - b.number)
    for (const record of records) {
      this.#records.set(record.job.id, deepFreeze(record))
      if (record.unaudited.length > 0) {
        this.#unaudited.set(record.job.id, [...record.unaudited])
        this.#stale.add(record.job.id)
        await this.#flushAudit(record.job.id)
      }
    }
    await this.#freshen()
  }

  record(id: string): JobRecord | undefined {
    return this.#records.get(id)
  }

  /** In the order of submission. */
  records(): JobRecord[] {
    return [...this.#records.values()]
  }

  job(id: string): Job {
    const record = this.#records.get(id)
    if (record !== undefined) return record.job
    throw new UserError('unknown-job', `There is no job "${id}".`, {
      fix: 'See which there are: job list --all. The audit log knows those that the archive has no more.',
    })
  }

  /** A new job. Rejects with `store-failed`; then there is none. */
  async add(record: JobRecord, entries: AuditEntry[]): Promise<Job> {
    if (this.#isClosed) throw new Interrupted()
    return this.#inTurn(record.job.id, () => this.#commit(record, entries))
  }

  /**
   * Changes a job and resolves when that is on disk. Changes of one job happen one after another. Rejects with what the
   * edit threw, with `store-failed` (nothing changed), JobOver or Interrupted.
   */
  async change(id: string, edit: Edit): Promise<Job> {
    return this.#inTurn(id, () => this.#change(id, edit))
  }

  /** The same for a job that is over: what is said about it afterwards. */
  async annotate(id: string, edit: Edit): Promise<Job> {
    return this.#inTurn(id, () => this.#change(id, edit, { afterwards: true }))
  }

  async remove(id: string): Promise<void> {
    await this.#folder.remove(id)
    this.#records.delete(id)
    this.#stale.delete(id)
  }

  /** Whether the audit log has everything about this job. */
  isAudited(id: string): boolean {
    return !this.#unaudited.has(id)
  }

  /** Resolves when the audit log has everything about this job: no work is done that it would not know of. */
  async audited(id: string, signal: AbortSignal): Promise<void> {
    while (this.#unaudited.has(id)) {
      if (this.#isClosed) throw new Interrupted()
      await this.#flushAudit(id)
      if (this.#unaudited.has(id)) await pause(this.#clock, auditRetryMs, signal)
    }
  }

  onChange(listener: (job: Job) => void): () => void {
    return this.#listeners.add(listener)
  }

  /** Whoever works this job hears of its changes, after everybody else. Returns the way to stop. */
  onChangeOf(id: string, wake: () => void): () => void {
    this.#wakers.set(id, wake)
    return () => {
      if (this.#wakers.get(id) === wake) this.#wakers.delete(id)
    }
  }

  /** Waits for changes under way and allows no more. */
  async close(): Promise<void> {
    this.#isClosed = true
    while (this.#changing.size > 0) {
      await Promise.allSettled(this.#changing.values())
      await setImmediate()
    }
    await Promise.allSettled(this.#auditing.values())
    await this.#freshen()
  }

  async #inTurn<T>(id: string, work: () => Promise<T>): Promise<T> {
    const before = this.#changing.get(id) ?? Promise.resolve()
    const mine = before.then(work, work)
    this.#changing.set(id, mine)
    try {
      return await mine
    } finally {
      if (this.#changing.get(id) === mine) this.#changing.delete(id)
    }
  }

  async #change(id: string, edit: Edit, { afterwards = false } = {}): Promise<Job> {
    if (this.#isClosed) throw new Interrupted()
    const before = this.#records.get(id)
    if (before === undefined) return this.job(id)
    const draft = structuredClone(before)
    const entries = edit(draft)
    if (entries === false) return before.job
    if (isOver(before.job) && !afterwards) throw new JobOver(before.job)
    draft.job.revision += 1
    return this.#commit(draft, entries)
  }

  async #commit(draft: JobRecord, entries: AuditEntry[]): Promise<Job> {
    const { job } = draft
    job.updatedAt = new Date(this.#clock.now()).toISOString()
    if (isOver(job) && job.endedAt === undefined) end(job)
    const stamped = entries.map(({ event, ...rest }) => ({
      event,
      job: job.id,
      revision: job.revision,
      ...rest,
    }))
    const unaudited = [...(this.#unaudited.get(job.id) ?? []), ...stamped]
    // Read again from its own text: then what is in memory is what a restart will find.
    const record: JobRecord = deepFreeze(JSON.parse(JSON.stringify({ ...draft, unaudited })))
    await this.#folder.write(job.id, record)
    this.#records.set(job.id, record)
    if (unaudited.length > 0) {
      this.#unaudited.set(job.id, unaudited)
      this.#stale.add(job.id)
    }
    this.#listeners.tell(record.job)
    this.#wakers.get(job.id)?.()
    await this.#flushAudit(job.id)
    if (isOver(record.job)) await this.#freshen(job.id)
    return record.job
  }

  /** Never rejects: what could not be appended stays for the next try. */
  async #flushAudit(id: string): Promise<void> {
    // Whoever appends may be past its last look when something is added, so waiting for it is not enough.
    while (this.#auditing.has(id)) await this.#auditing.get(id)
    if (!this.#unaudited.has(id)) return
    const work = this.#appendAll(id).finally(() => this.#auditing.delete(id))
    this.#auditing.set(id, work)
    return work
  }

  async #appendAll(id: string): Promise<void> {
    for (;;) {
      const [entry, ...rest] = this.#unaudited.get(id) ?? []
      if (entry === undefined) break
      try {
        await this.#audit(entry)
      } catch (error) {
        this.#log.error({ err: error, job: id }, 'the audit log cannot be written; the job waits for it')
        this.#retryAudit(id)
        return
      }
      // Later changes may have added to it meanwhile.
      const left = this.#unaudited.get(id)?.slice(1) ?? rest
      if (left.length === 0) this.#unaudited.delete(id)
      else this.#unaudited.set(id, left)
    }
  }

  #retryAudit(id: string): void {
    this.#clock.after(auditRetryMs, () => {
      if (this.#isClosed) return
      this.#inTurn(id, async () => {
        await this.#flushAudit(id)
        await this.#freshen(id)
      }).catch((error: unknown) => this.#log.error({ err: error, job: id }, 'a job could not be tidied'))
    })
  }

  /** Takes entries that the audit log has out of documents, so that a restart does not append them again. */
  async #freshen(only?: string): Promise<void> {
    for (const id of only === undefined ? [...this.#stale] : [only]) {
      const record = this.#records.get(id)
      if (record === undefined || !this.#stale.has(id) || this.#unaudited.has(id)) continue
      const fresh = deepFreeze({ ...record, unaudited: [] })
      try {
        await this.#folder.write(id, fresh)
      } catch (error) {
        this.#log.warn(
          { err: error, job: id },
          'a job was not tidied; its last audit entries may appear twice',
        )
        continue
      }
      this.#records.set(id, fresh)
      this.#stale.delete(id)
    }
  }
}

function end(job: Job): void {
  job.endedAt = job.updatedAt
  for (const step of job.steps) {
    if (step.state !== 'running') continue
    step.state = 'failed'
    step.endedAt = job.updatedAt
    step.error = {
      code: 'cancelled',
      message: 'The job ended while this was under way; it may have been done in part.',
      fix: 'Look at the host before you try again.',
    }
  }
}

/** Rejects with the signal's reason when it is aborted first. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason)
      return
    }
    const leave = () => {
      prevent()
      reject(signal.reason)
    }
    const prevent = clock.after(ms, () => {
      signal.removeEventListener('abort', leave)
      resolve()
    })
    signal.addEventListener('abort', leave, { once: true })
  })
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const each of Object.values(value)) deepFreeze(each)
  }
  return value
}
