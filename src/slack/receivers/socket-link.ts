/**
 * One Socket Mode connection, used once: when it ends a new one takes its place. The library's own reconnection stays off,
 * because in @slack/socket-mode 3.1 it leaves 5 s without a connection and rejects where nobody can catch it.
 */
import { type App, SocketModeReceiver } from '@slack/bolt'
import { z } from 'zod'
import type { Clock } from '../../jobs/index.js'
import type { Logger } from '../../log.js'
import { clientOptions } from '../clients.js'
import { slackLogger } from '../slack-logger.js'
import { pause, within } from '../wait.js'

export interface SocketParts {
  appToken: string
  apiUrl: string | undefined
  log: Logger
  clock: Clock
}

/** From asking for an address to Slack's hello. */
const openWithinMs = 15_000
/** How long the other side may take to answer the close frame. */
const closeWithinMs = 1000
/** Slack docs: an envelope may be acknowledged for 3 s. What came before Slack announced the end still is. */
const lingerMs = 3500

const disconnectFrame = z.object({ type: z.literal('disconnect'), reason: z.string().optional() })

export class SocketLink {
  readonly #receiver: SocketModeReceiver
  readonly #clock: Clock
  readonly #log: Logger
  #isClosed = false
  /** Resolves with the reason when Slack sends no more envelopes here. */
  readonly ended: Promise<string>
  /** Resolves when the socket is gone. */
  readonly #gone: Promise<unknown>

  constructor(app: App, { appToken, apiUrl, log, clock }: SocketParts) {
    this.#clock = clock
    this.#log = log
    this.#receiver = new SocketModeReceiver({
      appToken,
      logger: slackLogger(log),
      autoReconnectEnabled: false,
      installerOptions: {
        clientOptions: clientOptions(apiUrl, {
          timeout: 10_000,
          retryConfig: { retries: 0 },
          rejectRateLimitedCalls: true,
        }),
      },
      customPropertiesExtractor: ({ envelope_id }) => ({ deliveryId: envelope_id }),
      processEventErrorHandler: async ({ error }) => {
        log.error({ err: error }, 'an envelope could not be worked')
        return false
      },
    })
    this.#receiver.init(app)
    const { client } = this.#receiver
    const gone = new Promise<string>((resolve) => {
      client.on('disconnected', () => resolve('closed'))
      client.on('error', (error: unknown) => resolve(error instanceof Error ? error.message : 'socket error'))
    })
    const announced = new Promise<string>((resolve) => this.#watchFrames(resolve))
    this.#gone = gone
    this.ended = Promise.race([gone, announced])
  }

  /** Rejects when there is no connection within 15 s. */
  async open(): Promise<void> {
    const started = this.#receiver.start().then(
      () => 'open' as const,
      // A closed socket rejects with nothing.
      (error: unknown) => error ?? new Error('Slack closed the connection before its hello'),
    )
    const outcome = await within(
      this.#clock,
      openWithinMs,
      started,
      new Error(`no hello within ${openWithinMs} ms`),
    )
    if (this.#isClosed) return this.close()
    if (outcome !== 'open') {
      await this.close()
      throw outcome
    }
  }

  /** Closes when what Slack sent before can be acknowledged no more, or Slack has closed. Never rejects. */
  async retire(): Promise<void> {
    await within(this.#clock, lingerMs, this.#gone, undefined)
    await this.close()
  }

  /** Resolves when the socket is closed; by force when the other side does not answer. */
  async close(): Promise<void> {
    this.#isClosed = true
    const { client } = this.#receiver
    const closed = client.disconnect()
    if (
      (await within(
        this.#clock,
        closeWithinMs,
        closed.then(() => true),
        false,
      )) === true
    )
      return
    // A second time the library does not wait the 30 s it gives the other side.
    await Promise.race([client.disconnect(), pause(this.#clock, closeWithinMs)])
  }

  /** Stands between the socket and the library, which handles frames in an async listener, so that an odd one would end the
   * process as an unhandled rejection; and which closes at once when Slack announces the end, so that acknowledgements on their
   * way would be lost. */
  #watchFrames(announce: (reason: string) => void): void {
    const { client } = this.#receiver
    const event = 'ws_message'
    const listeners = client.listeners(event)
    client.removeAllListeners(event)
    for (const listener of listeners) {
      client.on(event, (...frame: unknown[]) => {
        const reason = disconnectReason(frame[0])
        if (reason !== undefined) return announce(reason)
        Promise.resolve(Reflect.apply(listener, client, frame)).catch((error: unknown) => {
          this.#log.warn({ err: error }, 'a frame from Slack could not be read')
        })
      })
    }
  }
}

function disconnectReason(data: unknown): string | undefined {
  // Envelopes are many and may be long; this frame is short.
  if (typeof data !== 'string' || data.length > 1000 || !data.includes('"disconnect"')) return undefined
  try {
    const frame = disconnectFrame.safeParse(JSON.parse(data))
    return frame.success ? (frame.data.reason ?? 'disconnect') : undefined
  } catch {
    return undefined
  }
}
