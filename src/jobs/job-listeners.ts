/** Who wants to hear of changes; none of them can disturb the jobs or the others. */
import type { Logger } from '../log.js'
import type { Job } from './job.js'

export class JobListeners {
  readonly #log: Logger
  readonly #listeners = new Set<(job: Job) => void>()

  constructor(log: Logger) {
    this.#log = log
  }

  /** Returns the way to stop listening. */
  add(listener: (job: Job) => void): () => void {
    // Wrapped, so that one function added twice is two listeners.
    const mine = (job: Job) => listener(job)
    this.#listeners.add(mine)
    return () => this.#listeners.delete(mine)
  }

  tell(job: Job): void {
    const failed = (error: unknown) =>
      this.#log.error({ err: error, job: job.id }, 'somebody who listens to jobs failed')
    for (const listener of this.#listeners) {
      try {
        // An async function is taken as a listener too, and its rejection would be nobody's.
        Promise.resolve(listener(job) as unknown).catch(failed)
      } catch (error) {
        failed(error)
      }
    }
  }
}
