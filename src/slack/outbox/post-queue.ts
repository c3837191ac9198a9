/** Posting: one message at a time per channel, and each one once. */
import type { WebClient } from '@slack/web-api'
import type { Clock } from '../../jobs/index.js'
import type { Logger } from '../../log.js'
import { type CallFailure, callFailure } from '../call-failure.js'
import { type Message, prepare } from '../views/index.js'
import { backoffMs, pause } from '../wait.js'
import type { Place, Post } from './outbox.js'
import { PostSearch } from './post-search.js'

/** Posts that may wait; beyond that Slack has been away for so long that more would only grow memory. */
const mostWaiting = 2000
/** A post that could not be delivered for so long is given up. */
const giveUpAfterMs = 60 * 60_000
const longestBackoffMs = 30_000

/** Names qnav's messages among others in a channel's metadata. */
export const metadataType = 'qnav_message'

/** A message that did not get into Slack. */
export class PostFailed extends Error {
  override readonly name = 'PostFailed'
  /** Slack's code, e.g. `not_in_channel`, or what happened. */
  readonly why: string
  /** Slack said no: a try in another place may do. Otherwise Slack was not reached. */
  readonly refused: boolean

  constructor(post: Post, why: string, refused: boolean) {
    super(`"${post.key}" could not be posted to ${post.channel}: ${why}`)
    this.why = why
    this.refused = refused
  }
}

export class PostQueue {
  readonly #client: WebClient
  readonly #log: Logger
  readonly #clock: Clock
  readonly #search: PostSearch
  /** The last post of each channel. */
  readonly #channels = new Map<string, Promise<unknown>>()
  readonly #stopped = new AbortController()
  #size = 0

  constructor({ client, log, clock }: { client: WebClient; log: Logger; clock: Clock }) {
    this.#client = client
    this.#log = log
    this.#clock = clock
    this.#search = new PostSearch(client, log)
  }

  get size(): number {
    return this.#size
  }

  add(post: Post): Promise<Place> {
    if (this.#size >= mostWaiting) {
      const failed = new PostFailed(post, `${mostWaiting} messages wait already`, false)
      this.#log.error({ err: failed }, 'a message was dropped')
      return Promise.reject(failed)
    }
    this.#size += 1
    const before = this.#channels.get(post.channel) ?? Promise.resolve()
    const mine = before
      .catch(() => undefined)
      .then(() => this.#deliver(post))
      .finally(() => {
        this.#size -= 1
        if (this.#channels.get(post.channel) === mine) this.#channels.delete(post.channel)
      })
    this.#channels.set(post.channel, mine)
    return mine
  }

  async idle(): Promise<void> {
    while (this.#channels.size > 0) await Promise.allSettled(this.#channels.values())
  }

  stop(): void {
    this.#stopped.abort()
  }

  async #deliver(post: Post): Promise<Place> {
    const message = prepare(post.message)
    const startedAt = this.#clock.now()
    // Lost answers that could not be cleared up: one second try is better than a lost card, more are not.
    let uncertain = 0
    let mustLook = post.mayExist === true
    for (let attempt = 0; !this.#stopped.signal.aborted; attempt += 1) {
      if (this.#clock.now() - startedAt > giveUpAfterMs)
        throw this.#failed(post, 'Slack could not be reached', false)
      if (mustLook) {
        const found = await this.#search.find(post, startedAt)
        if (found.kind === 'found') return found.place
        if (found.kind === 'retry') {
          await this.#wait(found.afterMs ?? backoffMs(attempt, longestBackoffMs))
          continue
        }
        mustLook = false
        if (found.kind === 'unknowable' && uncertain > 0) {
          if (uncertain > 1) throw this.#failed(post, 'Slack does not answer', false)
          if (!(await this.#slackAnswers())) continue
        }
      }
      const outcome = await this.#send(post, message)
      if ('ts' in outcome) return outcome
      switch (outcome.kind) {
        case 'refused':
          throw this.#failed(post, outcome.why, true)
        case 'rate-limited':
          await this.#wait(outcome.retryAfterMs)
          break
        case 'unknown':
          uncertain += 1
          mustLook = true
          break
        case 'failed':
          mustLook = true
          await this.#wait(backoffMs(attempt, longestBackoffMs))
          break
        case 'not-sent':
          if (attempt === 0)
            this.#log.warn({ key: post.key, why: outcome.why }, 'Slack is not reached; messages wait')
          await this.#wait(backoffMs(attempt, longestBackoffMs))
      }
    }
    throw new PostFailed(post, 'the bot stopped', false)
  }

  /** Waits for Slack to answer anything at all, so that the one second try is not spent on an outage. */
  async #slackAnswers(): Promise<boolean> {
    const since = this.#clock.now()
    for (let attempt = 0; this.#clock.now() - since < giveUpAfterMs; attempt += 1) {
      const answered = await this.#client.auth.test().then(
        () => true,
        (error: unknown) => callFailure(error).kind === 'refused',
      )
      if (answered) return true
      if (this.#stopped.signal.aborted) return false
      await this.#wait(backoffMs(attempt, longestBackoffMs))
    }
    return false
  }

  async #send({ key, channel, thread }: Post, { text, blocks }: Message): Promise<Place | CallFailure> {
    try {
      const { ts, channel: where = channel } = await this.#client.chat.postMessage({
        channel,
        text,
        blocks,
        ...(thread === undefined ? {} : { thread_ts: thread }),
        metadata: { event_type: metadataType, event_payload: { key } },
        unfurl_links: false,
        unfurl_media: false,
      })
      if (ts === undefined) return { kind: 'unknown', why: 'Slack answered without a timestamp' }
      return { channel: where, ts }
    } catch (error) {
      return callFailure(error)
    }
  }

  #failed(post: Post, why: string, refused: boolean): PostFailed {
    const failed = new PostFailed(post, why, refused)
    if (refused) this.#log.warn({ key: post.key, channel: post.channel, why }, 'Slack refused a message')
    else this.#log.error({ err: failed }, 'a message was given up')
    return failed
  }

  #wait(ms: number): Promise<void> {
    return pause(this.#clock, ms, this.#stopped.signal)
  }
}
