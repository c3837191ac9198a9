/**
 * Words that only one person sees. Slack keeps them in no history, so nobody can find out whether they arrived when its
 * answer was lost: then they may be said twice.
 */
import type { WebClient } from '@slack/web-api'
import type { Clock } from '../../jobs/index.js'
import type { Logger } from '../../log.js'
import { callFailure, neverReached } from '../call-failure.js'
import { type Message, prepare } from '../views/index.js'
import { backoffMs, pause } from '../wait.js'
import type { KeptWords, OutboxJournal } from './outbox-journal.js'

/** Who is spoken to, and where they look. */
export interface Listener {
  user: string
  channel: string
  /** The thread they look at. */
  thread?: string | undefined
  /** Slack's address for answers: up to 5 within 30 minutes, works where the bot is no member. */
  responseUrl: string | undefined
}

/** For so long a response_url works (Slack docs), and a person waits for an answer. */
export const listensForMs = 30 * 60_000
const answerWithinMs = 5000
/** For so long Slack may take to hear an answer that is not on disk. */
const keptAfterMs = 500
const longestBackoffMs = 30_000
/** Words that may wait; beyond that the oldest are given up. */
const mostWaiting = 1000

interface Waiting {
  readonly key: string
  readonly listener: Listener
  readonly message: Message
  readonly at: number
}

type Outcome = 'said' | 'refused' | 'away'

export interface WordsQueueParts {
  client: WebClient
  journal: OutboxJournal
  log: Logger
  clock: Clock
}

export class WordsQueue {
  readonly #client: WebClient
  readonly #journal: OutboxJournal
  readonly #log: Logger
  readonly #clock: Clock
  /** Answers that are kept until they were said, oldest first. */
  readonly #waiting = new Map<string, Waiting>()
  /** Keys of those that are tried for the first time. */
  readonly #trying = new Set<string>()
  readonly #stopped = new AbortController()
  #working: Promise<void> = Promise.resolve()

