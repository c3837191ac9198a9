/** A message as the outbox takes it, and the few blocks that views are made of. */
import type {
  ActionsBlock,
  Button,
  ConfirmationDialog,
  ContextBlock,
  HeaderBlock,
  KnownBlock,
  SectionBlock,
} from '@slack/types'
import type { Action } from '../../report/index.js'
import { runAction } from './ids.js'
import { limits } from './limits.js'
import { clip, escapeText, oneLine } from './mrkdwn.js'

export interface Message {
  /** What notifications and lock screens show: the first line carries the state. */
  text: string
  blocks: KnownBlock[]
}

/** A message, and what is too long for it: messages for its thread. */
export interface MessageWithThread extends Message {
  thread: Message[]
}

export function header(text: string): HeaderBlock {
  return {
    type: 'header',
    text: { type: 'plain_text', text: clip(oneLine(text), limits.header), emoji: true },
  }
}

/** `verbatim`: Slack makes no links or mentions of its own out of host names and `#` or `@` in values. */
export function section(text: string): SectionBlock {
  return { type: 'section', text: { type: 'mrkdwn', text: clip(text, limits.text), verbatim: true } }
}

/** Lines as sections, each as full as Slack allows. */
export function sections(lines: readonly string[]): SectionBlock[] {
  return chunks(lines, limits.text).map(section)
}

export function context(lines: readonly string[]): ContextBlock[] {
  return chunks(lines, limits.text).map((text) => ({
    type: 'context',
    elements: [{ type: 'mrkdwn', text, verbatim: true }],
  }))
}

/** Lines joined by newlines into texts of at most `max` characters; a longer line is cut. */
export function chunks(lines: readonly string[], max: number): string[] {
  const texts: string[] = []
  for (const line of lines) {
    const last = texts.at(-1)
    if (last !== undefined && last.length + 1 + line.length <= max)
      texts[texts.length - 1] = `${last}\n${line}`
    else texts.push(clip(line, max))
  }
  // Slack takes no empty text.
  return texts.filter((text) => text.trim() !== '')
}

const fence = '```'

/** Lines of fixed-width text, in as many blocks as it takes; a line that no block can hold is cut. */
export function preformatted(lines: readonly string[]): string[] {
  const safe = lines.map((line) => escapeText(line.replaceAll(fence, "'''")))
  return chunks(safe, limits.text - 2 * (fence.length + 1)).map((text) => `${fence}\n${text}\n${fence}`)
}

/** More buttons than this are no choice on a phone. */
const mostButtons = 5

/** Buttons that carry command lines; one whose line Slack cannot carry is left out. */
export function buttons(actions: readonly Action[], blockId: string): ActionsBlock[] {
  const elements = actions
    .filter(({ label, command }) => label !== '' && command !== '' && command.length <= limits.buttonValue)
    .slice(0, mostButtons)
    .map((action, index) => commandButton(action, index))
  return elements.length === 0 ? [] : [{ type: 'actions', block_id: blockId, elements }]
}

function commandButton({ label, command, style, confirm }: Action, index: number): Button {
  return {
    type: 'button',
    action_id: runAction(index),
    text: { type: 'plain_text', text: clip(label, limits.buttonText), emoji: true },
    value: command,
    ...(style === undefined ? {} : { style }),
    ...(confirm === undefined || confirm === '' ? {} : { confirm: confirmation(confirm, label, style) }),
  }
}

export function confirmation(
  question: string,
  yes: string,
  style: 'primary' | 'danger' = 'primary',
): ConfirmationDialog {
  return {
    title: { type: 'plain_text', text: 'Are you sure?' },
    text: { type: 'mrkdwn', text: clip(escapeText(question), limits.confirmText), verbatim: true },
    confirm: { type: 'plain_text', text: clip(yes, limits.confirmButton) },
    deny: { type: 'plain_text', text: 'Not now' },
    style,
  }
}
