import type { View } from '@slack/types'
import { redact, redactJson } from '../../redact.js'
import { fitBlocks, fitView, limits } from './limits.js'
import type { Message } from './message.js'
import { clip } from './mrkdwn.js'

/** The message as it may leave the bot: without secrets, as it looks, then within Slack's limits. Everything sent goes
 * through here. */
export function prepare({ text, blocks }: Message): Message {
  return {
    text: clip(honest(redact(text)), limits.messageText),
    blocks: fitBlocks(withHonestTexts(redactJson(blocks))),
  }
}

/** The same for a modal or a Home tab. What it carries for the bot itself comes back as it was sent: nobody sees it, and
 * what was typed is not in it. */
export function prepareView<V extends View>(view: V): V {
  const { private_metadata } = view
  const shown = fitView(withHonestTexts(redactJson(view)))
  return private_metadata === undefined ? shown : { ...shown, private_metadata }
}

/** The same for what a select offers; what is chosen comes back as it is. */
export function prepareOptions<O>(options: O[]): O[] {
  return withHonestTexts(options)
}

/** Whatever is shown is under this key; what a button carries is not, and has to come back as it was. */
function withHonestTexts<T>(data: T): T {
  const json = JSON.stringify(data, (key, value: unknown) =>
    key === 'text' && typeof value === 'string' ? honest(value) : value,
  )
  return JSON.parse(json) as T
}

/** Signs that turn the direction of text make a name look like another, and control characters have no place in a
 * message: each is shown as what it is, something that cannot be shown. */
function honest(text: string): string {
  return text
    .replace(/\r\n?|[\u0085\u2028\u2029]/g, '\n')
    .replace(/[\u061c\u202a-\u202e\u2066-\u2069]|[^\P{Cc}\n\t]/gu, '\ufffd')
}
