import { redact, redactJson } from '../../redact.js'
import { fitBlocks, limits } from './limits.js'
import type { Message } from './message.js'
import { clip } from './mrkdwn.js'

/** The message as it may leave the bot: without secrets, then within Slack's limits. Everything sent goes through here. */
export function prepare({ text, blocks }: Message): Message {
  return { text: clip(redact(text), limits.messageText), blocks: fitBlocks(redactJson(blocks)) }
}
