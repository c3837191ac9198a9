/** Words that only one person sees. */
import type { WebClient } from '@slack/web-api'
import type { Logger } from '../log.js'
import { callFailure } from './call-failure.js'
import { type Message, prepare } from './views/index.js'

/** Who is spoken to, and where they look. */
export interface Listener {
  user: string
  channel: string
  /** Slack's address for answers: up to 5 within 30 minutes, works where the bot is no member. */
  responseUrl: string | undefined
}

const answerWithinMs = 5000

/** Never rejects: there is nobody left to tell. `false` when it could not be said. */
export type Whisper = (listener: Listener, message: Message) => Promise<boolean>

export function createWhisper({ client, log }: { client: WebClient; log: Logger }): Whisper {
  return async ({ user, channel, responseUrl }, message) => {
    const { text, blocks } = prepare(message)
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
    try {
      await client.chat.postEphemeral({ user, channel, text, blocks })
      return true
    } catch (error) {
      log.error({ user, channel, why: callFailure(error).why }, 'an answer could not be given')
      return false
    }
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
