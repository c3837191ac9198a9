/** Who is called about a request, and told: approvers outside of the channel, approvers whose time runs out, the requester. */
import { type ApprovalRule, isOver, type Job, wouldHelp } from '../../jobs/index.js'
import type { Policy } from '../../policy/index.js'
import type { Place, Post } from '../outbox/index.js'
import { approvalCard, askedAgain, expiryReminder, isDirect, outcomeNews, outcomeOf } from '../views/index.js'
import { pause } from '../wait.js'
import { ApproverMessages } from './approver-messages.js'
import type { CardEntry } from './card-book.js'
import type { JobFacesParts } from './job-faces.js'

/** Policy's word about who is asked. */
export type Approvers = Pick<Policy, 'approversOf' | 'notIn' | 'rightsOf'>

export interface ApprovalCallsParts extends JobFacesParts {
  job: Job
  entry: CardEntry
  remember(): Promise<void>
  /** Resolves when the requester's card was posted or could not be. */
  cardPlaced(): Promise<void>
  /** Where the approval card is; undefined where it is not, or not yet. */
  approvalAt(): Place | undefined
}

/** More direct messages than this are a flood; the others see the card in the channel. */
const mostAsked = 20
/** More names than this in one message are read by nobody. */
const mostCalled = 10
/** When those who could decide are reminded, as a part of the time that they have. */
const remindAfter = 0.75
const slackUser = /^[UW][A-Z0-9]+$/

export class ApprovalCalls {
  readonly #parts: ApprovalCallsParts
  readonly #direct: ApproverMessages
  readonly #notes: NonNullable<CardEntry['direct']>
  readonly #saying = new Set<Promise<void>>()
  #job: Job
  /** Of those who are asked when their quiet hours end. */
  readonly #cancelWaiting = new Set<() => void>()
  readonly #stopping = new AbortController()
  #telling: string | undefined
  #isAskedFor: number | undefined
  #cancelReminder: (() => void) | undefined
  #reminderFor: number | undefined

