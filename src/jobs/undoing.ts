/** Takes back what a job did that cannot go on: a step of the journal for each, the latest first. */
import { type ErrorNote, UserError } from '../errors.js'
import type { Logger } from '../log.js'
import type { AuditEntry } from '../store/index.js'
import type { Clock } from './clock.js'
import { Interrupted, JobOver, noteFor } from './interruptions.js'
import type { Job, Json, StepResult, Undo } from './job.js'
import { type JobBook, pause } from './job-book.js'
import { notUndone, undoName } from './job-end.js'
import type { JobRecord } from './job-record.js'
import { endStep } from './step-journal.js'

export interface UndoingParts {
  id: string
  book: JobBook
  clock: Clock
  log: Logger
  /** How long undoing one step may take. */
  undoMs: number
  /** Aborted when the engine stops. */
  stopping: AbortSignal
  /** Waits while the disk does not take it. */
  write(edit: (draft: JobRecord) => AuditEntry[] | false): Promise<Job>
  progress(step: string, line: string): void
}

export class Undoing {
  readonly #parts: UndoingParts
  /** Ways back that the body told of, by step. */
  readonly #undos = new Map<string, Undo<Json | undefined>>()
  #isAtWork = false

  constructor(parts: UndoingParts) {
    this.#parts = parts
  }

  get isAtWork(): boolean {
    return this.#isAtWork
  }

  learn<T extends StepResult>(step: string, undo: Undo<T>): void {
    // What it gets is what the step gave, or nothing.
    this.#undos.set(step, undo as Undo<Json | undefined>)
  }

  /** No further than the first that cannot be undone: what came before may carry it. Rejects with Interrupted when the engine
   * stops first; then it goes on at the next start. */
  async all(why: ErrorNote): Promise<void> {
    this.#isAtWork = true
    const job = await this.#parts.write((draft) => {
      if (draft.job.undoing !== undefined) return false
      draft.job.undoing = { error: why, at: this.#now() }
      return [{ event: 'job.undoing', error: why }]
    })
    for (const { name, result } of notUndone(job)) {
      const undo = this.#undos.get(name)
      // Before a restart the body came further than now.
      if (undo === undefined || !(await this.#one(undoName(name), undo, result))) return
    }
  }

  /** Whether it was undone. */
  async #one(name: string, undo: Undo<Json | undefined>, result: Json | undefined): Promise<boolean> {
    const { id, book, log, stopping, write } = this.#parts
    const known = book.job(id).steps.find((step) => step.name === name)
    if (known?.state === 'failed') return false
    await write((draft) => {
      if (known === undefined) draft.job.steps.push({ name, state: 'running', startedAt: this.#now() })
      return [{ event: 'job.step-started', step: name, ...(known === undefined ? {} : { again: true }) }]
    })
    try {
      await book.audited(id, stopping)
      await this.#work(name, undo, result)
      await write((draft) => {
        endStep(draft, name, { state: 'done', endedAt: this.#now() })
        return [{ event: 'job.step-done', step: name }]
      })
      return true
    } catch (error) {
      if (stopping.aborted) throw new Interrupted()
      if (error instanceof JobOver) throw error
      const failure = noteFor(error, log, { job: id, step: name })
      await write((draft) => {
        endStep(draft, name, { state: 'failed', endedAt: this.#now(), error: failure })
        return [{ event: 'job.step-failed', step: name, error: failure }]
      })
      return false
    }
  }

  async #work(name: string, undo: Undo<Json | undefined>, result: Json | undefined): Promise<void> {
    const { id, clock, stopping, undoMs, progress } = this.#parts
    const enough = new AbortController()
    const signal = AbortSignal.any([stopping, enough.signal])
    const tooLong = pause(clock, undoMs, signal).then(() => {
      const error = timeout(name, undoMs)
      enough.abort(error)
      throw error
    })
    // It ends with the work, and then nobody listens.
    tooLong.catch(() => undefined)
    try {
      const control = { key: `${id}/${name}`, signal, progress: (line: string) => progress(name, line) }
      await Promise.race([undo.work(result, control), tooLong])
    } finally {
      enough.abort()
    }
  }

  #now(): string {
    return new Date(this.#parts.clock.now()).toISOString()
  }
}

function timeout(name: string, ms: number): UserError {
  return new UserError(
    'timeout',
    `"${name}" did not end within ${Math.round(ms / 1000)} s and may still be going on.`,
    { fix: 'Look at the host before you clear up.' },
  )
}
