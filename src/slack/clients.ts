/** Two clients for Slack's Web API: people wait for one, the outbox and its retries have the other. */
import { WebClient, type WebClientOptions } from '@slack/web-api'
import type { Logger } from '../log.js'
import type { SlackConnection } from './connection.js'
import { slackLogger } from './slack-logger.js'

/** Options with the address of Slack. A new object each time: Slack's libraries write into what they are given. */
export function clientOptions(apiUrl: string | undefined, more: WebClientOptions): WebClientOptions {
  return { ...(apiUrl === undefined ? {} : { slackApiUrl: apiUrl }), ...more }
}

export interface Clients {
  /** For what must happen within the 3 s life of a click: few quick retries. */
  interactive: WebClient
  /** For the outbox, which decides itself when to try again: a retry here could post twice. */
  background: WebClient
}

export function createClients({ botToken, apiUrl }: SlackConnection, log: Logger): Clients {
  const logger = slackLogger(log)
  // Without rejectRateLimitedCalls one 429 would pause every other call of the same client.
  const common = { logger, rejectRateLimitedCalls: true }
  return {
    interactive: new WebClient(
      botToken,
      clientOptions(apiUrl, { ...common, timeout: 5000, retryConfig: { retries: 2, minTimeout: 100 } }),
    ),
    background: new WebClient(
      botToken,
      clientOptions(apiUrl, {
        ...common,
        timeout: 10_000,
        retryConfig: { retries: 0 },
        maxRequestConcurrency: 20,
      }),
    ),
  }
}
