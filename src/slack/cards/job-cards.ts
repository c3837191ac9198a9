/** Keeps the cards of all jobs true: one where it was asked, one where approvers are. */
import { isOver, type Job, type Jobs } from '../../jobs/index.js'
import { RecentKeys } from '../recent-keys.js'
import type { CardEntry } from './card-book.js'
import { type CardPlace, JobFaces, type JobFacesParts } from './job-faces.js'

export interface JobCardsParts extends JobFacesParts {
  jobs: Pick<Jobs, 'get' | 'list' | 'onChange'>
}

/** Finished jobs whose cards are known to be done; a late change of such a job makes no new card. */
const finishedRemembered = 5000

export class JobCards {
  readonly #parts: JobCardsParts
  readonly #faces = new Map<string, JobFaces>()
  /** From before the restart, until their jobs are met. */
  readonly #remembered = new Map<string, CardEntry>()
  readonly #finished: RecentKeys
  #stopListening: (() => void) | undefined

  constructor(parts: JobCardsParts) {
    this.#parts = parts
    this.#finished = new RecentKeys(finishedRemembered, parts.clock)
  }

  /** Reads where the cards are, then follows every change. Rejects with `store-failed`. */
  async start(): Promise<void> {
    for (const [id, entry] of await this.#parts.book.load()) this.#remembered.set(id, entry)
    this.#stopListening = this.#parts.jobs.onChange((job) => this.#show(job))
  }

  /** Brings every card up to date with what happened while nobody listened. */
  catchUp(): void {
    const { jobs, book, log } = this.#parts
    for (const id of [...this.#remembered.keys()]) {
      try {
        this.#show(jobs.get(id))
      } catch (error) {
        log.warn({ err: error, job: id }, 'a card belongs to a job that is no more')
        this.#remembered.delete(id)
        book
          .remove(id)
          .catch((failed: unknown) => log.error({ err: failed, job: id }, 'a card was not forgotten'))
      }
    }
    const unfinished = jobs.list({ states: ['planning', 'awaiting-approval', 'queued', 'running'] })
    for (const job of [...unfinished, ...jobs.list({ unreviewed: true })]) this.#show(job)
  }

  stop(): void {
    this.#stopListening?.()
    for (const faces of this.#faces.values()) faces.stop()
  }

  /** Resolves when the job's card was posted or could not be. */
  async placeOf(job: Job): Promise<CardPlace> {
    if (!this.#faces.has(job.id)) this.#show(job)
    return this.#faces.get(job.id)?.placed() ?? { kind: 'channel' }
  }

  /** Shows the present state again, for a card that somebody found stale. */
  refresh(job: Job): void {
    this.#show(job)
  }

  /** Never throws: it is called by the engine in the middle of its work. */
  #show(job: Job): void {
    try {
      if (this.#finished.has(job.id)) return
      const faces = this.#facesOf(job)
      faces.show(job)
      if (isOver(job)) void faces.finish().then((done) => done && this.#forget(job.id, faces))
    } catch (error) {
      this.#parts.log.error({ err: error, job: job.id }, 'the card of a job could not be shown')
    }
  }

  #facesOf(job: Job): JobFaces {
    const known = this.#faces.get(job.id)
    if (known !== undefined) return known
    const faces = new JobFaces(job, this.#remembered.get(job.id), this.#parts)
    this.#remembered.delete(job.id)
    this.#faces.set(job.id, faces)
    return faces
  }

  #forget(id: string, faces: JobFaces): void {
    if (this.#faces.get(id) !== faces) return
    this.#faces.delete(id)
    this.#finished.add(id)
  }
}
