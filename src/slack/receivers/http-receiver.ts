/** Slack's requests over HTTP, for workspaces where Socket Mode is not wanted. */
import type { Server } from 'node:http'
import { type App, HTTPReceiver, type Receiver } from '@slack/bolt'
import { UserError } from '../../errors.js'
import type { Clock } from '../../jobs/index.js'
import type { Logger } from '../../log.js'
import { slackLogger } from '../slack-logger.js'
import { portTaken } from '../start-errors.js'
import { within } from '../wait.js'

export interface HttpReceiverOptions {
  signingSecret: string
  /** 0 takes a free one. */
  port: number
  log: Logger
  clock: Clock
}

const stopWithinMs = 3000

/** Signed requests at `/slack/events`; `/healthz` answers 200 for load balancers. */
export class SignedHttpReceiver implements Receiver {
  readonly #receiver: HTTPReceiver
  readonly #options: HttpReceiverOptions
  #server: Server | undefined

  constructor(options: HttpReceiverOptions) {
    this.#options = options
    this.#receiver = new HTTPReceiver({
      signingSecret: options.signingSecret,
      logger: slackLogger(options.log),
      endpoints: ['/slack/events'],
      customRoutes: [
        {
          path: '/healthz',
          method: ['GET', 'HEAD'],
          handler: (_request, response) => {
            response.writeHead(200, { 'content-type': 'text/plain' }).end('ok\n')
          },
        },
      ],
      // A proxy may send a request twice; the signature covers time and body and is the same both times.
      customPropertiesExtractor: ({ headers }) => ({ deliveryId: headers['x-slack-signature'] }),
      processEventErrorHandler: async ({ error }) => {
        options.log.error({ err: error }, 'a request could not be worked')
        return false
      },
    })
  }

  init(app: App): void {
    this.#receiver.init(app)
  }

  /** The port listened on; undefined before start. */
  get port(): number | undefined {
    const address = this.#server?.address()
    return typeof address === 'object' ? address?.port : undefined
  }

  /** Rejects with `bad-config` when the port is taken. */
  async start(): Promise<void> {
    const { port, log } = this.#options
    try {
      this.#server = await this.#receiver.start(port)
      log.info({ port: this.port }, 'listening for requests from Slack at /slack/events')
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')
        throw portTaken(port, error)
      throw new UserError('bad-config', `Port ${port} cannot be opened: ${String(error)}.`, {
        fix: 'Set PORT to another one.',
        cause: error,
      })
    }
  }

  async stop(): Promise<void> {
    if (this.#server === undefined) return
    const closed = this.#receiver.stop().then(() => true)
    if (await within(this.#options.clock, stopWithinMs, closed, false)) return
    this.#server.closeAllConnections()
    await closed
  }
}
