/** Updating: only the latest state of a message is worth sending, not too often, the last one at once. */
import type { WebClient } from '@slack/web-api'
import type { Clock } from '../../jobs/index.js'
import type { Logger } from '../../log.js'
import { callFailure } from '../call-failure.js'
import { type Message, prepare } from '../views/index.js'
import { backoffMs } from '../wait.js'
import type { Place, UpdateOutcome } from './outbox.js'

/** Slack allows some 50 updates a minute (Slack docs: chat.update is tier 3). */
export const leastBetweenMs = 1200
/** Messages remembered; idle ones are forgotten first. */
const mostMessages = 5000
const giveUpAfterMs = 60 * 60_000
const longestBackoffMs = 30_000

interface Lane {
  place: Place
  latest?: { message: Message; final: boolean; since: number }
  waiting: ((outcome: UpdateOutcome) => void)[]
  sentAt: number
  attempt: number
  isSending: boolean
  cancelTimer?: () => void
}

export class UpdateQueue {
  readonly #client: WebClient
  readonly #log: Logger
  readonly #clock: Clock
  readonly #lanes = new Map<string, Lane>()
  readonly #idleWaiters: (() => void)[] = []
  /** Rate limits of chat.update hold for the whole method. */
  #pausedUntil = 0
  #isHurried = false
  #isStopped = false

  constructor({ client, log, clock }: { client: WebClient; log: Logger; clock: Clock }) {
    this.#client = client
    this.#log = log
    this.#clock = clock
  }

  /** Messages with something to send. */
  get size(): number {
    return [...this.#lanes.values()].filter(isBusy).length
  }

  /** The message was just posted: its first update waits as long as any other. */
  shownNow(place: Place): void {
    this.#lane(place).sentAt = this.#clock.now()
  }

  add(place: Place, message: Message, final: boolean): Promise<UpdateOutcome> {
    if (this.#isStopped) return Promise.resolve('gone')
    const lane = this.#lane(place)
    lane.latest = { message, final, since: lane.latest?.since ?? this.#clock.now() }
    const shown = new Promise<UpdateOutcome>((resolve) => lane.waiting.push(resolve))
    this.#schedule(lane)
    return shown
  }

  /** From now on nothing waits for coalescing. */
  hurry(): void {
    this.#isHurried = true
    for (const lane of this.#lanes.values()) this.#schedule(lane)
  }

  idle(): Promise<void> {
    if (this.size === 0) return Promise.resolve()
    return new Promise((resolve) => this.#idleWaiters.push(resolve))
  }

  stop(): void {
    this.#isStopped = true
    for (const lane of this.#lanes.values()) {
      lane.cancelTimer?.()
      this.#settle(lane, 'gone')
    }
    this.#lanes.clear()
  }

  #schedule(lane: Lane): void {
    if (lane.isSending || lane.latest === undefined || this.#isStopped) return
    lane.cancelTimer?.()
    const now = this.#clock.now()
    const coalesced = lane.latest.final || this.#isHurried ? now : lane.sentAt + leastBetweenMs
    const retried = lane.attempt === 0 ? now : lane.sentAt + backoffMs(lane.attempt - 1, longestBackoffMs)
    const waitMs = Math.max(coalesced, retried, this.#pausedUntil) - now
    if (waitMs <= 0) void this.#send(lane)
    else lane.cancelTimer = this.#clock.after(waitMs, () => void this.#send(lane))
  }

  /** Never rejects. */
  async #send(lane: Lane): Promise<void> {
    const { latest, place } = lane
    if (latest === undefined || lane.isSending) return
    if (this.#clock.now() < this.#pausedUntil) return this.#schedule(lane)
    const waiting = lane.waiting
    lane.isSending = true
    lane.waiting = []
    lane.sentAt = this.#clock.now()
    delete lane.latest
    const outcome = await this.#update(place, latest.message, latest.since)
    lane.isSending = false
    if (outcome === 'again' || outcome === 'later') {
      if (outcome === 'again') lane.attempt += 1
      lane.latest ??= latest
      lane.latest.since = latest.since
      lane.waiting.unshift(...waiting)
    } else {
      lane.attempt = 0
      for (const resolve of waiting) resolve(outcome)
    }
    this.#schedule(lane)
    if (this.size === 0) for (const wake of this.#idleWaiters.splice(0)) wake()
  }

  async #update(
    { channel, ts }: Place,
    message: Message,
    since: number,
  ): Promise<UpdateOutcome | 'again' | 'later'> {
    const { text, blocks } = prepare(message)
    try {
      await this.#client.chat.update({ channel, ts, text, blocks })
      return 'shown'
    } catch (error) {
      const failure = callFailure(error)
      if (failure.kind === 'refused') {
        this.#log.warn({ channel, ts, why: failure.why }, 'a message cannot be updated any more')
        return 'gone'
      }
      if (this.#clock.now() - since > giveUpAfterMs) {
        this.#log.error({ channel, ts, why: failure.why }, 'an update was given up')
        return 'gone'
      }
      if (failure.kind !== 'rate-limited') return 'again'
      this.#pausedUntil = this.#clock.now() + failure.retryAfterMs
      return 'later'
    }
  }

  #settle(lane: Lane, outcome: UpdateOutcome): void {
    delete lane.latest
    for (const resolve of lane.waiting.splice(0)) resolve(outcome)
  }

  #lane(place: Place): Lane {
    const key = `${place.channel} ${place.ts}`
    const known = this.#lanes.get(key)
    if (known !== undefined) return known
    if (this.#lanes.size >= mostMessages) this.#forgetOldest()
    const lane: Lane = { place, waiting: [], sentAt: 0, attempt: 0, isSending: false }
    this.#lanes.set(key, lane)
    return lane
  }

  #forgetOldest(): void {
    const idle = [...this.#lanes].find(([, lane]) => !isBusy(lane))
    const [key, lane] = idle ?? [...this.#lanes][0] ?? []
    if (key === undefined || lane === undefined) return
    if (isBusy(lane)) this.#log.error({ ...lane.place }, 'too many messages wait; an update was dropped')
    lane.cancelTimer?.()
    this.#settle(lane, 'gone')
    this.#lanes.delete(key)
  }
}

function isBusy(lane: Lane): boolean {
  return lane.isSending || lane.latest !== undefined
}
