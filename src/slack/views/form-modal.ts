/** The form of any command, made from its arguments: the right element for each kind, with defaults and hints. */
import type { InputBlock, KnownBlock, ModalView } from '@slack/types'
import {
  type ArgumentDescription,
  type Command,
  describeArguments,
  type FormValue,
  type FormValues,
  riskInWords,
} from '../../command/index.js'
import { elementOf, isTypedInto, writtenAs } from './form-element.js'
import { blockOf, type FormMetadata, formCallback, leaderOf } from './form-fields.js'
import { fitViewBlocks } from './limits.js'
import { context, section } from './message.js'
import { bold, clip, code } from './mrkdwn.js'

/** Slack docs: a title has at most 24 characters, a hint 2000. */
const longest = { title: 24, hint: 2000 } as const

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
    submit: { type: 'plain_text', text: submitWord(command) },
    close: { type: 'plain_text', text: 'Cancel' },
    blocks: [
      ...context([
        `${bold(command.summary)} · ${riskInWords(command)}`,
        `or type ${code(`/qnav ${command.examples[0]}`)}`,
      ]),
      ...fields.map((field, index) => fieldBlock(field, values[field.name], fields, metadata, index === 0)),
    ],
  }
}

function submitWord(command: Command): string {
  if (command.risk !== 'read') return 'Plan it'
  return command.lasting === true ? 'Go ahead' : 'Show'
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

function hintOf(field: ArgumentDescription): string {
  const how = isTypedInto(field) ? writtenAs(field) : ''
  return how === '' ? field.description : `${field.description}: ${how}`
}
