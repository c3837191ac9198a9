/** Words that only one person sees. */
import { randomUUID } from 'node:crypto'
import type { WebClient } from '@slack/web-api'
import type { Logger } from '../log.js'
import { callFailure } from './call-failure.js'
import type { Outbox } from './outbox/index.js'
import { isDirect, type Message, prepare } from './views/index.js'

/** Who is spoken to, and where they look. */
export interface Listener {
  user: string
  channel: string
  /** The thread they look at. */
  thread?: string | undefined
  /** Slack's address for answers: up to 5 within 30 minutes, works where the bot is no member. */
  responseUrl: string | undefined
}

const answerWithinMs = 5000

/** Never rejects: there is nobody left to tell. `false` when it could not be said. */
export type Whisper = (listener: Listener, message: Message) => Promise<boolean>

export interface WhisperParts {
  client: WebClient
  outbox: Pick<Outbox, 'post'>
  log: Logger
}

export function createWhisper({ client, outbox, log }: WhisperParts): Whisper {
  const give = async ({ user, channel, thread }: Listener, { text, blocks }: Message) => {
    try {
      const where = thread === undefined ? {} : { thread_ts: thread }
      await client.chat.postEphemeral({ user, channel, text, blocks, ...where })
      return true
    } catch (error) {
      log.warn({ user, channel, why: callFailure(error).why }, 'an answer could not be given there')
      return false
    }
  }
  return async (listener, message) => {
    const { user, channel, thread, responseUrl } = listener
    // Nobody else is in a direct conversation: what is said there may as well stay.
    if (responseUrl === undefined && isDirect(channel)) {
      const key = `whisper:${randomUUID()}`
      const post = { key, channel, message, ...(thread === undefined ? {} : { thread }) }
      return outbox.post(post).then(
        () => true,
        () => false,
      )
    }
    const { text, blocks } = prepare(message)
    // A response_url answers in the channel, where somebody in a thread does not look.
    if (thread !== undefined && (await give(listener, { text, blocks }))) return true
    if (responseUrl !== undefined) {
      const problem = await answer(responseUrl, {
        response_type: 'ephemeral',
        replace_original: false,
        text,
        blocks,
      })
      if (problem === undefined) return true
      log.warn(
        { user, channel, why: problem },
        'an answer was not taken by its response_url; it is sent by the bot',
      )
    }
    if (await give({ user, channel, responseUrl: undefined }, { text, blocks })) return true
    log.error({ user, channel }, 'an answer could not be given')
    return false
  }
}

/** Posts to a response_url, once more when that fails; what went wrong, or undefined. */
async function answer(url: string, body: object): Promise<string | undefined> {
  let problem: string | undefined
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json; charset=utf-8' },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(answerWithinMs),
      })
      await response.arrayBuffer()
      if (response.ok) return undefined
      problem = `HTTP ${response.status}`
      // Used up or expired: it will not get better.
      if (response.status < 500 && response.status !== 429) return problem
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error)
    }
  }
  return problem
}
