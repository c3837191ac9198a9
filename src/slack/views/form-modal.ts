/** The form of any command, made from its arguments: the right element for each kind, with defaults and hints. */
import type { InputBlock, InputBlockElement, KnownBlock, ModalView, PlainTextOption } from '@slack/types'
import {
  type ArgumentDescription,
  type ArgumentKind,
  type Command,
  describeArguments,
  type FormValue,
  type FormValues,
  risks,
} from '../../command/index.js'
import { blockOf, type FormMetadata, fieldAction, formCallback, leaderOf } from './form-fields.js'
import { fitViewBlocks } from './limits.js'
import { context, section } from './message.js'
import { bold, clip, code } from './mrkdwn.js'

const chosenFromList: readonly ArgumentKind[] = [
  'host',
  'vm',
  'image',
  'profile',
  'network',
  'pool',
  'snapshot',
  'job',
]

/** Slack docs: text and value of an option have at most 75 characters, a label 2000, a text field 3000. */
const longest = { option: 75, hint: 2000, text: 3000, title: 24 } as const

export interface FormParts {
  path: string
  command: Command
  values: FormValues
  metadata: FormMetadata
}

export function formModal({ path, command, values, metadata }: FormParts): ModalView {
  const fields = inOrder(describeArguments(command).filter((each) => !each.isTypedOnly))
  return {
    type: 'modal',
    callback_id: formCallback,
    private_metadata: JSON.stringify(metadata),
    title: { type: 'plain_text', text: clip(titleOf(path), longest.title) },
    submit: { type: 'plain_text', text: command.risk === 'read' ? 'Show' : 'Plan it' },
    close: { type: 'plain_text', text: 'Cancel' },
    blocks: [
      ...context([
        `${bold(command.summary)} · ${risks[command.risk]}`,
        `or type ${code(`/qnav ${command.examples[0]}`)}`,
      ]),
      ...fields.map((field, index) => fieldBlock(field, values[field.name], fields, metadata, index === 0)),
    ],
  }
}

/** Shown at once, while the form is made: a trigger lives 3 s. */
export function loadingModal(title: string): ModalView {
  return plainModal(title, 'One moment …')
}

export function plainModal(title: string, text: string): ModalView {
  return {
    type: 'modal',
    title: { type: 'plain_text', text: clip(titleOf(title), longest.title) },
    close: { type: 'plain_text', text: 'Close' },
    blocks: [section(text)],
  }
}

/** A message as a modal, which has no more than that. */
export function modalOf(title: string, blocks: readonly KnownBlock[]): ModalView {
  return { ...plainModal(title, ''), blocks: fitViewBlocks(blocks) }
}

/** "VM create", of a path or a whole line. */
export function titleOf(line: string): string {
  const [path = 'qnav'] = /^[a-z-]+(?: [a-z-]+)?(?=\s|$)/i.exec(line.trim()) ?? []
  return path.replace(/^[a-z]/, (letter) => letter.toUpperCase()).replace(/^Vm\b/, 'VM')
}

/** What others hang on comes before them. */
function inOrder(fields: readonly ArgumentDescription[]): ArgumentDescription[] {
  const ordered = [...fields]
  for (const kind of ['host', 'vm'] as const) {
    const leader = ordered.find((field) => field.kind === kind)
    const first = ordered.findIndex((field) => leaderOf[field.kind] === kind)
    if (leader === undefined || first < 0 || first > ordered.indexOf(leader)) continue
    ordered.splice(ordered.indexOf(leader), 1)
    ordered.splice(first, 0, leader)
  }
  return ordered
}

function fieldBlock(
  field: ArgumentDescription,
  typed: FormValue | undefined,
  fields: readonly ArgumentDescription[],
  { round }: FormMetadata,
  isFirst: boolean,
): InputBlock {
  const value = typed ?? field.typedDefault
  const leads = fields.some(({ kind }) => leaderOf[kind] === field.kind)
  return {
    type: 'input',
    block_id: blockOf(field, round),
    optional: !field.isRequired,
    label: { type: 'plain_text', text: field.label },
    hint: { type: 'plain_text', text: clip(hintOf(field), longest.hint) },
    // What others hang on is told of when it is chosen.
    ...(leads ? { dispatch_action: true } : {}),
    element: elementOf(field, value, isFirst),
  }
}

