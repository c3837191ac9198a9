/** What `view.state.values` holds for each kind of field, and how a typed or chosen value becomes that. */
import type { FieldState, Json } from '../protocol.js'

type Shape = 'value' | 'option' | 'options' | 'plain' | 'plains' | 'rich-text' | 'files'

/** For each element type: the key of its state, the key of its initial value, and the shape of both. */
const fields: Record<string, { key: string; initial: string; shape: Shape }> = {
  plain_text_input: { key: 'value', initial: 'initial_value', shape: 'value' },
  email_text_input: { key: 'value', initial: 'initial_value', shape: 'value' },
  url_text_input: { key: 'value', initial: 'initial_value', shape: 'value' },
  number_input: { key: 'value', initial: 'initial_value', shape: 'value' },
  rich_text_input: { key: 'rich_text_value', initial: 'initial_value', shape: 'rich-text' },
  static_select: { key: 'selected_option', initial: 'initial_option', shape: 'option' },
  external_select: { key: 'selected_option', initial: 'initial_option', shape: 'option' },
  radio_buttons: { key: 'selected_option', initial: 'initial_option', shape: 'option' },
  users_select: { key: 'selected_user', initial: 'initial_user', shape: 'plain' },
  conversations_select: { key: 'selected_conversation', initial: 'initial_conversation', shape: 'plain' },
  channels_select: { key: 'selected_channel', initial: 'initial_channel', shape: 'plain' },
  datepicker: { key: 'selected_date', initial: 'initial_date', shape: 'plain' },
  timepicker: { key: 'selected_time', initial: 'initial_time', shape: 'plain' },
  datetimepicker: { key: 'selected_date_time', initial: 'initial_date_time', shape: 'plain' },
  multi_static_select: { key: 'selected_options', initial: 'initial_options', shape: 'options' },
  multi_external_select: { key: 'selected_options', initial: 'initial_options', shape: 'options' },
  checkboxes: { key: 'selected_options', initial: 'initial_options', shape: 'options' },
  multi_users_select: { key: 'selected_users', initial: 'initial_users', shape: 'plains' },
  multi_conversations_select: {
    key: 'selected_conversations',
    initial: 'initial_conversations',
    shape: 'plains',
  },
  multi_channels_select: { key: 'selected_channels', initial: 'initial_channels', shape: 'plains' },
  file_input: { key: 'files', initial: 'files', shape: 'files' },
}

/** The state that an untouched element has; undefined for elements without one (buttons, overflow). */
export function stateOf(element: Json): FieldState | undefined {
  const type = String(element.type)
  const field = fields[type]
  if (field === undefined) return undefined
  const isList = field.shape === 'options' || field.shape === 'plains' || field.shape === 'files'
  return { type, [field.key]: element[field.initial] ?? (isList ? [] : null) }
}

export function isEmptyState(state: FieldState): boolean {
  const key = fields[state.type]?.key ?? ''
  const value = state[key]
  if (Array.isArray(value)) return value.length === 0
  return value === null || value === undefined || value === ''
}

/** The text of a text-like field, else undefined. */
export function textOf(state: FieldState): string | undefined {
  return typeof state.value === 'string' ? state.value : undefined
}

function optionText(option: Json): string {
  const text = option.text as Json | undefined
  return String(text?.text ?? '')
}

/** All options of an element, groups flattened, plus those that an external source offered. */
function optionsOf(element: Json, offered: readonly Json[] = []): Json[] {
  const groups = (element.option_groups as Json[] | undefined) ?? []
  const initial = [element.initial_option, ...((element.initial_options as Json[] | undefined) ?? [])] as (
    | Json
    | undefined
  )[]
  return [
    ...((element.options as Json[] | undefined) ?? []),
    ...groups.flatMap((group) => (group.options as Json[] | undefined) ?? []),
    ...offered,
    ...initial.filter((each) => each !== undefined),
  ]
}

/**
 * The state after somebody typed or chose `input`.
 * @throws Error when an option is named that the element does not offer.
 */
export function stateWith(
  element: Json,
  input: string | number | string[] | null,
  offered: readonly Json[] = [],
): FieldState {
  const type = String(element.type)
  const field = fields[type]
  if (field === undefined) throw new Error(`a ${type} holds no value`)
  const many = (Array.isArray(input) ? input : input === null ? [] : [input]).map(String)
  const options = optionsOf(element, offered)
  const option = (wanted: string): Json => {
    const found =
      options.find((each) => String(each.value) === wanted) ??
      options.find((each) => optionText(each) === wanted)
    if (found !== undefined) return found
    const known = options.map((each) => `${optionText(each)} (${String(each.value)})`).join(', ') || 'none'
    throw new Error(`"${wanted}" is not an option of ${String(element.action_id)}; options: ${known}`)
  }
  const one = many[0]
  switch (field.shape) {
    case 'value':
      return { type, [field.key]: one === undefined || one === '' ? null : one }
    case 'plain':
      if (one === undefined || one === '') return { type, [field.key]: null }
      return { type, [field.key]: type === 'datetimepicker' ? Number(one) : one }
    case 'option':
      return { type, [field.key]: one === undefined ? null : option(one) }
    case 'options':
      return { type, [field.key]: many.map(option) }
    case 'plains':
    case 'files':
      return { type, [field.key]: many }
    case 'rich-text':
      return { type, [field.key]: one === undefined ? null : richTextOf(one) }
  }
}

function richTextOf(text: string): Json {
  return { type: 'rich_text', elements: [{ type: 'rich_text_section', elements: [{ type: 'text', text }] }] }
}
