/**
 * Checks Block Kit against Slack's limits without Slack, and answers in the shape of its `blocks.validate`. Imports
 * nothing, so that a server, a test and a bot can all use it.
 */

import { blocksOn, type Surface } from './blocks.js'
import {
  anything,
  type BlockError,
  type Check,
  fail,
  flag,
  isObject,
  list,
  oneOf,
  record,
  text,
} from './check.js'
import { optionGroups, plainOption, plainText } from './composition.js'
import { limits } from './limits.js'

export type { Surface } from './blocks.js'
export type { BlockError } from './check.js'
export { limits } from './limits.js'

function errorsOf(check: Check, value: unknown, at = ''): BlockError[] {
  const errors: BlockError[] = []
  check(value, at, errors)
  return errors
}

/** Checks an array of blocks; pointers start at `at`, e.g. `/0/text` or `/blocks/0/text`. */
export function validateBlocks(blocks: unknown, surface: Surface = 'message', at = ''): BlockError[] {
  return errorsOf(blocksOn(surface), blocks, at)
}

/** Checks the blocks and text of a message payload. */
export function validateMessage(message: unknown): BlockError[] {
  if (!isObject(message)) return errorsOf(record({}), message)
  const errors: BlockError[] = []
  if (message.text !== undefined) text()(message.text, '/text', errors)
  if (message.blocks !== undefined && message.blocks !== null)
    blocksOn('message')(message.blocks, '/blocks', errors)
  if (!message.text && !message.blocks && !message.attachments && !message.markdown_text) {
    errors.push({ pointer: '', code: 'missing_field', message: 'missing required field: text or blocks' })
  }
  return errors
}

const viewFields = (surface: 'modal' | 'home'): Record<string, Check> => ({
  blocks: blocksOn(surface),
  'private_metadata?': text({ max: limits.privateMetadata }),
  'callback_id?': text({ max: limits.callbackId }),
  'external_id?': text({ max: limits.id }),
})

const modal = record(
  {
    type: oneOf('modal'),
    title: plainText(limits.viewTitle),
    'submit?': plainText(limits.viewButton),
    'close?': plainText(limits.viewButton),
    'clear_on_close?': flag,
    'notify_on_close?': flag,
    'submit_disabled?': flag,
    ...viewFields('modal'),
  },
  (view, at, errors) => {
    const blocks: unknown[] = Array.isArray(view.blocks) ? view.blocks : []
    const hasInput = blocks.some((block) => isObject(block) && block.type === 'input')
    if (!hasInput || view.submit) return
    errors.push({
      pointer: at,
      code: 'missing_field',
      message: 'missing required field: submit (the view has input blocks)',
    })
  },
)
const home = record({ type: oneOf('home'), 'title?': anything, ...viewFields('home') })

/** Checks a modal or home view, its total size included (`/` with constraint `max_bytes`). */
export function validateView(view: unknown): BlockError[] {
  const type = isObject(view) ? view.type : undefined
  const errors: BlockError[] = []
  if (type === 'modal') modal(view, '', errors)
  else if (type === 'home') home(view, '', errors)
  else record({ type: oneOf('modal', 'home') })(isObject(view) ? { type } : view, '', errors)
  const bytes = new TextEncoder().encode(JSON.stringify(view) ?? '').length
  if (bytes > limits.viewBytes) {
    fail(errors, '/', `view must be at most ${limits.viewBytes} bytes`, {
      type: 'max_bytes',
      expected: [String(limits.viewBytes)],
      got: String(bytes),
    })
  }
  return errors
}

/** Checks the answer to a `block_suggestion`: `{options}` or `{option_groups}`. */
export function validateSuggestions(answer: unknown): BlockError[] {
  if (isObject(answer) && answer.option_groups !== undefined)
    return errorsOf(record({ option_groups: optionGroups }), answer)
  return errorsOf(record({ options: list(plainOption, { max: limits.selectOptions }) }), answer)
}

/** The lines that Slack puts into `response_metadata.messages`; `prefix` is where the payload sits, e.g. `/view`. */
export function messagesOf(errors: readonly BlockError[], prefix = ''): string[] {
  return errors.map(
    ({ message, pointer }) => `[ERROR] ${message} [json-pointer:${prefix}${pointer || (prefix ? '' : '/')}]`,
  )
}
