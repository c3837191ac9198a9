/** Posting: one message at a time per channel, and each one once. */
import type { WebClient } from '@slack/web-api'
import type { Clock } from '../../jobs/index.js'
import type { Logger } from '../../log.js'
import { type CallFailure, callFailure } from '../call-failure.js'
import { hasChart, prepare, withTextCharts } from '../views/index.js'
import { backoffMs, pause } from '../wait.js'
import type { Place, Post, Posted } from './outbox.js'
import { type OutboxJournal, type Worth, worths } from './outbox-journal.js'
import { PostFailed } from './post-failed.js'
import { PostSearch } from './post-search.js'

/** What may wait in memory; beyond that Slack has been away for so long that more would only grow. */
const mostWaiting = 2000
const mostBytes = 16 * 1024 * 1024
const hourMs = 60 * 60_000
/** What could not be delivered for so long is given up: by then an answer is no answer any more. */
const giveUpAfterMs: Record<Worth, number> = { detail: hourMs, answer: hourMs, card: 24 * hourMs }
const longestBackoffMs = 30_000
/** For so long Slack may take over what need not be on disk. */
const keptAfterMs = 500
/** A message whose answer was lost may take so long to be seen in its channel. */
const settleMs = 1000

/** Names qnav's messages among others in a channel's metadata. */
export const metadataType = 'qnav_message'

interface Waiting {
  /** Its message is prepared. */
  readonly post: Post
  readonly worth: Worth
  /** When it was given to the outbox, or is counted from. */
  readonly givenAt: number
  readonly sinceMs: number
  /** From before the start of this process. */
  readonly isLeft: boolean
  readonly bytes: number
  /** Resolves when it is on disk; absent while nobody has asked for that. */
  keeping?: Promise<void>
  cancelTimer?: () => void
  readonly posted: Promise<Posted>
  readonly resolve: (posted: Posted) => void
  readonly reject: (error: unknown) => void
  isUnderWay: boolean
}

interface ChannelLine {
  /** In the order in which they were given. */
  readonly waiting: Waiting[]
  readonly work: Promise<void>
}

export interface PostQueueParts {
  client: WebClient
  journal: OutboxJournal
  log: Logger
  clock: Clock
}

export class PostQueue {
  readonly #client: WebClient
  readonly #journal: OutboxJournal
  readonly #log: Logger
  readonly #clock: Clock
  readonly #search: PostSearch
  readonly #channels = new Map<string, ChannelLine>()
  readonly #byKey = new Map<string, Waiting>()
  readonly #stopped = new AbortController()
  /** By then everything that the last process sent is to be seen. */
  readonly #settled: Promise<void>
  #bytes = 0
  /** Whether this Slack knows the block, as far as it was tried. */
  #drawsCharts = true

  /** Begins with what the last process left. */
  constructor({ client, journal, log, clock }: PostQueueParts) {
    this.#client = client
    this.#journal = journal
    this.#log = log
    this.#clock = clock
    const left = journal.left('post')
    const oldest = Math.min(clock.now(), ...left.map(({ at }) => Date.parse(at)))
    this.#search = new PostSearch(client, log, oldest)
    this.#settled = left.length === 0 ? Promise.resolve() : this.#wait(settleMs)
    for (const { key, at, value } of left) {
      const { channel, thread, message, worth } = value
      const post = { key, channel, message, worth, ...(thread === undefined ? {} : { thread }) }
      const sinceMs = Date.parse(at)
      // Cards are true again when they are there; an answer grows old also while nobody runs.
      const givenAt = worth === 'card' ? clock.now() : sinceMs
      this.#enqueue(post, { sinceMs, givenAt, isLeft: true, keeping: Promise.resolve() })
    }
    if (left.length > 0) log.info({ posts: left.length }, 'messages of before the last stop are sent now')
  }

  get size(): number {
    return this.#byKey.size
  }

