/**
 * Socket Mode over several connections. Slack closes each every few hours; slash commands that come meanwhile are not
 * sent again, so another connection must be there.
 */
import type { App, Receiver } from '@slack/bolt'
import { callFailure } from '../call-failure.js'
import { slackUnavailable, wrongToken } from '../start-errors.js'
import { backoffMs, pause, within } from '../wait.js'
import { SocketLink, type SocketParts } from './socket-link.js'

export interface PoolOptions extends SocketParts {
  /** Slack allows 10 per app (Slack docs: Socket Mode); default 2. */
  connections?: number
}

/** How long the first connection may take at start. */
const startWithinMs = 30_000
const longestBackoffMs = 30_000
/** A connection that lived shorter counts as failed, or a refusing Slack would be asked without pause. */
const shortLifeMs = 1000
const stopWithinMs = 3000

export class PooledSocketReceiver implements Receiver {
  readonly #parts: SocketParts
  readonly #connections: number
  readonly #links = new Set<SocketLink>()
  readonly #stopped = new AbortController()
  #app: App | undefined
  /** Connections are opened one after another: Slack answers simultaneous ones with a conflict. */
  #turn: Promise<unknown> = Promise.resolve()
  #keepers: Promise<void>[] = []

  constructor({ connections = 2, ...parts }: PoolOptions) {
    this.#parts = parts
    this.#connections = connections
  }

  init(app: App): void {
    this.#app = app
  }

  /** Resolves when the first connection is there; the others follow. Rejects with `bad-config` or `slack-unavailable`. */
  async start(): Promise<void> {
    const first = await this.#openFirst()
    this.#keepers = [this.#keep(first), ...Array.from({ length: this.#connections - 1 }, () => this.#keep())]
  }

  /** Takes no more envelopes; resolves when the sockets are closed, after 3 s at most. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    const closing = Promise.allSettled([...this.#links].map((link) => link.close()))
    await within(this.#parts.clock, stopWithinMs, Promise.allSettled([closing, ...this.#keepers]), undefined)
  }

  async #openFirst(): Promise<SocketLink> {
    const { clock, log } = this.#parts
    const startedAt = clock.now()
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.#openInTurn()
      } catch (error) {
        const failure = callFailure(error)
        if (isTokenProblem(failure.why)) throw wrongToken('SLACK_APP_TOKEN', failure.why, error)
        if (clock.now() - startedAt > startWithinMs || this.#stopped.signal.aborted) {
          throw slackUnavailable('Socket Mode gave no connection', failure.why, error)
        }
        log.warn({ why: failure.why }, 'no Socket Mode connection yet')
        await this.#waitAfter(error, attempt)
      }
    }
  }

  /** Never rejects; ends with stop(). */
  async #keep(first?: SocketLink): Promise<void> {
    const { clock, log } = this.#parts
    let link = first
    for (let failures = 0; !this.#stopped.signal.aborted; ) {
      try {
        link ??= await this.#openInTurn()
        const openedAt = clock.now()
        const reason = await link.ended
        // Its successor is opened while it says goodbye.
        void this.#retire(link)
        link = undefined
        if (this.#stopped.signal.aborted) return
        log.debug({ reason }, 'a Socket Mode connection ended; the next one is opened')
        failures = clock.now() - openedAt < shortLifeMs ? failures + 1 : 0
        if (failures > 1) await pause(clock, backoffMs(failures - 2, longestBackoffMs), this.#stopped.signal)
      } catch (error) {
        if (this.#stopped.signal.aborted) return
        log.error({ err: error }, 'a Socket Mode connection could not be opened; it is tried again')
        await this.#waitAfter(error, failures)
        failures += 1
      }
    }
  }

  /** Never rejects. */
  async #retire(link: SocketLink): Promise<void> {
    await link.retire()
    this.#links.delete(link)
  }

  #openInTurn(): Promise<SocketLink> {
    const mine = this.#turn.then(async () => {
      if (this.#app === undefined) throw new Error('the receiver was not given its app')
      const link = new SocketLink(this.#app, this.#parts)
      this.#links.add(link)
      try {
        await link.open()
        return link
      } catch (error) {
        this.#links.delete(link)
        throw error
      }
    })
    this.#turn = mine.catch(() => undefined)
    return mine
  }

  #waitAfter(error: unknown, attempt: number): Promise<void> {
    const failure = callFailure(error)
    const ms = failure.kind === 'rate-limited' ? failure.retryAfterMs : backoffMs(attempt, longestBackoffMs)
    return pause(this.#parts.clock, ms, this.#stopped.signal)
  }
}

const tokenProblems = new Set([
  'invalid_auth',
  'not_authed',
  'account_inactive',
  'token_revoked',
  'token_expired',
  'not_allowed_token_type',
  'missing_scope',
  'user_removed_from_team',
  'team_disabled',
])

/** Whether Slack's code says that another try with the same token cannot succeed. */
export function isTokenProblem(why: string): boolean {
  return tokenProblems.has(why)
}
