/** The messages of one job: its card, its approval card, its thread. */
import { type Clock, isOver, isUnreviewed, type Job } from '../../jobs/index.js'
import type { Logger } from '../../log.js'
import { type Outbox, PostFailed } from '../outbox/index.js'
import { approvalCard, type CardNotes, isDirect, jobCard, type Message } from '../views/index.js'
import { ApprovalCalls, type Approvers } from './approval-calls.js'
import { BreakGlassMessage } from './break-glass-message.js'
import type { CardBook, CardEntry, PlaceNote } from './card-book.js'
import { LiveMessage, type Placed } from './live-message.js'

/** How it is told that something ran by break-glass. */
export interface BreakGlassNews {
  /** Channel id; the approvals channel when absent. */
  channel?: string
  /** How often it is reminded of until it is reviewed. */
  remindMs: number
}

export interface JobFacesParts {
  /** When somebody's quiet hours end, in milliseconds since 1970; undefined while they have none. */
  quietUntil(user: string): number | undefined
  outbox: Outbox
  book: CardBook
  approvalsChannel: string | undefined
  approvers: Approvers
  breakGlass: BreakGlassNews | undefined
  log: Logger
  clock: Clock
}

/** Where a job's card is to be seen: in the channel asked, in a direct message because of `why`, or nowhere. */
export type CardPlace =
  | { kind: 'channel' }
  | { kind: 'direct'; why: string }
  | { kind: 'nowhere'; why: string }

/** How often an approval card that could not be posted is tried again: somebody may invite the bot meanwhile. */
const approvalRetryMs = 60_000

export class JobFaces {
  readonly #id: string
  readonly #parts: JobFacesParts
  readonly #entry: CardEntry
  readonly #card: LiveMessage
  readonly #approval: LiveMessage
  readonly #calls: ApprovalCalls
  readonly #announcement: BreakGlassMessage
  readonly #notes: CardNotes = {}
  /** The entry is from before a restart: what it does not know may still have happened. */
  #isRestored: boolean
  #job: Job
  #place: CardPlace = { kind: 'channel' }
  #finishing: Promise<boolean> | undefined
  #cancelRetry: (() => void) | undefined
  #isStopped = false

