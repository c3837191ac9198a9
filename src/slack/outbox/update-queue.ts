/** Updating: only the latest state of a message is worth sending, not too often, the last one at once. */
import { randomUUID } from 'node:crypto'
import type { WebClient } from '@slack/web-api'
import type { Clock } from '../../jobs/index.js'
import type { Logger } from '../../log.js'
import { callFailure } from '../call-failure.js'
import { type Message, prepare } from '../views/index.js'
import { backoffMs } from '../wait.js'
import type { Place, UpdateOutcome } from './outbox.js'
import type { OutboxJournal } from './outbox-journal.js'

/** Slack allows some 50 updates a minute (Slack docs: chat.update is tier 3). */
export const leastBetweenMs = 1200
/** Messages remembered; idle ones are forgotten first, then those whose last state is still to come. */
const mostMessages = 5000
/** Bytes of states that wait; beyond that those go first whose last state is still to come. */
const mostBytes = 16 * 1024 * 1024
const hourMs = 60 * 60_000
/** A last state is tried for longer: nothing comes after it. */
const giveUpAfterMs = { passing: hourMs, final: 24 * hourMs }
const longestBackoffMs = 30_000
/** Updates under way at once; after a limit one, then twice as many with each that is taken. */
const widest = 8

interface State {
  readonly message: Message
  readonly final: boolean
  /** Since when something of that message waits. */
  readonly since: number
  readonly turn: number
  readonly bytes: number
}

interface Lane {
  readonly place: Place
  /** What is to be shown. */
  latest?: State
  /** What is being sent. */
  sending?: State
  /** The latest state that is on disk. */
  kept?: { key: string; turn: number }
  /** Resolves when the latest state is on disk. */
  keeping?: Promise<void>
  turn: number
  waiting: ((outcome: UpdateOutcome) => void)[]
  sentAt: number
  attempt: number
}

export interface UpdateQueueParts {
  client: WebClient
  journal: OutboxJournal
  log: Logger
  clock: Clock
}

export class UpdateQueue {
  readonly #client: WebClient
  readonly #journal: OutboxJournal
  readonly #log: Logger
  readonly #clock: Clock
  readonly #lanes = new Map<string, Lane>()
  /** Those with something to send. */
  readonly #busy = new Set<Lane>()
  readonly #idleWaiters: (() => void)[] = []
  /** Rate limits of chat.update, and a Slack that is not reached, hold for all of them. */
  #pausedUntil = 0
  /** How often in a row Slack was not reached. */
  #away = 0
  #width = widest
  #underWay = 0
  #bytes = 0
  #cancelTimer: (() => void) | undefined
  #isHurried = false
  #isStopped = false

  /** Begins with what the last process left. */
  constructor({ client, journal, log, clock }: UpdateQueueParts) {
    this.#client = client
    this.#journal = journal
    this.#log = log
    this.#clock = clock
    for (const { key, value } of journal.left('update')) {
      const { channel, ts, turn, final, message } = value
      const lane = this.#lane({ channel, ts })
      if (lane.kept !== undefined && lane.kept.turn > turn) {
        journal.withdraw(key)
        continue
      }
      if (lane.kept !== undefined) journal.withdraw(lane.kept.key)
      lane.kept = { key, turn }
      lane.turn = turn
      this.#setLatest(lane, message, final)
    }
    if (this.#busy.size > 0) log.info({ updates: this.#busy.size }, 'updates of before the last stop wait')
    this.#pump()
  }

  /** Messages with something to send. */
  get size(): number {
    return this.#busy.size
  }

  /** The message was just posted: its first update waits as long as any other. */
  shownNow(place: Place): void {
    this.#lane(place).sentAt = this.#clock.now()
  }

  add(place: Place, message: Message, final: boolean): Promise<UpdateOutcome> {
    if (this.#isStopped) return Promise.resolve('gone')
    const lane = this.#lane(place)
    lane.turn += 1
    this.#setLatest(lane, prepare(message), final)
    const shown = new Promise<UpdateOutcome>((resolve) => lane.waiting.push(resolve))
    lane.keeping ??= this.#keep(lane)
    this.#makeRoom()
    this.#pump()
    return shown
  }

  /** From now on nothing waits for coalescing. */
  hurry(): void {
    this.#isHurried = true
    this.#pump()
  }

  idle(): Promise<void> {
    if (this.size === 0) return Promise.resolve()
    return new Promise((resolve) => this.#idleWaiters.push(resolve))
  }

  /** What waits stays on disk. */
  stop(): void {
    this.#isStopped = true
    this.#cancelTimer?.()
    for (const lane of this.#busy) for (const resolve of lane.waiting.splice(0)) resolve('gone')
  }

  #setLatest(lane: Lane, message: Message, final: boolean): void {
    const since = lane.latest?.since ?? this.#clock.now()
    this.#bytes -= lane.latest?.bytes ?? 0
    lane.latest = { message, final, since, turn: lane.turn, bytes: JSON.stringify(message).length }
    this.#bytes += lane.latest.bytes
    this.#busy.add(lane)
  }

  #clearLatest(lane: Lane): void {
    this.#bytes -= lane.latest?.bytes ?? 0
    delete lane.latest
  }

  /** Brings the latest state to the disk; what comes while that is busy goes in one more write. Never rejects. */
  async #keep(lane: Lane): Promise<void> {
    for (let state = lane.latest; state !== undefined; state = lane.latest) {
      const { message, final, turn } = state
      if (lane.kept?.turn === turn) break
      const key = `update:${randomUUID()}`
      await this.#journal.keep(key, { kind: 'update', ...lane.place, turn, final, message })
      // The one before goes only when this one is there.
      if (lane.kept !== undefined) this.#journal.withdraw(lane.kept.key)
      lane.kept = { key, turn }
    }
    delete lane.keeping
    this.#settleDisk(lane)
    this.#pump()
  }

  /** A message whose latest state is shown, or given up, need not be on disk. */
  #settleDisk(lane: Lane): void {
    if (lane.latest !== undefined || lane.sending !== undefined || lane.keeping !== undefined) return
    if (lane.kept !== undefined) this.#journal.withdraw(lane.kept.key)
    delete lane.kept
    this.#busy.delete(lane)
  }

