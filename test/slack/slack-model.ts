/** A Slack in memory for the outbox alone: it can be copied at any moment, and each process has a connection of its own that
 * dies with it. */
import {
  WebAPIHTTPError,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebAPIRequestError,
  type WebClient,
} from '@slack/web-api'

export interface ModelMessage {
  ts: string
  text: string
  key: string
  thread?: string
  /** Texts that it had, oldest first. */
  history: string[]
}

/** What the next call meets. `drop`: done, and the answer is lost. `fail`: HTTP 503, not done. `late-fail`: HTTP 503, done. */
export type Weather = 'fine' | 'drop' | 'refuse' | 'limit' | 'fail' | 'late-fail'

type Args = Record<string, unknown>

export class SlackModel {
  readonly channels: Map<string, ModelMessage[]>
  readonly whispers: string[]
  /** Consumed call by call; then it is as `always` says. */
  forecast: Weather[] = []
  always: Weather = 'fine'
  calls = 0
  /** Called after each effect, before it is answered. */
  onEffect: () => void = () => {}
  #ts: number

  constructor(from?: SlackModel) {
    this.channels = structuredClone(from?.channels ?? new Map())
    this.whispers = [...(from?.whispers ?? [])]
    this.#ts = from === undefined ? 100 : from.#ts
  }

  messages(channel: string): ModelMessage[] {
    return this.channels.get(channel) ?? []
  }

  /** All texts by key, to see what appeared how often. */
  get keys(): string[] {
    return [...this.channels.values()].flat().map(({ key }) => key)
  }

  /** A connection; after `die()` nothing goes through it and nothing comes back. */
  connect(): { client: WebClient; die(): void } {
    let isDead = false
    const call = (run: (args: Args) => object) => async (args: Args) => {
      if (isDead) return new Promise(() => {})
      this.calls += 1
      const weather = this.forecast.shift() ?? this.always
      await Promise.resolve()
      if (isDead) return new Promise(() => {})
      if (weather === 'refuse') {
        throw new WebAPIRequestError(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }))
      }
      if (weather === 'limit') throw new WebAPIRateLimitedError(3)
      if (weather === 'fail') throw new WebAPIHTTPError(503, 'unavailable', {})
      const answer = run(args)
      this.onEffect()
      await Promise.resolve()
      if (isDead) return new Promise(() => {})
      if (weather === 'drop') throw new WebAPIRequestError(new Error('socket hang up'))
      if (weather === 'late-fail') throw new WebAPIHTTPError(503, 'unavailable', {})
      return { ok: true, ...answer }
    }
    const client = {
      auth: { test: call(() => ({})) },
      chat: {
        postMessage: call((args) => this.#post(args)),
        update: call((args) => this.#update(args)),
        postEphemeral: call(({ text }) => {
          this.whispers.push(String(text))
          return {}
        }),
      },
      conversations: {
        open: call(({ users }) => ({ channel: { id: this.#idOf(String(users)) } })),
        history: call((args) => this.#read(args)),
        replies: call((args) => this.#read(args)),
      },
    }
    return {
      client: client as unknown as WebClient,
      die() {
        isDead = true
      },
    }
  }

  #idOf(channel: string): string {
    return channel.startsWith('U') ? `D${channel.slice(1)}` : channel
  }

  #post({ channel, text, thread_ts, metadata }: Args): object {
    const where = this.#idOf(String(channel))
    const ts = `${this.#ts++}.0`
    const { event_payload } = metadata as { event_payload: { key: string } }
    const thread = thread_ts === undefined ? {} : { thread: String(thread_ts) }
    const message = { ts, text: String(text), key: event_payload.key, history: [String(text)], ...thread }
    this.channels.set(where, [...this.messages(where), message])
    return { channel: where, ts }
  }

  #update({ channel, ts, text }: Args): object {
    const message = this.messages(String(channel)).find((each) => each.ts === ts)
    if (message === undefined) throw new WebAPIPlatformError({ ok: false, error: 'message_not_found' })
    message.text = String(text)
    message.history.push(message.text)
    return {}
  }

  /** Newest first, two a page: whoever reads must turn pages. */
  #read({ channel, ts, cursor }: Args): object {
    const all = this.messages(String(channel))
      .filter(({ thread }) => thread === ts)
      .reverse()
    const from = Number(cursor ?? 0)
    const shown = all.slice(from, from + 2)
    const next = from + 2 < all.length ? String(from + 2) : ''
    return {
      messages: shown.map(({ ts: at, key }) => ({ ts: at, metadata: { event_payload: { key } } })),
      response_metadata: { next_cursor: next },
    }
  }
}