  constructor(job: Job, entry: CardEntry | undefined, parts: JobFacesParts) {
    this.#id = job.id
    this.#job = job
    this.#entry = entry ?? { threaded: 0 }
    this.#isRestored = entry !== undefined
    this.#parts = parts
    const { card, approval } = this.#entry
    if (card?.insteadOf !== undefined) this.#notes.askedIn = card.insteadOf
    this.#card = new LiveMessage({
      outbox: parts.outbox,
      render: () => this.#renderCard(),
      place: () => this.#placeCard(),
      ...placeOf(card),
    })
    this.#approval = new LiveMessage({
      outbox: parts.outbox,
      render: () => approvalCard(this.#job),
      place: () => this.#placeApproval(),
      ...placeOf(approval),
    })
    const shared = { ...parts, job, entry: this.#entry, remember: () => this.#remember() }
    this.#calls = new ApprovalCalls({
      ...shared,
      cardPlaced: () => this.#card.placed(),
      approvalAt: () => this.#approval.at,
    })
    this.#announcement = new BreakGlassMessage(shared)
  }

  show(job: Job): void {
    if (this.#isStopped) return
    this.#job = job
    this.#refreshCard()
    // Only a request that waits gets a new approval card; one that is there is told of the decision.
    const isAsked = job.state === 'awaiting-approval'
    if (isAsked || this.#entry.approval !== undefined) this.#approval.refresh(!isAsked)
    if (isAsked && this.#approval.at !== undefined) this.#calls.askOutside(this.#approval.at.channel)
    this.#calls.show(job)
    this.#announcement.show(job)
  }

  /** Where the card is, once it was posted or could not be. */
  async placed(): Promise<CardPlace> {
    await this.#card.placed()
    return this.#place
  }

  /** After the job is over: its last words are shown, its thread is posted, and it is forgotten. `false` when that did
   * not work; it is tried again at the next start. */
  finish(): Promise<boolean> {
    this.#finishing ??= this.#finish().catch((error: unknown) => {
      this.#parts.log.error({ err: error, job: this.#id }, 'the card of a finished job is not complete')
      return false
    })
    return this.#finishing
  }

  stop(): void {
    this.#isStopped = true
    this.#cancelRetry?.()
    this.#calls.stop()
    this.#announcement.stop()
  }

  async #finish(): Promise<boolean> {
    this.#cancelRetry?.()
    await Promise.all([this.#card.settled(), this.#approval.settled()])
    await Promise.all([this.#calls.settled(), this.#announcement.settled()])
    if (!this.#isStopped) await this.#postThread()
    // Neither there nor refused: it is made at the next start.
    const isMissing = this.#entry.card !== undefined && this.#entry.card.ts === undefined
    if (isUnreviewed(this.#job)) {
      // It is finished once more when somebody has reviewed it.
      this.#finishing = undefined
      return false
    }
    if (this.#isStopped || isMissing) return false
    await this.#parts.book.remove(this.#id)
    return true
  }

  async #postThread(): Promise<void> {
    const at = this.#card.at
    if (at === undefined) return
    const messages = jobCard(this.#job, this.#notes).thread
    const thread = this.#askedIn(this.#entry.card)?.thread ?? at.ts
    for (const [index, message] of messages.entries()) {
      if (index < this.#entry.threaded) continue
      const key = `thread:${this.#id}:${index}`
      const mayExist = this.#isRestored
      const post = { key, channel: at.channel, thread, message, mayExist, worth: 'detail' as const }
      await this.#parts.outbox.post(post)
      this.#isRestored = false
      this.#entry.threaded = index + 1
      await this.#remember()
    }
  }

  #renderCard(): Message {
    const { text, blocks } = jobCard(this.#job, this.#notes)
    return { text, blocks }
  }

  #refreshCard(): void {
    const { origin } = this.#job
    // A job from a terminal has no card; one that Slack refused everywhere would be refused again.
    if (origin.surface !== 'slack' || origin.channel === undefined || this.#place.kind === 'nowhere') return
    this.#card.refresh(isOver(this.#job))
  }

  async #placeCard(): Promise<Placed | undefined> {
    const { origin, requester } = this.#job
    if (origin.channel === undefined) return undefined
    const known = this.#entry.card
    if (known?.insteadOf === undefined) {
      const first = await this.#post('card', { channel: origin.channel }, () => this.#renderCard())
      if (!(first instanceof PostFailed)) return first
      if (!first.refused) return undefined
      this.#place = { kind: 'direct', why: first.why }
    }
    this.#notes.askedIn = origin.channel
    const note = { channel: requester.id, insteadOf: origin.channel }
    const direct = await this.#post('card', note, () => this.#renderCard())
    if (!(direct instanceof PostFailed)) return direct
    if (!direct.refused) return undefined
    this.#parts.log.error(
      { job: this.#id, why: direct.why },
      'the card of a job could not be posted anywhere',
    )
    this.#place = { kind: 'nowhere', why: direct.why }
    return undefined
  }

  async #placeApproval(): Promise<Placed | undefined> {
    const { approvalsChannel, log, clock } = this.#parts
    const channel = approvalsChannel ?? this.#job.origin.channel
    if (channel === undefined) {
      log.error({ job: this.#id }, 'there is no channel for approvals (slack.approvals_channel in qnav.yml)')
      this.#calls.askOutside(undefined)
      return undefined
    }
    // In a conversation with the requester there is nobody who could approve it.
    if (approvalsChannel === undefined && isDirect(channel)) {
      this.#noteApproval({ channel, why: 'nobody else is there' })
      this.#calls.askOutside(undefined)
      return undefined
    }
    const outcome = await this.#post('approval', { channel }, () => approvalCard(this.#job))
    if (!(outcome instanceof PostFailed)) {
      this.#noteApproval(undefined)
      this.#calls.askOutside(channel)
      return outcome
    }
    this.#noteApproval({ channel, why: outcome.why })
    this.#calls.askOutside(undefined)
    this.#cancelRetry?.()
    this.#cancelRetry = clock.after(approvalRetryMs, () => {
      if (this.#job.state === 'awaiting-approval') this.show(this.#job)
    })
    return undefined
  }

  #noteApproval(problem: CardNotes['approvalNotPosted']): void {
    if (problem === undefined && this.#notes.approvalNotPosted === undefined) return
    if (problem === undefined) delete this.#notes.approvalNotPosted
    else this.#notes.approvalNotPosted = problem
    this.#refreshCard()
  }

  /** The intention is remembered first: after a crash in between, the message is looked for before it is posted again. */
  async #post(
    face: 'card' | 'approval',
    note: PlaceNote,
    render: () => Message,
  ): Promise<Placed | PostFailed> {
    const before = this.#entry[face]
    const mayExist = before !== undefined && before.ts === undefined && before.channel === note.channel
    this.#entry[face] = note
    await this.#remember()
    const message = render()
    const thread = face === 'card' ? this.#askedIn(note) : undefined
    const key = `${face}:${this.#id}`
    const post = { key, channel: note.channel, message, mayExist, ...thread, worth: 'card' as const }
    try {
      const { wasThere, ...at } = await this.#parts.outbox.post(post)
      this.#entry[face] = { ...note, ...at }
      await this.#remember()
      // What was there from before a crash may show an older state.
      return wasThere ? { at } : { at, message }
    } catch (error) {
      if (!(error instanceof PostFailed)) {
        this.#parts.log.error({ err: error, job: this.#id, face }, 'a card could not be made')
        return new PostFailed(post, 'it could not be made', true)
      }
      // What may be in Slack is looked for the next time; what was refused is not there.
      if (error.refused) delete this.#entry[face]
      await this.#remember()
      return error
    }
  }

  /** The thread asked in, for the card that is where it was asked. */
  #askedIn(note: PlaceNote | undefined): { thread: string } | undefined {
    const { thread } = this.#job.origin
    return thread === undefined || note?.insteadOf !== undefined ? undefined : { thread }
  }

  /** A card whose place is not remembered is posted again after a restart; that must not keep the job's news back. */
  async #remember(): Promise<void> {
    try {
      await this.#parts.book.write(this.#id, structuredClone(this.#entry))
    } catch (error) {
      this.#parts.log.error({ err: error, job: this.#id }, 'where a card is could not be remembered')
    }
  }
}

function placeOf(note: PlaceNote | undefined): { at?: { channel: string; ts: string } } {
  return note?.ts === undefined ? {} : { at: { channel: note.channel, ts: note.ts } }
}
