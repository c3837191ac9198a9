/**
 * Everything the bot says in Slack goes through here: in order per channel, each post once whatever is lost on the way,
 * updates of one message coalesced, rate limits obeyed without holding up anything else. What waits is on disk, and is sent
 * by the next start when this process dies.
 */
import type { WebClient } from '@slack/web-api'
import type { Clock } from '../../jobs/index.js'
import type { Logger } from '../../log.js'
import type { Message } from '../views/index.js'
import { within } from '../wait.js'
import { OutboxJournal, type OutboxLog, type Worth } from './outbox-journal.js'
import { PostQueue } from './post-queue.js'
import { UpdateQueue } from './update-queue.js'
import { type Listener, WordsQueue } from './words-queue.js'

export interface Place {
  channel: string
  ts: string
}

export interface Posted extends Place {
  /** It was there, or on its way, from before: perhaps with other words than were given now. */
  wasThere?: true
}

export interface Post {
  /** Unique and stable: travels as metadata, so that a message whose answer was lost is recognised. What has a key that was
   * posted is not posted again. */
  key: string
  /** Channel id, or a user id for a direct message. */
  channel: string
  /** Timestamp of the message whose thread it belongs to. */
  thread?: string
  message: Message
  /** It may have been posted before a restart: looked for first. */
  mayExist?: boolean
  /** It is sent without waiting for the disk, which has it when Slack has not taken it within half a second: for what can
   * be asked for again. */
  atOnce?: boolean
  /** When too much waits, details are given up first, then answers; cards never. Default `answer`. */
  worth?: Worth
}

export type UpdateOutcome = 'shown' | 'gone'

export interface Outbox {
  /** On disk before it is sent, unless `atOnce`. Resolves when Slack has it. Rejects with `PostFailed`. */
  post(post: Post): Promise<Posted>
  /** Shows the latest state of a message, at most every 1.2 s; `final` at once. Resolves when this or a later state is
   * shown, or `gone` when the message cannot be changed any more. */
  update(place: Place, message: Message, options?: { final?: boolean }): Promise<UpdateOutcome>
  /** Says it to one person alone. Never rejects; `false` when it could not be said. With a key it is said once, and tried
   * for half an hour: on disk when Slack has not taken it within half a second. Then it resolves when that is certain. */
  say(listener: Listener, message: Message, key?: string): Promise<boolean>
  /** How much waits to be sent. */
  readonly waiting: { posts: number; updates: number; answers: number }
  /** Sends what waits, without pauses for coalescing. `false` when something was left at the deadline. */
  drain(withinMs: number): Promise<boolean>
  /** Sends nothing more; what waits is left to the next start. */
  stop(): Promise<void>
}

export interface OutboxParts {
  /** For what nobody waits for. */
  client: WebClient
  /** For answers to people. */
  interactive: WebClient
  /** Where what waits is kept; in memory only when absent. */
  pending: OutboxLog | undefined
  log: Logger
  clock: Clock
}

/** Begins at once with what the last process left. */
export function createOutbox({ client, interactive, pending, log, clock }: OutboxParts): Outbox {
  const journal = new OutboxJournal(pending, log, () => clock.now())
  const posts = new PostQueue({ client, journal, log, clock })
  const updates = new UpdateQueue({ client, journal, log, clock })
  const words = new WordsQueue({ client: interactive, journal, log, clock })
  const waiting = () => ({ posts: posts.size, updates: updates.size, answers: words.size })
  return {
    get waiting() {
      return waiting()
    },
    async post(post) {
      const posted = await posts.add(post)
      if (posted.wasThere !== true) updates.shownNow(posted)
      return posted
    },
    update: (place, message, { final = false } = {}) => updates.add(place, message, final),
    say: (listener, message, key) => words.say(listener, message, key),
    async drain(withinMs) {
      updates.hurry()
      const all = Promise.all([posts.idle(), updates.idle(), words.idle()]).then(() => true)
      const sent = await within(clock, withinMs, all, false)
      if (!sent) {
        log.warn(waiting(), 'messages could not be sent to Slack in time; the next start sends them')
      }
      return sent
    },
    async stop() {
      posts.stop()
      updates.stop()
      words.stop()
      await journal.close()
    },
  }
}
