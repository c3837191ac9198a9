/** The Slack side of the bot, put together. */
import type { Clock, Jobs } from '../jobs/index.js'
import type { Logger } from '../log.js'
import type { GroupDirectory } from '../policy/index.js'
import type { Requests } from '../request/index.js'
import type { SlackConnection } from './connection.js'

export interface SlackParts {
  settings: SlackConnection
  requests: Requests
  jobs: Pick<Jobs, 'get' | 'list' | 'onChange'>
  /** Channel id where approval cards go; without it they go where the request came from. */
  approvalsChannel?: string
  /** Where it is remembered which message is which job's card. */
  dataDirectory: string
  log: Logger
  clock?: Clock
}

export interface SlackSurface {
  /** Listens and connects. Rejects with `bad-config` (a token Slack does not accept) or `slack-unavailable`. */
  start(): Promise<void>
  /** Brings the cards of all jobs up to date. Call when the jobs are loaded (after `jobs.start()`). */
  catchUp(): Promise<void>
  /** Takes nothing more in, finishes what was taken in, sends what waits to be sent; at most some 8 s. */
  stop(): Promise<void>
  groups: GroupDirectory
}

export function createSlackSurface(_parts: SlackParts): SlackSurface {
  throw new Error('not yet')
}
