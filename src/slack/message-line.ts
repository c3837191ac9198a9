/** What somebody says to the bot in a message, as a command line: a mention in a channel, or a direct message. */
import type { Line } from './answering.js'
import type { MessageEvent } from './payloads.js'
import { isDirect } from './views/index.js'

/** The line, the same however often Slack tells of the message; undefined for what is not said to the bot. */
export function lineOfMessage(
  { channel, user, bot_id, subtype, text, ts, thread_ts }: MessageEvent,
  botUserId: string | undefined,
): (Line & { delivery: string }) | undefined {
  // Bots, the bot itself among them, would answer each other for ever; edits and joins are no requests.
  if (user === undefined || user === botUserId || bot_id !== undefined || subtype !== undefined)
    return undefined
  const mention = new RegExp(`<@${botUserId}(?:\\|[^>]*)?>:?`)
  if (!isDirect(channel) && !mention.test(text)) return undefined
  return {
    text: unformatted(text.replace(mention, ' ')),
    person: { id: user },
    channel,
    thread: thread_ts,
    responseUrl: undefined,
    delivery: `${channel}:${ts}`,
    isPrivate: false,
  }
}

/** People show commands as code: `vm list`, or fenced. */
function unformatted(text: string): string {
  const line = text.trim()
  return /^(`{1,3})([^`]+)\1$/.exec(line)?.[2]?.trim() ?? line
}
