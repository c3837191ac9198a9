/** Text fields, pickers, radio buttons and checkboxes. */
import type { FieldState, Json } from '../../protocol.js'
import { h } from '../dom.js'
import { report } from '../store.js'
import type { BlockContext } from './context.js'
import { jsonList, plainOf, textObject } from './text.js'

interface FieldProps {
  id: string
  labelledBy?: string | undefined
  describedBy?: string | undefined
  label: string
}

function common(element: Json, { id, labelledBy, describedBy, label }: FieldProps) {
  return {
    id,
    'data-action': String(element.action_id),
    'aria-label':
      labelledBy === undefined
        ? label || plainOf(element.placeholder) || String(element.action_id)
        : undefined,
    'aria-labelledby': labelledBy,
    'aria-describedby': describedBy,
    placeholder: plainOf(element.placeholder) || undefined,
  }
}

const inputType: Record<string, string> = {
  email_text_input: 'email',
  url_text_input: 'url',
  number_input: 'text',
  datepicker: 'date',
  timepicker: 'time',
  datetimepicker: 'datetime-local',
}

function textOf(state: FieldState | undefined): string {
  if (state === undefined) return ''
  const { type, ...rest } = state
  const value = Object.values(rest)[0]
  if (value === null || value === undefined) return ''
  if (type === 'datetimepicker') return toLocalInput(Number(value))
  if (type !== 'rich_text_input') return String(value)
  const block = value as Json
  return jsonList(block.elements)
    .flatMap((part) => jsonList(part.elements).map((each) => String(each.text ?? '')))
    .join('')
}

function toLocalInput(seconds: number): string {
  const date = new Date(seconds * 1000)
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}

/** Every keystroke is remembered; the app hears on change, or on Enter, where it asked for that. */
export function textField(block: Json, element: Json, context: BlockContext, props: FieldProps): HTMLElement {
  const value = textOf(context.valueOf(String(block.block_id), String(element.action_id)))
  const type = inputType[String(element.type)]
  const isPicker = type === 'date' || type === 'time' || type === 'datetime-local'
  const changed = (text: string) => {
    const sent =
      type === 'datetime-local' && text !== '' ? String(Math.floor(new Date(text).getTime() / 1000)) : text
    report(context.change(block, element, sent === '' ? null : sent))
  }
  if (element.multiline === true || element.type === 'rich_text_input') {
    const area = h('textarea', { ...common(element, props), rows: 4, oninput: () => changed(area.value) })
    area.value = value
    return area
  }
  const made = h('input', {
    ...common(element, props),
    type: type ?? 'text',
    inputmode:
      element.type === 'number_input'
        ? element.is_decimal_allowed === true
          ? 'decimal'
          : 'numeric'
        : undefined,
    maxlength: typeof element.max_length === 'number' ? element.max_length : undefined,
    autocomplete: 'off',
    ...(isPicker ? { onchange: () => changed(made.value) } : { oninput: () => changed(made.value) }),
  })
  made.value = value
  return made
}

export function choices(
  block: Json,
  element: Json,
  context: BlockContext,
  { id, labelledBy, label }: FieldProps,
): HTMLElement {
  const many = element.type === 'checkboxes'
  const state = context.valueOf(String(block.block_id), String(element.action_id))
  const chosen = many
    ? jsonList(state?.selected_options)
    : [state?.selected_option as Json | null | undefined]
  const values = new Set(chosen.map((each) => each?.value))
  const group = h('div', {
    id,
    class: 'choices',
    role: many ? 'group' : 'radiogroup',
    'data-action': String(element.action_id),
    'aria-label': labelledBy === undefined ? label || String(element.action_id) : undefined,
    'aria-labelledby': labelledBy,
  })
  const changed = () => {
    const checked = [...group.querySelectorAll<HTMLInputElement>('input:checked')].map(({ value }) => value)
    report(context.change(block, element, many ? checked : (checked[0] ?? null)))
  }
  jsonList(element.options).forEach((option, index) => {
    const box = h('input', {
      id: `${id}-${index}`,
      type: many ? 'checkbox' : 'radio',
      name: id,
      value: String(option.value),
      checked: values.has(option.value),
      onchange: changed,
    })
    const description =
      option.description === undefined
        ? []
        : [h('span', { class: 'choice-hint' }, ...textObject(option.description))]
    group.append(
      h(
        'label',
        { class: 'choice' },
        box,
        h('span', {}, h('span', {}, ...textObject(option.text)), ...description),
      ),
    )
  })
  return group
}
