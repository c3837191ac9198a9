/** The element of a form's field: the right one for each kind of argument, with what is in it. */
import type { InputBlockElement, PlainTextOption } from '@slack/types'
import {
  type ArgumentDescription,
  type ArgumentKind,
  dayNames,
  type FormValue,
  isoTime,
  parseDays,
  parseTimeOfDay,
} from '../../command/index.js'
import { fieldAction } from './form-fields.js'
import { clip } from './mrkdwn.js'

/** Slack docs: text and value of an option have at most 75 characters, a text field 3000, a placeholder 150. */
const longest = { option: 75, text: 3000, placeholder: 150 } as const
/** Slack docs: so many radio buttons. */
const mostRadioButtons = 10

/** What every element has. */
interface Common {
  action_id: string
  focus_on_load?: true
}
/** Makes an element that holds these values, as they are typed. */
type Make = (field: ArgumentDescription, texts: readonly string[], common: Common) => InputBlockElement

const one: Partial<Record<ArgumentKind, Make>> = {
  choice: choiceElement,
  user: (_, texts, common) => {
    const [initial_user] = usersIn(texts)
    return { type: 'users_select', ...common, ...(initial_user === undefined ? {} : { initial_user }) }
  },
  number: numberElement,
  'day-time': (_, [typed = ''], common) => ({
    type: 'timepicker',
    ...common,
    ...(parseTimeOfDay(typed) === undefined ? {} : { initial_time: typed.padStart(5, '0') }),
  }),
  'date-time': (_, [typed = ''], common) => {
    const time = isoTime(typed)
    return {
      type: 'datetimepicker',
      ...common,
      ...(time === undefined ? {} : { initial_date_time: Math.floor(Date.parse(time) / 1000) }),
    }
  },
  'week-days': (_, [typed = ''], common) => {
    const days = dayNames.map((name) => optionOf(name))
    const chosen = (parseDays(typed) ?? []).flatMap((day) => days[day - 1] ?? [])
    const initial = chosen.length === 0 ? {} : { initial_options: chosen }
    return { type: 'multi_static_select', ...common, options: days, ...initial }
  },
}
const several: Partial<Record<ArgumentKind, Make>> = {
  user: (_, texts, common) => {
    const ids = usersIn(texts)
    return { type: 'multi_users_select', ...common, ...(ids.length === 0 ? {} : { initial_users: ids }) }
  },
}

/** Those whose values are looked for while one types. */
const searched: readonly ArgumentKind[] = [
  'host',
  'vm',
  'image',
  'profile',
  'network',
  'pool',
  'snapshot',
  'job',
  'schedule',
  'time-zone',
]

/** Whether the element takes any text, so that people must be told how it looks. */
export function isTypedInto({ kind, isList }: ArgumentDescription): boolean {
  return kind !== 'flag' && !searched.includes(kind) && (isList ? several : one)[kind] === undefined
}

/** How values look; in a form nothing is quoted, and what may have commas has a line for each. Empty for free text. */
export function writtenAs({ kind, form, isList }: ArgumentDescription): string {
  const how = kind === 'text' ? '' : kind === 'ssh-key' ? 'ssh-ed25519 AAAA… comment' : form
  return isLong(kind, isList) ? [how, 'one a line'].filter(Boolean).join(', ') : how
}

function isLong(kind: ArgumentKind, isList: boolean): boolean {
  return isList && (kind === 'text' || kind === 'ssh-key')
}

/** `value` is as it is typed; what the element cannot hold is left out. */
export function elementOf(
  field: ArgumentDescription,
  value: FormValue | undefined,
  isFirst: boolean,
): InputBlockElement {
  const { kind, isList } = field
  const common: Common = { action_id: fieldAction, ...(isFirst ? { focus_on_load: true } : {}) }
  if (kind === 'flag') return checkbox(field, value === true, common)
  const texts = (Array.isArray(value) ? value : typeof value === 'string' ? [value] : []).filter(
    (each) => each.trim() !== '',
  )
  if (searched.includes(kind)) return searchElement(field, texts, common)
  return ((isList ? several : one)[kind] ?? textElement)(field, texts, common)
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

function searchElement(
  { isList }: ArgumentDescription,
  texts: readonly string[],
  common: Common,
): InputBlockElement {
  const options = texts.filter(isOptionValue).map((each) => optionOf(each))
  const search = {
    ...common,
    min_query_length: 0,
    placeholder: { type: 'plain_text' as const, text: 'Type to search' },
  }
  if (isList) {
    return {
      type: 'multi_external_select',
      ...search,
      ...(options.length === 0 ? {} : { initial_options: options }),
    }
  }
  const [option] = options
  return { type: 'external_select', ...search, ...(option === undefined ? {} : { initial_option: option }) }
}

function checkbox({ description }: ArgumentDescription, isOn: boolean, common: Common): InputBlockElement {
  const option: PlainTextOption = {
    value: 'yes',
    text: { type: 'plain_text', text: clip(description, longest.option) },
  }
  return { type: 'checkboxes', ...common, options: [option], ...(isOn ? { initial_options: [option] } : {}) }
}

/** Radio buttons cannot be cleared: where nothing may be chosen there is a menu. */
function choiceElement(
  { isRequired, typedDefault, choices = [] }: ArgumentDescription,
  [value]: readonly string[],
  common: Common,
): InputBlockElement {
  const options = choices.map((each) => optionOf(each))
  const initial = options.find((each) => each.value === value)
  const chosen = initial === undefined ? {} : { initial_option: initial }
  const isAlwaysChosen = isRequired || typedDefault !== undefined
  return isAlwaysChosen && choices.length <= mostRadioButtons
    ? { type: 'radio_buttons', ...common, options, ...chosen }
    : { type: 'static_select', ...common, options, ...chosen }
}

function numberElement(
  { min, max }: ArgumentDescription,
  [typed]: readonly string[],
  common: Common,
): InputBlockElement {
  const n = Number(typed)
  const isRight = typed !== undefined && Number.isInteger(n) && n >= (min ?? n) && n <= (max ?? n)
  return {
    type: 'number_input',
    is_decimal_allowed: false,
    ...common,
    ...(min === undefined ? {} : { min_value: String(min) }),
    ...(max === undefined ? {} : { max_value: String(max) }),
    ...(isRight ? { initial_value: String(n) } : {}),
  }
}

function textElement(
  field: ArgumentDescription,
  texts: readonly string[],
  common: Common,
): InputBlockElement {
  const { kind, isList } = field
  const text = texts.join(isLong(kind, isList) ? '\n' : ', ').slice(0, longest.text)
  const how = clip(writtenAs(field), longest.placeholder)
  return {
    type: 'plain_text_input',
    ...common,
    ...(kind === 'ssh-key' || isLong(kind, isList) ? { multiline: true } : {}),
    ...(how === '' ? {} : { placeholder: { type: 'plain_text', text: how } }),
    ...(text === '' ? {} : { initial_value: text }),
  }
}

function usersIn(texts: readonly string[]): string[] {
  return texts.map((each) => each.replace(/^<@|>$/g, '')).filter((each) => /^[UW][A-Z0-9]+$/.test(each))
}
