/**
 * Everything the bot posts and updates goes through here: in order per channel, never posted twice by a retry, updates
 * of one message coalesced, rate limits obeyed without holding up anything else. In memory: what waits is lost when the
 * process dies, and is made again from the jobs.
 */
import type { WebClient } from '@slack/web-api'
import type { Clock } from '../../jobs/index.js'
import type { Logger } from '../../log.js'
import type { Message } from '../views/index.js'
import { within } from '../wait.js'
import { PostQueue } from './post-queue.js'
import { UpdateQueue } from './update-queue.js'

export interface Place {
  channel: string
  ts: string
}

export interface Post {
  /** Unique and stable: travels as metadata, so that a message whose answer was lost is recognised. */
  key: string
  /** Channel id, or a user id for a direct message. */
  channel: string
  /** Timestamp of the message whose thread it belongs to. */
  thread?: string
  message: Message
  /** It may have been posted before a restart: looked for first. */
  mayExist?: boolean
}

export type UpdateOutcome = 'shown' | 'gone'

export interface Outbox {
  /** Resolves when Slack has it. Rejects with {@link PostFailed}. */
  post(post: Post): Promise<Place>
  /** Shows the latest state of a message, at most every 1.2 s; `final` at once. Resolves when this or a later state is
   * shown, or `gone` when the message cannot be changed any more. */
  update(place: Place, message: Message, options?: { final?: boolean }): Promise<UpdateOutcome>
  /** Sends what waits, without pauses for coalescing. `false` when something was left at the deadline. */
  drain(withinMs: number): Promise<boolean>
  /** Gives up whatever waits. */
  stop(): void
}

export interface OutboxParts {
  client: WebClient
  log: Logger
  clock: Clock
}

export function createOutbox({ client, log, clock }: OutboxParts): Outbox {
  const posts = new PostQueue({ client, log, clock })
  const updates = new UpdateQueue({ client, log, clock })
  return {
    async post(post) {
      const place = await posts.add(post)
      updates.shownNow(place)
      return place
    },
    update: (place, message, { final = false } = {}) => updates.add(place, message, final),
    async drain(withinMs) {
      updates.hurry()
      const all = Promise.all([posts.idle(), updates.idle()]).then(() => true)
      const sent = await within(clock, withinMs, all, false)
      if (!sent) {
        log.error({ posts: posts.size, updates: updates.size }, 'messages could not be sent to Slack in time')
      }
      return sent
    },
    stop() {
      posts.stop()
      updates.stop()
    },
  }
}
