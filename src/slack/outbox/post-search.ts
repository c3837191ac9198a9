/** Finds out whether a message is in Slack although its answer was lost, by the key in its metadata. */
import type { WebClient } from '@slack/web-api'
import { z } from 'zod'
import type { Logger } from '../../log.js'
import { callFailure } from '../call-failure.js'
import type { Place } from './outbox.js'

export type Finding =
  | { kind: 'found'; place: Place }
  | { kind: 'absent' }
  /** The history may not be read, or is too long: nobody knows. */
  | { kind: 'unknowable' }
  | { kind: 'retry'; afterMs?: number }

export interface Sought {
  key: string
  /** Channel id, or a user id for a direct message. */
  channel: string
  thread?: string | undefined
  /** Milliseconds since 1970: it was not given to the outbox before. */
  sinceMs: number
  /** It is from before the start of this process, so one look at the conversation finds all of its kind. */
  isLeft: boolean
}

/** The bot's clock and Slack's may differ. */
const lookBackMs = 10 * 60_000
/** Slack docs: no more than 200 a page are recommended. */
const perPage = 200
const mostPages = 20

const page = z.object({
  messages: z.array(
    z.object({
      ts: z.string(),
      metadata: z
        .object({ event_payload: z.object({ key: z.string().optional() }).catch({}) })
        .optional()
        .catch(undefined),
    }),
  ),
  response_metadata: z.object({ next_cursor: z.string().optional() }).optional().catch(undefined),
})
const opened = z.object({ channel: z.object({ id: z.string() }) })

/** Errors that hold for every channel, not for one. */
const lacking = new Set(['missing_scope', 'unknown_method', 'not_allowed_token_type', 'HTTP 404'])

/** Timestamps by key, of a part of a conversation. */
type Found = ReadonlyMap<string, string>

export class PostSearch {
  readonly #client: WebClient
  readonly #log: Logger
  readonly #oldestLeftMs: number
  /** What lacks a permission, and was told of. */
  readonly #impossible = new Set<string>()
  /** What was there before this process, by conversation. */
  readonly #left = new Map<string, Promise<Found>>()
  /** Conversations with people, by their id. */
  readonly #direct = new Map<string, string>()

  /** `oldestLeftMs`: no message that a former process left is older. */
  constructor(client: WebClient, log: Logger, oldestLeftMs: number) {
    this.#client = client
    this.#log = log
    this.#oldestLeftMs = oldestLeftMs
  }

  /** Never rejects. */
  async find({ key, channel, thread, sinceMs, isLeft }: Sought): Promise<Finding> {
    const isDirect = /^[UW]/.test(channel)
    const kind = isDirect || channel.startsWith('D') ? 'direct messages' : 'channels'
    if (this.#impossible.has(kind)) return { kind: 'unknowable' }
    try {
      const where = isDirect ? await this.#conversationWith(channel) : channel
      const found = isLeft
        ? await this.#leftIn(where, thread)
        : await this.#read(where, thread, sinceMs, (keys) => keys.has(key))
      const ts = found.get(key)
      return ts === undefined ? { kind: 'absent' } : { kind: 'found', place: { channel: where, ts } }
    } catch (error) {
      if (error instanceof TooLong) return { kind: 'unknowable' }
      const failure = callFailure(error)
      if (failure.kind === 'rate-limited') return { kind: 'retry', afterMs: failure.retryAfterMs }
      if (failure.kind !== 'refused') return { kind: 'retry' }
      if (lacking.has(failure.why)) {
        this.#impossible.add(kind)
        this.#log.warn(
          { why: failure.why, of: kind },
          'histories cannot be read: a message whose answer was lost may be posted a second time',
        )
      }
      return { kind: 'unknowable' }
    }
  }

  /** Where a message to a person went. */
  learn(user: string, channel: string): void {
    if (channel.startsWith('D')) this.#direct.set(user, channel)
  }

  #leftIn(channel: string, thread: string | undefined): Promise<Found> {
    const place = `${channel} ${thread ?? ''}`
    const known = this.#left.get(place)
    if (known !== undefined) return known
    const reading = this.#read(channel, thread, this.#oldestLeftMs, () => false)
    this.#left.set(place, reading)
    reading.catch((error: unknown) => {
      if (!(error instanceof TooLong)) this.#left.delete(place)
    })
    return reading
  }

  async #read(
    channel: string,
    thread: string | undefined,
    sinceMs: number,
    isEnough: (found: Found) => boolean,
  ): Promise<Found> {
    const oldest = String((sinceMs - lookBackMs) / 1000)
    const what = { channel, oldest, limit: perPage, include_all_metadata: true }
    const found = new Map<string, string>()
    let cursor: string | undefined
    for (let n = 0; n < mostPages; n += 1) {
      const asked = cursor === undefined ? what : { ...what, cursor }
      const answer =
        thread === undefined
          ? await this.#client.conversations.history(asked)
          : await this.#client.conversations.replies({ ...asked, ts: thread })
      const { messages, response_metadata } = page.parse(answer)
      for (const { ts, metadata } of messages) {
        const key = metadata?.event_payload.key
        if (key !== undefined) found.set(key, ts)
      }
      cursor = response_metadata?.next_cursor
      if (isEnough(found) || cursor === undefined || cursor === '') return found
    }
    throw new TooLong()
  }

  /** A user id stands for a direct message, whose conversation is not known before the post. */
  async #conversationWith(user: string): Promise<string> {
    const known = this.#direct.get(user)
    if (known !== undefined) return known
    const { channel } = opened.parse(await this.#client.conversations.open({ users: user }))
    this.#direct.set(user, channel.id)
    return channel.id
  }
}

/** More was written there meanwhile than is worth reading. */
class TooLong extends Error {}
