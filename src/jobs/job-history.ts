/** Finished jobs: the last ones at hand, older ones in the archive, and those that are too old nowhere. */
import { join } from 'node:path'
import { UserError } from '../errors.js'
import type { Logger } from '../log.js'
import { type Archive, openArchive } from '../store/index.js'
import type { Clock } from './clock.js'
import { type HistoryFilter, isOver, isUnreviewed, type Job, type JobFilter } from './job.js'
import type { JobBook } from './job-book.js'
import { type JobRecord, jobRecordForm } from './job-record.js'

export interface HistoryParts {
  /** Of the data directory. */
  path: string
  book: JobBook
  log: Logger
  clock: Clock
  /** Finished jobs that stay at hand. */
  keepFinished: number
  /** For ever when undefined. */
  keepArchivedMs: number | undefined
  /** Whether it need not be at hand any more, old as it is. */
  mayGo(record: JobRecord): boolean
  /** It is in the archive, and no longer at hand. */
  gone(record: JobRecord): void
  /** Nothing is moved once the engine stops. */
  isWorking(): boolean
}

/** Jobs that go to the archive with one write. */
const archivedAtOnce = 100
const dayMs = 24 * 3_600_000

/** Call after the book was loaded. What is archived already and still has a document is at hand no longer. */
export async function openHistory(parts: HistoryParts): Promise<JobHistory> {
  const { path, book, log } = parts
  const archive = await openArchive({ path: join(path, 'jobs-archive'), form: jobRecordForm, log })
  // The bot died between the two.
  for (const { job } of book.records()) if (isOver(job) && archive.has(job.id)) await book.remove(job.id)
  return new JobHistory(parts, archive)
}

export class JobHistory {
  readonly #parts: HistoryParts
  readonly #archive: Archive<JobRecord>
  #isTidying = false
  /** When old months of the archive were looked for last. */
  #droppedAt = Number.NEGATIVE_INFINITY

  constructor(parts: HistoryParts, archive: Archive<JobRecord>) {
    this.#parts = parts
    this.#archive = archive
  }

  isArchived(id: string): boolean {
    return this.#archive.has(id)
  }

  /** Rejects with `unknown-job`, `store-damaged` or `store-failed`. */
  async find(id: string): Promise<Job> {
    const { book } = this.#parts
    const kept = book.record(id)?.job
    return kept ?? (await this.#archive.find(id))?.job ?? book.job(id)
  }

  /** Those at hand, the newest first. */
  kept(filter: JobFilter = {}): Job[] {
    const jobs = this.#parts.book
      .records()
      .map(({ job }) => job)
      .filter((job) => fits(job, filter))
      .reverse()
    return filter.limit === undefined ? jobs : jobs.slice(0, filter.limit)
  }

  /** Those at hand, and behind them the archived ones. Rejects as `find` does. */
  async page({ before, ...filter }: HistoryFilter): Promise<Job[]> {
    const { limit = Number.POSITIVE_INFINITY } = filter
    const isArchived = before !== undefined && this.#archive.has(before)
    // It has to be somewhere: a mistyped id must not give the first page again.
    const from = before === undefined || isArchived ? undefined : this.#parts.book.job(before)
    const kept = isArchived ? [] : this.kept()
    const found = kept
      .slice(from === undefined ? 0 : kept.findIndex(({ id }) => id === from.id) + 1)
      .filter((job) => fits(job, filter))
      .slice(0, limit)
    if (found.length >= limit) return found
    for await (const { job } of this.#archive.newestFirst(isArchived ? before : undefined)) {
      if (fits(job, filter)) found.push(job)
      if (found.length >= limit) break
    }
    return found
  }

  /** Throws `invalid-state` for what nobody can change any more. */
  refuseArchived(id: string): void {
    if (!this.#archive.has(id) || this.#parts.book.record(id) !== undefined) return
    throw new UserError('invalid-state', `${id} is over, and in the archive.`, {
      fix: `Look at what it did: job show ${id}`,
    })
  }

  /** Moves the oldest finished jobs beyond what is kept at hand. Rejects with `store-failed`; then they stay at hand. */
  async tidy(): Promise<void> {
    if (this.#isTidying) return
    this.#isTidying = true
    try {
      // What ends meanwhile is seen too.
      for (let old = this.#tooMany(); old.length > 0; old = this.#tooMany()) {
        await this.#move(old.slice(0, archivedAtOnce))
      }
      await this.#dropOld()
    } finally {
      this.#isTidying = false
    }
  }

  #tooMany(): JobRecord[] {
    const { book, keepFinished, mayGo, isWorking } = this.#parts
    if (!isWorking()) return []
    // What has to be reviewed yet stays in sight.
    const finished = book.records().filter(({ job }) => isOver(job) && !isUnreviewed(job))
    if (finished.length <= keepFinished) return []
    return finished
      .sort((a, b) => Date.parse(a.job.endedAt ?? '') - Date.parse(b.job.endedAt ?? ''))
      .slice(0, finished.length - keepFinished)
      .filter((record) => book.isAudited(record.job.id) && mayGo(record))
  }

  /** Appended first, removed then: a crash in between leaves both, and the next start removes the second. */
  async #move(records: readonly JobRecord[]): Promise<void> {
    const { book, gone } = this.#parts
    await this.#archive.append(
      records.map((record) => ({
        key: record.job.id,
        at: record.job.endedAt ?? record.job.updatedAt,
        data: { ...record, unaudited: [] },
      })),
    )
    for (const record of records) {
      await book.remove(record.job.id)
      gone(record)
    }
  }

  async #dropOld(): Promise<void> {
    const { clock, keepArchivedMs } = this.#parts
    const now = clock.now()
    if (keepArchivedMs === undefined || now - this.#droppedAt < dayMs) return
    this.#droppedAt = now
    await this.#archive.dropBefore(now - keepArchivedMs)
  }
}

function fits(job: Job, { states, requester, unreviewed }: JobFilter): boolean {
  return (
    (states === undefined || states.includes(job.state)) &&
    (requester === undefined || job.requester.id === requester) &&
    (unreviewed !== true || isUnreviewed(job))
  )
}