  constructor(parts: ApprovalCallsParts) {
    const { job, entry, outbox, remember, log } = parts
    this.#parts = parts
    this.#job = job
    this.#notes = entry.direct ?? {}
    this.#direct = new ApproverMessages({
      job: job.id,
      outbox,
      notes: this.#notes,
      render: () => approvalCard(this.#job),
      remember,
      log,
    })
  }

  show(job: Job): void {
    this.#job = job
    this.#direct.refresh(job.state !== 'awaiting-approval')
    if (job.state === 'awaiting-approval') {
      this.#work('approvers were not told that they are asked again', () => this.#callAgain())
      this.#remindInTime()
    } else {
      this.#cancelReminder?.()
      this.#reminderFor = undefined
    }
    this.#work('a requester was not told what came of it', () => this.#tellRequester())
  }

  /** Those who do not see the card in this channel get their own; without one everybody does. */
  askOutside(channel: string | undefined): void {
    const { state, approval } = this.#job
    if (state !== 'awaiting-approval' || approval === undefined || this.#isAskedFor === this.#round) return
    this.#isAskedFor = this.#round
    this.#work('approvers outside of the channel were not found out', async () => {
      const { approvers, entry } = this.#parts
      const all = await this.#stillNeeded(approval.rule)
      const outside = channel === undefined ? all : await approvers.notIn(channel, all)
      if (this.#job.state !== 'awaiting-approval' || outside.length === 0) return
      entry.direct = this.#notes
      for (const user of outside.slice(0, mostAsked)) this.#askAwake(user)
    })
  }

  /** Not in their quiet hours, unless the time to decide is over before those are. */
  #askAwake(user: string): void {
    const { quietUntil, clock } = this.#parts
    const { approval } = this.#job
    const round = this.#round
    const awakeAt = quietUntil(user)
    if (awakeAt === undefined || approval === undefined || awakeAt >= Date.parse(approval.expiresAt)) {
      this.#direct.ask([user])
      return
    }
    const cancel = clock.after(awakeAt - clock.now(), () => {
      this.#cancelWaiting.delete(cancel)
      if (this.#job.state === 'awaiting-approval' && this.#round === round) this.#direct.ask([user])
    })
    this.#cancelWaiting.add(cancel)
  }

  /** Resolves when everything that was to be said is said, or cannot be. */
  async settled(): Promise<void> {
    while (this.#saying.size > 0) await Promise.all(this.#saying)
    await this.#direct.settled()
  }

  stop(): void {
    this.#cancelReminder?.()
    this.#stopping.abort()
    for (const cancel of this.#cancelWaiting) cancel()
  }

  get #round(): number {
    return this.#job.approval?.asked?.round ?? 1
  }

  /** A card that is changed in place calls nobody: approvers who had decided are told in its thread. */
  async #callAgain(): Promise<void> {
    const { entry, remember } = this.#parts
    const round = this.#round
    const at = this.#parts.approvalAt()
    if (round === 1 || at === undefined || (entry.round ?? 1) >= round) return
    entry.round = round
    const message = askedAgain(this.#job)
    const key = `again:${this.#job.id}:${round}`
    await this.#post({ key, channel: at.channel, thread: at.ts, message })
    await this.#direct.say(key, message)
    await remember()
  }

  #remindInTime(): void {
    const { clock, entry } = this.#parts
    const { approval } = this.#job
    const round = this.#round
    if (approval === undefined || entry.reminded === round || this.#reminderFor === round) return
    this.#cancelReminder?.()
    this.#reminderFor = round
    const end = Date.parse(approval.expiresAt)
    const begin =
      approval.askedAt === undefined ? end - approval.rule.expiresMs : Date.parse(approval.askedAt)
    const waitMs = Math.max(0, begin + (end - begin) * remindAfter - clock.now())
    this.#cancelReminder = clock.after(waitMs, () => {
      this.#work('approvers were not reminded', () => this.#remind(round))
    })
  }

  async #remind(round: number): Promise<void> {
    const { entry, remember, approvalAt, clock } = this.#parts
    const { state, approval } = this.#job
    const isOpen = state === 'awaiting-approval' && round === this.#round && approval !== undefined
    if (!isOpen || Date.parse(approval.expiresAt) <= clock.now()) return
    entry.reminded = round
    const people = (await this.#stillNeeded(approval.rule)).map((id) => ({ id }))
    const key = `remind:${this.#job.id}:${round}`
    const at = approvalAt()
    const called = people.length > mostCalled ? [] : people
    if (at !== undefined) {
      const message = expiryReminder(this.#job, called)
      await this.#post({ key, channel: at.channel, thread: at.ts, message })
    }
    await this.#direct.say(key, expiryReminder(this.#job, []))
    await remember()
  }

  async #tellRequester(): Promise<void> {
    const { entry, remember, cardPlaced, quietUntil, clock } = this.#parts
    const outcome = outcomeOf(this.#job)
    const told = `${this.#round}:${outcome}`
    const { id } = this.#job.requester
    if (outcome === undefined || entry.told === told || this.#telling === told || !slackUser.test(id)) return
    this.#telling = told
    await cardPlaced()
    const awakeAt = isDirect(this.#whereRequesterLooks().channel) ? quietUntil(id) : undefined
    if (awakeAt !== undefined) await pause(clock, awakeAt - clock.now(), this.#stopping.signal)
    // Told at the next start, or of what came after it.
    if (this.#stopping.signal.aborted || this.#telling !== told) return
    entry.told = told
    const message = outcomeNews(this.#job, outcome)
    await this.#post({ key: `told:${this.#job.id}:${told}`, message, ...this.#whereRequesterLooks() })
    await remember()
  }

  /** Below their card where others are; as a message of its own where only they are. */
  #whereRequesterLooks(): { channel: string; thread?: string } {
    const { origin, requester } = this.#job
    const { card } = this.#parts.entry
    if (card?.ts === undefined) return { channel: requester.id }
    const thread = card.insteadOf === undefined ? origin.thread : undefined
    if (isDirect(card.channel)) return { channel: card.channel, ...(thread === undefined ? {} : { thread }) }
    return { channel: card.channel, thread: thread ?? card.ts }
  }

  /** Those whose yes would bring it further. */
  async #stillNeeded(rule: ApprovalRule): Promise<string[]> {
    const { approvers } = this.#parts
    const { approval, requester } = this.#job
    const asked = (await approvers.approversOf(rule))
      .filter((id) => slackUser.test(id))
      .slice(0, 2 * mostAsked)
    const needed = await Promise.all(
      asked.map(async (id) => {
        const { roles, mayApprove } = await approvers.rightsOf({ id })
        const voice = { by: { id }, roles, decides: mayApprove }
        return approval !== undefined && wouldHelp({ ...approval, requester }, voice)
      }),
    )
    return asked.filter((_, index) => needed[index])
  }

  async #post(post: Omit<Post, 'mayExist'>): Promise<void> {
    await this.#parts.outbox.post({ ...post, mayExist: true })
  }

  #work(problem: string, work: () => Promise<void>): void {
    const done = work().catch((error: unknown) => {
      this.#parts.log.warn({ err: error, job: this.#job.id, over: isOver(this.#job) }, problem)
    })
    this.#saying.add(done)
    void done.then(() => this.#saying.delete(done))
  }
}