  /** When it may be sent; undefined while the disk does not have it, or there is nothing to send. */
  #readyAt({ latest, sending, keeping, sentAt, attempt }: Lane): number | undefined {
    if (latest === undefined || sending !== undefined || keeping !== undefined) return undefined
    const coalesced = latest.final || this.#isHurried ? 0 : sentAt + leastBetweenMs
    const retried = attempt === 0 ? 0 : sentAt + backoffMs(attempt - 1, longestBackoffMs)
    return Math.max(coalesced, retried)
  }

  /** Sends what may be sent: last states first, then what waits longest; and sets the alarm for the rest. */
  #pump(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    if (this.#isStopped) return
    if (this.#busy.size === 0) for (const wake of this.#idleWaiters.splice(0)) wake()
    const now = this.#clock.now()
    let next = Number.POSITIVE_INFINITY
    const ready: { lane: Lane; latest: State }[] = []
    for (const lane of this.#busy) {
      const at = this.#readyAt(lane)
      if (at === undefined || lane.latest === undefined) continue
      const when = Math.max(at, this.#pausedUntil)
      if (when <= now) ready.push({ lane, latest: lane.latest })
      else next = Math.min(next, when)
    }
    ready.sort((a, b) => Number(b.latest.final) - Number(a.latest.final) || a.latest.since - b.latest.since)
    for (const { lane, latest } of ready.slice(0, Math.max(0, this.#width - this.#underWay))) {
      void this.#send(lane, latest)
    }
    if (Number.isFinite(next)) this.#cancelTimer = this.#clock.after(next - now, () => this.#pump())
  }

  /** Never rejects. */
  async #send(lane: Lane, state: State): Promise<void> {
    const waiting = lane.waiting
    lane.sending = state
    lane.waiting = []
    lane.sentAt = this.#clock.now()
    this.#clearLatest(lane)
    this.#underWay += 1
    const outcome = await this.#update(lane.place, state)
    this.#underWay -= 1
    delete lane.sending
    if (this.#isStopped) {
      for (const resolve of waiting) resolve(outcome === 'shown' ? 'shown' : 'gone')
      return
    }
    if (outcome === 'again' || outcome === 'later') {
      if (outcome === 'again') lane.attempt += 1
      const newer: State | undefined = lane.latest
      lane.latest = { ...(newer ?? state), since: state.since }
      if (newer === undefined) this.#bytes += state.bytes
      lane.waiting.unshift(...waiting)
    } else {
      lane.attempt = 0
      for (const resolve of waiting) resolve(outcome)
    }
    this.#settleDisk(lane)
    this.#pump()
  }

  async #update(
    { channel, ts }: Place,
    { message, since, final }: State,
  ): Promise<UpdateOutcome | 'again' | 'later'> {
    const { text, blocks } = message
    try {
      await this.#client.chat.update({ channel, ts, text, blocks })
      this.#away = 0
      this.#width = Math.min(widest, this.#width * 2)
      return 'shown'
    } catch (error) {
      const failure = callFailure(error)
      const now = this.#clock.now()
      if (failure.kind === 'refused') {
        this.#log.warn({ channel, ts, why: failure.why }, 'a message cannot be updated any more')
        return 'gone'
      }
      if (now - since > giveUpAfterMs[final ? 'final' : 'passing']) {
        this.#log.error({ channel, ts, why: failure.why }, 'an update was given up')
        return 'gone'
      }
      if (failure.kind === 'rate-limited') {
        this.#pausedUntil = Math.max(this.#pausedUntil, now + failure.retryAfterMs)
        this.#width = 1
        return 'later'
      }
      if (failure.kind !== 'not-sent') return 'again'
      // Where one does not reach Slack the others do not either: one that asks is enough.
      if (now >= this.#pausedUntil) {
        this.#pausedUntil = now + backoffMs(this.#away, longestBackoffMs)
        this.#away += 1
      }
      this.#width = 1
      return 'later'
    }
  }

  #lane(place: Place): Lane {
    const key = `${place.channel} ${place.ts}`
    const known = this.#lanes.get(key)
    if (known !== undefined) return known
    if (this.#lanes.size >= mostMessages) this.#forgetIdle()
    const lane: Lane = { place, turn: 0, waiting: [], sentAt: 0, attempt: 0 }
    this.#lanes.set(key, lane)
    return lane
  }

  #forgetIdle(): void {
    for (const [key, lane] of this.#lanes) {
      if (this.#busy.has(lane)) continue
      this.#lanes.delete(key)
      return
    }
  }

  /** A passing state that is dropped is followed by another; a last one is not, and is never dropped. */
  #makeRoom(): void {
    if (this.#busy.size <= mostMessages && this.#bytes <= mostBytes) return
    for (const lane of this.#busy) {
      if (lane.latest === undefined || lane.latest.final) continue
      this.#log.error({ ...lane.place }, 'too much waits; an update was dropped')
      this.#clearLatest(lane)
      for (const resolve of lane.waiting.splice(0)) resolve('gone')
      this.#settleDisk(lane)
      if (this.#busy.size <= mostMessages && this.#bytes <= mostBytes) return
    }
  }
}
