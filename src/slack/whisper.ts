/** Words that only one person sees. */
import { randomUUID } from 'node:crypto'
import { type Listener, type Outbox, PostFailed } from './outbox/index.js'
import { isDirect, type Message } from './views/index.js'

/**
 * Never rejects: there is nobody left to tell. `false` when it could not be said. With a key it is said once, and survives
 * a crash.
 */
export type Whisper = (listener: Listener, message: Message, key?: string) => Promise<boolean>

export function createWhisper({ outbox }: { outbox: Pick<Outbox, 'post' | 'say'> }): Whisper {
  return async (listener, message, key = undefined) => {
    const { channel, thread, responseUrl } = listener
    if (responseUrl !== undefined || !isDirect(channel)) return outbox.say(listener, message, key)
    // Nobody else is in a direct conversation: what is said there may as well stay.
    const post = { key: key ?? `whisper:${randomUUID()}`, channel, message }
    try {
      await outbox.post(thread === undefined ? post : { ...post, thread })
      return true
    } catch (error) {
      if (error instanceof PostFailed) return false
      throw error
    }
  }
}
