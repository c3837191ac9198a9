/** What ran by break-glass: announced at once, followed to its end, and called to mind until somebody has reviewed it. */
import { isUnreviewed, type Job } from '../../jobs/index.js'
import { PostFailed } from '../outbox/index.js'
import { breakGlassCard, reviewReminder } from '../views/index.js'
import type { CardEntry } from './card-book.js'
import type { JobFacesParts } from './job-faces.js'
import { LiveMessage, type Placed } from './live-message.js'

export interface BreakGlassParts extends JobFacesParts {
  job: Job
  entry: CardEntry
  remember(): Promise<void>
}

const mostCalled = 10
/** How often an announcement that could not be posted is tried again. */
const retryMs = 60_000
const remindUnlessSaidMs = 24 * 3_600_000

export class BreakGlassMessage {
  readonly #parts: BreakGlassParts
  readonly #message: LiveMessage
  #job: Job
  #cancelReminder: (() => void) | undefined
  #cancelRetry: (() => void) | undefined
  #reminding: Promise<void> = Promise.resolve()

  constructor(parts: BreakGlassParts) {
    this.#parts = parts
    this.#job = parts.job
    const note = parts.entry.announcement
    this.#message = new LiveMessage({
      outbox: parts.outbox,
      render: () => breakGlassCard(this.#job),
      place: () => this.#place(),
      ...(note?.ts === undefined ? {} : { at: { channel: note.channel, ts: note.ts } }),
    })
  }

  show(job: Job): void {
    this.#job = job
    if (job.breakGlass === undefined) return
    this.#message.refresh(!isUnreviewed(job))
    if (isUnreviewed(job)) this.#remindInTime()
    else this.stop()
  }

  async settled(): Promise<void> {
    await this.#message.settled()
    await this.#reminding
  }

  stop(): void {
    this.#cancelReminder?.()
    this.#cancelRetry?.()
    this.#cancelReminder = undefined
  }

  async #place(): Promise<Placed | undefined> {
    const { entry, outbox, remember, log, clock, approvalsChannel, breakGlass } = this.#parts
    const channel = breakGlass?.channel ?? approvalsChannel ?? this.#job.origin.channel
    if (channel === undefined) {
      log.error({ job: this.#job.id }, 'there is no channel to announce break-glass in')
      return undefined
    }
    const mayExist = entry.announcement !== undefined
    entry.announcement = { channel }
    await remember()
    const message = breakGlassCard(this.#job)
    try {
      const key = `break-glass:${this.#job.id}`
      const { wasThere, ...at } = await outbox.post({ key, channel, message, mayExist, worth: 'card' })
      entry.announcement = at
      await remember()
      return wasThere ? { at } : { at, message }
    } catch (error) {
      log.error({ err: error, job: this.#job.id, channel }, 'break-glass could not be announced')
      if (error instanceof PostFailed && error.refused) delete entry.announcement
      this.#cancelRetry?.()
      this.#cancelRetry = clock.after(retryMs, () => this.show(this.#job))
      return undefined
    }
  }

  #remindInTime(): void {
    const { entry, clock, breakGlass } = this.#parts
    if (this.#cancelReminder !== undefined || this.#job.breakGlass === undefined) return
    const everyMs = breakGlass?.remindMs ?? remindUnlessSaidMs
    const sinceMs = clock.now() - Date.parse(this.#job.breakGlass.at)
    // Those of the time that nobody was here are one.
    const next = Math.max((entry.reviewReminders ?? 0) + 1, Math.floor(sinceMs / everyMs))
    this.#cancelReminder = clock.after(Math.max(0, next * everyMs - sinceMs), () => {
      this.#cancelReminder = undefined
      this.#reminding = this.#remind(next)
    })
  }

  /** Never rejects. */
  async #remind(count: number): Promise<void> {
    const { approvers, entry, outbox, remember, log } = this.#parts
    const { breakGlass, requester } = this.#job
    if (breakGlass === undefined || !isUnreviewed(this.#job)) return
    entry.reviewReminders = count
    try {
      await this.#message.placed()
      const all = (await approvers.approversOf(breakGlass.rule)).filter((id) => id !== requester.id)
      const message = reviewReminder(
        this.#job,
        (all.length > mostCalled ? [] : all).map((id) => ({ id })),
      )
      const at = this.#message.at
      const key = `review:${this.#job.id}:${count}`
      if (at !== undefined) {
        await outbox.post({ key, channel: at.channel, thread: at.ts, message, mayExist: true })
      }
      await remember()
    } catch (error) {
      log.warn({ err: error, job: this.#job.id }, 'nobody was reminded of a review')
    }
    this.#remindInTime()
  }
}
