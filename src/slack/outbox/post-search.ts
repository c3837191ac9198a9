/** Finds out whether a message is in Slack although its answer was lost, by the key in its metadata. */
import type { WebClient } from '@slack/web-api'
import { z } from 'zod'
import type { Logger } from '../../log.js'
import { callFailure } from '../call-failure.js'
import type { Place, Post } from './outbox.js'

export type Finding =
  | { kind: 'found'; place: Place }
  | { kind: 'absent' }
  /** The history may not be read: nobody knows. */
  | { kind: 'unknowable' }
  | { kind: 'retry'; afterMs?: number }

/** The bot's clock and Slack's may differ, and a card may have been posted before a restart. */
const lookBackMs = 60 * 60_000

const page = z.object({
  messages: z.array(
    z.object({
      ts: z.string(),
      metadata: z.object({ event_payload: z.object({ key: z.string().optional() }) }).optional(),
    }),
  ),
})

/** Errors that hold for every channel, not for one. */
const lacking = new Set(['missing_scope', 'unknown_method', 'not_allowed_token_type', 'HTTP 404'])

export class PostSearch {
  readonly #client: WebClient
  readonly #log: Logger
  #isPossible = true

  constructor(client: WebClient, log: Logger) {
    this.#client = client
    this.#log = log
  }

  async find({ key, channel, thread }: Post, nowMs: number): Promise<Finding> {
    // A user id stands for a direct message, whose channel is not known before the post.
    if (!this.#isPossible || /^[UW]/.test(channel)) return { kind: 'unknowable' }
    const oldest = String((nowMs - lookBackMs) / 1000)
    const what = { channel, oldest, limit: 100, include_all_metadata: true }
    try {
      const answer =
        thread === undefined
          ? await this.#client.conversations.history(what)
          : await this.#client.conversations.replies({ ...what, ts: thread })
      const { messages } = page.parse(answer)
      const found = messages.find(({ metadata }) => metadata?.event_payload.key === key)
      return found === undefined ? { kind: 'absent' } : { kind: 'found', place: { channel, ts: found.ts } }
    } catch (error) {
      const failure = callFailure(error)
      if (failure.kind === 'rate-limited') return { kind: 'retry', afterMs: failure.retryAfterMs }
      if (failure.kind !== 'refused') return { kind: 'retry' }
      if (lacking.has(failure.why)) {
        this.#isPossible = false
        this.#log.warn(
          { why: failure.why },
          'channel histories cannot be read: a message whose answer was lost may be posted a second time',
        )
      }
      return { kind: 'unknowable' }
    }
  }
}