  add(given: Post): Promise<Posted> {
    const { key } = given
    const waiting = this.#byKey.get(key)
    if (waiting !== undefined) return waiting.posted.then((at) => ({ ...at, wasThere: true }))
    const place = placeIn(this.#journal.noteOf(key))
    if (place !== undefined) return Promise.resolve({ ...place, wasThere: true })
    const post = { ...given, message: prepare(given.message) }
    const now = this.#clock.now()
    // It may be from before a restart whose journal knew nothing of it.
    const sinceMs = post.mayExist === true ? now - hourMs : now
    const item = this.#enqueue(post, { sinceMs, givenAt: now, isLeft: false })
    if (post.atOnce === true) {
      item.cancelTimer = this.#clock.after(keptAfterMs, () => void this.#keep(item))
    } else {
      // On the disk they have the same order.
      for (const each of this.#channels.get(post.channel)?.waiting ?? []) void this.#keep(each)
    }
    this.#makeRoom()
    return item.posted
  }

  async idle(): Promise<void> {
    while (this.#channels.size > 0) await Promise.all([...this.#channels.values()].map(({ work }) => work))
  }

  /** What waits stays on disk. */
  stop(): void {
    for (const item of this.#byKey.values()) void this.#keep(item)
    this.#stopped.abort()
  }

  #keep(item: Waiting): Promise<void> {
    const { key, channel, thread, message } = item.post
    const value = { kind: 'post' as const, channel, worth: item.worth, message }
    item.keeping ??= this.#journal.keep(key, thread === undefined ? value : { ...value, thread })
    return item.keeping
  }

  #enqueue(post: Post, how: Pick<Waiting, 'sinceMs' | 'givenAt' | 'isLeft' | 'keeping'>): Waiting {
    let resolve = (_: Posted): void => {}
    let reject = (_: unknown): void => {}
    const posted = new Promise<Posted>((res, rej) => {
      resolve = res
      reject = rej
    })
    // Nobody waits for what a former process left.
    posted.catch(() => undefined)
    const bytes = JSON.stringify(post.message).length
    const worth = post.worth ?? 'answer'
    const item: Waiting = { post, worth, ...how, bytes, posted, resolve, reject, isUnderWay: false }
    this.#byKey.set(post.key, item)
    this.#bytes += bytes
    const line = this.#channels.get(post.channel)
    if (line !== undefined) line.waiting.push(item)
    else {
      const waiting = [item]
      this.#channels.set(post.channel, { waiting, work: this.#work(post.channel, waiting) })
    }
    return item
  }

  /** Never rejects. */
  async #work(channel: string, waiting: Waiting[]): Promise<void> {
    for (let item = waiting[0]; item !== undefined; item = waiting[0]) {
      item.isUnderWay = true
      // What is not on disk could be sent and forgotten: whoever gave it and gives it again would have it sent again.
      if (item.post.atOnce !== true) await this.#keep(item)
      try {
        const posted = await this.#deliver(item)
        if (item.keeping !== undefined) {
          this.#journal.done(item.post.key, `${posted.channel} ${posted.ts}`)
        }
        this.#remove(item)
        item.resolve(posted)
      } catch (error) {
        // What a stop left undone stays on disk.
        if (!this.#stopped.signal.aborted) this.#journal.withdraw(item.post.key)
        this.#remove(item)
        item.reject(error)
      }
      waiting.shift()
    }
    this.#channels.delete(channel)
  }

  /** When there is too much: details first, then answers, the oldest first. Cards are as many as there are jobs. */
  #makeRoom(): void {
    if (this.size <= mostWaiting && this.#bytes <= mostBytes) return
    for (const worth of worths.filter((each) => each !== 'card')) {
      for (const item of this.#byKey.values()) {
        if (item.worth !== worth || item.isUnderWay) continue
        const line = this.#channels.get(item.post.channel)?.waiting
        line?.splice(line.indexOf(item), 1)
        const failed = new PostFailed(item.post, `${mostWaiting} messages wait already`, false)
        this.#log.error({ err: failed, worth }, 'a message was dropped')
        this.#journal.withdraw(item.post.key)
        this.#remove(item)
        item.reject(failed)
        if (this.size <= mostWaiting && this.#bytes <= mostBytes) return
      }
    }
  }

  #remove({ post, bytes, cancelTimer }: Waiting): void {
    cancelTimer?.()
    this.#byKey.delete(post.key)
    this.#bytes -= bytes
  }

  async #deliver(item: Waiting): Promise<Posted> {
    const { post, givenAt, isLeft, sinceMs, worth } = item
    const { key, channel, thread } = post
    // Lost answers that could not be cleared up: one second try is better than a lost card, more are not.
    let uncertain = 0
    const mayExist = isLeft || post.mayExist === true
    let mustLook = mayExist
    let wasSent = false
    if (isLeft) await this.#settled
    for (let attempt = 0; !this.#stopped.signal.aborted; attempt += 1) {
      if (this.#clock.now() - givenAt > giveUpAfterMs[worth]) {
        throw this.#failed(post, 'Slack could not be reached', false)
      }
      if (mustLook) {
        const found = await this.#search.find({
          ...{ key, channel, thread, sinceMs },
          // What was sent since is not among what was there at the start.
          isLeft: isLeft && !wasSent,
        })
        if (found.kind === 'found') return mayExist ? { ...found.place, wasThere: true } : found.place
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
      const outcome = await this.#send(post)
      if ('ts' in outcome) return outcome
      switch (outcome.kind) {
        case 'refused':
          throw this.#failed(post, outcome.why, true)
        case 'rate-limited':
          await this.#wait(outcome.retryAfterMs)
          break
        case 'unknown':
          uncertain += 1
          wasSent = true
          mustLook = true
          await this.#wait(settleMs)
          break
        case 'failed':
          wasSent = true
          mustLook = true
          await this.#wait(backoffMs(attempt, longestBackoffMs))
          break
        case 'not-sent':
          if (attempt === 0) this.#log.warn({ key, why: outcome.why }, 'Slack is not reached; messages wait')
          await this.#wait(backoffMs(attempt, longestBackoffMs))
      }
    }
    throw new PostFailed(post, 'the bot stopped', false)
  }

  /** Waits for Slack to answer anything at all, so that the one second try is not spent on an outage. */
  async #slackAnswers(): Promise<boolean> {
    const since = this.#clock.now()
    for (let attempt = 0; this.#clock.now() - since < hourMs; attempt += 1) {
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

  async #send({ key, channel, thread, message }: Post): Promise<Place | CallFailure> {
    const { text } = message
    const blocks = this.#drawsCharts ? message.blocks : withTextCharts(message.blocks)
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
      this.#search.learn(channel, where)
      return { channel: where, ts }
    } catch (error) {
      const failure = callFailure(error)
      if (!this.#drawsCharts || !hasChart(blocks) || !failure.why.includes('invalid_blocks')) return failure
      this.#log.warn({ why: failure.why }, 'Slack draws no charts here; they are sent as text')
      this.#drawsCharts = false
      return this.#send({ key, channel, message, ...(thread === undefined ? {} : { thread }) })
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

/** As noted at the end of a post: channel and timestamp. */
function placeIn(note: string | undefined): Place | undefined {
  const [channel, ts] = note?.split(' ') ?? []
  return channel === undefined || ts === undefined ? undefined : { channel, ts }
}