  /** Begins with what the last process left. */
  constructor({ client, journal, log, clock }: WordsQueueParts) {
    this.#client = client
    this.#journal = journal
    this.#log = log
    this.#clock = clock
    for (const { key, at, value } of journal.left('words')) {
      const { user, channel, thread, responseUrl, message } = value
      this.#waiting.set(key, {
        ...{ key, message, at: Date.parse(at) },
        listener: { user, channel, thread, responseUrl },
      })
    }
    if (this.#waiting.size > 0) this.#begin()
  }

  get size(): number {
    return this.#waiting.size + this.#trying.size
  }

  /**
   * Never rejects; `false` when it could not be said. With a key it is on disk before it is said and tried for half an hour;
   * then it resolves as soon as that is certain, and the same key is said once.
   */
  async say(listener: Listener, given: Message, key?: string): Promise<boolean> {
    const message = prepare(given)
    if (key === undefined) return (await this.#sayNow(listener, message)) === 'said'
    const isKnown = this.#waiting.has(key) || this.#trying.has(key)
    if (isKnown || this.#journal.noteOf(key) !== undefined) return true
    this.#trying.add(key)
    const at = this.#clock.now()
    let keeping: Promise<void> | undefined
    const keep = () => {
      keeping ??= this.#journal.keep(key, keptWords(listener, message))
      return keeping
    }
    // Until then it is made again from the line that it answers.
    const cancel = this.#clock.after(keptAfterMs, () => void keep())
    const outcome = await this.#sayNow(listener, message)
    cancel()
    if (outcome !== 'away') {
      this.#trying.delete(key)
      this.#end(key, outcome)
      return outcome === 'said'
    }
    await keep()
    this.#trying.delete(key)
    this.#waiting.set(key, { key, listener, message, at })
    this.#makeRoom()
    this.#begin()
    return true
  }

  idle(): Promise<void> {
    return this.#working
  }

  /** What waits stays on disk. */
  stop(): void {
    this.#stopped.abort()
  }

  #end(key: string, outcome: Outcome): void {
    this.#waiting.delete(key)
    if (outcome === 'said') this.#journal.done(key, 'said')
    else this.#journal.withdraw(key)
  }

  #makeRoom(): void {
    for (const [key, { listener }] of this.#waiting) {
      if (this.#waiting.size <= mostWaiting) return
      this.#log.error({ user: listener.user }, `${mostWaiting} answers wait already; one was dropped`)
      this.#end(key, 'refused')
    }
  }

  #begin(): void {
    const before = this.#working
    this.#working = before.then(() => this.#work())
  }

  /** One after another, because one that does not reach Slack tells of all. Never rejects. */
  async #work(): Promise<void> {
    for (let attempt = 0; this.#waiting.size > 0 && !this.#stopped.signal.aborted; attempt += 1) {
      let isAway = false
      for (const { key, listener, message, at } of [...this.#waiting.values()]) {
        if (this.#clock.now() - at > listensForMs) {
          this.#log.error({ user: listener.user, channel: listener.channel }, 'an answer could not be given')
          this.#end(key, 'refused')
          continue
        }
        const outcome = isAway ? 'away' : await this.#sayNow(listener, message)
        if (outcome === 'away') isAway = true
        else this.#end(key, outcome)
      }
      if (this.#waiting.size === 0) return
      await pause(this.#clock, backoffMs(attempt, longestBackoffMs), this.#stopped.signal)
    }
  }

  /** By whichever way they hear it. */
  async #sayNow(listener: Listener, message: Message): Promise<Outcome> {
    const { user, channel, thread, responseUrl } = listener
    // A response_url answers in the channel, where somebody in a thread does not look.
    if (thread !== undefined) {
      const inThread = await this.#post(listener, message, thread)
      if (inThread !== 'refused') return inThread
    }
    if (responseUrl !== undefined) {
      const problem = await answer(responseUrl, message)
      if (problem === undefined) return 'said'
      if (problem.isAway) return 'away'
      const why = { user, channel, why: problem.why }
      this.#log.warn(why, 'an answer was not taken by its response_url; it is sent by the bot')
    }
    const outcome = await this.#post(listener, message)
    if (outcome === 'refused') this.#log.error({ user, channel }, 'an answer could not be given')
    return outcome
  }

  async #post({ user, channel }: Listener, { text, blocks }: Message, thread?: string): Promise<Outcome> {
    try {
      const where = thread === undefined ? {} : { thread_ts: thread }
      await this.#client.chat.postEphemeral({ user, channel, text, blocks, ...where })
      return 'said'
    } catch (error) {
      const { kind, why } = callFailure(error)
      this.#log.warn({ user, channel, why }, 'an answer could not be given there')
      return kind === 'refused' || kind === 'unknown' ? 'refused' : 'away'
    }
  }
}

function keptWords({ user, channel, thread, responseUrl }: Listener, message: Message): KeptWords {
  return {
    ...{ kind: 'words', user, channel, message },
    ...(thread === undefined ? {} : { thread }),
    ...(responseUrl === undefined ? {} : { responseUrl }),
  }
}

/** Posts to a response_url, once more when that fails; what went wrong, or undefined. */
async function answer(
  url: string,
  { text, blocks }: Message,
): Promise<{ why: string; isAway: boolean } | undefined> {
  const body = JSON.stringify({ response_type: 'ephemeral', replace_original: false, text, blocks })
  let problem: { why: string; isAway: boolean } | undefined
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json; charset=utf-8' },
        body,
        signal: AbortSignal.timeout(answerWithinMs),
      })
      await response.arrayBuffer()
      if (response.ok) return undefined
      problem = { why: `HTTP ${response.status}`, isAway: response.status >= 500 || response.status === 429 }
      // Used up or expired: it will not get better.
      if (!problem.isAway) return problem
    } catch (error) {
      // The address is in some messages of fetch, and is a permission.
      const why = error instanceof Error ? error.name : 'unknown'
      problem = { why, isAway: neverReached(error) }
    }
  }
  return problem
}