function hintOf({ kind, description, form }: ArgumentDescription): string {
  const isTyped = !chosenFromList.includes(kind) && !['flag', 'choice', 'user', 'number'].includes(kind)
  const how = isTyped ? `: ${form}` : ''
  return `${description}${how}`
}

function elementOf(
  field: ArgumentDescription,
  value: FormValue | undefined,
  isFirst: boolean,
): InputBlockElement {
  const { kind, isList, form, min, max, choices = [] } = field
  const focus = isFirst ? { focus_on_load: true } : {}
  const texts = (
    typeof value === 'string' ? [value] : value === undefined || typeof value === 'boolean' ? [] : value
  ).filter((each) => each.trim() !== '')
  const common = { action_id: fieldAction, ...focus }
  if (kind === 'flag') return checkbox(field, value === true, common)
  if (kind === 'choice' && !isList) return choiceOf(field, choices, texts[0], common)
  if (chosenFromList.includes(kind)) {
    const options = texts.filter((each) => each.length <= longest.option).map((each) => optionOf(each))
    const placeholder = { type: 'plain_text' as const, text: 'Type to search' }
    if (isList) {
      return {
        type: 'multi_external_select',
        min_query_length: 0,
        placeholder,
        ...common,
        ...(options.length === 0 ? {} : { initial_options: options }),
      }
    }
    const [option] = options
    return {
      type: 'external_select',
      min_query_length: 0,
      placeholder,
      ...common,
      ...(option === undefined ? {} : { initial_option: option }),
    }
  }
  if (kind === 'user') {
    const ids = texts
      .map((each) => each.replace(/^<@|>$/g, ''))
      .filter((each) => /^[UW][A-Z0-9]+$/.test(each))
    if (isList) {
      return { type: 'multi_users_select', ...common, ...(ids.length === 0 ? {} : { initial_users: ids }) }
    }
    const [initial_user] = ids
    return { type: 'users_select', ...common, ...(initial_user === undefined ? {} : { initial_user }) }
  }
  if (kind === 'number' && !isList) {
    const n = Number(texts[0])
    const isRight = texts[0] !== undefined && Number.isInteger(n) && n >= (min ?? n) && n <= (max ?? n)
    return {
      type: 'number_input',
      is_decimal_allowed: false,
      ...common,
      ...(min === undefined ? {} : { min_value: String(min) }),
      ...(max === undefined ? {} : { max_value: String(max) }),
      ...(isRight ? { initial_value: String(n) } : {}),
    }
  }
  // Values that may have commas are a line each.
  const isLong = kind === 'ssh-key' || (isList && kind === 'text')
  const text = texts.join(isLong ? '\n' : ', ').slice(0, longest.text)
  return {
    type: 'plain_text_input',
    ...common,
    ...(isLong ? { multiline: true } : {}),
    placeholder: { type: 'plain_text', text: clip(form, 150) },
    ...(text === '' ? {} : { initial_value: text }),
  }
}

function checkbox(
  { description }: ArgumentDescription,
  isOn: boolean,
  common: { action_id: string },
): InputBlockElement {
  const option: PlainTextOption = {
    value: 'yes',
    text: { type: 'plain_text', text: clip(description, longest.option) },
  }
  return { type: 'checkboxes', ...common, options: [option], ...(isOn ? { initial_options: [option] } : {}) }
}

/** Radio buttons cannot be cleared: where nothing may be chosen there is a menu. */
function choiceOf(
  { isRequired, typedDefault }: ArgumentDescription,
  choices: readonly string[],
  value: string | undefined,
  common: { action_id: string },
): InputBlockElement {
  const options = choices.map((each) => optionOf(each))
  const initial = options.find((each) => each.value === value)
  const chosen = initial === undefined ? {} : { initial_option: initial }
  const isAlwaysChosen = isRequired || typedDefault !== undefined
  return isAlwaysChosen && choices.length <= 10
    ? { type: 'radio_buttons', ...common, options, ...chosen }
    : { type: 'static_select', ...common, options, ...chosen }
}

/** An option of a list; undefined for what Slack cannot carry. */
export function optionOf(value: string, detail?: string): PlainTextOption & { value: string } {
  return {
    text: { type: 'plain_text', text: value },
    value,
    ...(detail === undefined
      ? {}
      : { description: { type: 'plain_text', text: clip(detail, longest.option) } }),
  }
}

export function isOptionValue(value: string): boolean {
  return value !== '' && value.length <= longest.option
}
