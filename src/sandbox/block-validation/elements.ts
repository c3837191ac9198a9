/** Block elements: what sits in actions, section accessories and inputs. */
import {
  byType,
  type Check,
  flag,
  form,
  later,
  list,
  number,
  oneOf,
  type Rule,
  record,
  text,
} from './check.js'
import {
  colour,
  confirm,
  conversationFilter,
  dispatchActionConfig,
  initialAmongOptions,
  optionGroups,
  optionsOrGroups,
  picture,
  pictureSource,
  plainOption,
  plainText,
  richOption,
  selectOptions,
  url,
} from './composition.js'
import { limits } from './limits.js'
import { richText } from './rich-text.js'

const id = text({ min: 1, max: limits.id })
const actionable = { 'action_id?': id }
const confirmable = { ...actionable, 'confirm?': confirm }
const focusable = { ...confirmable, 'focus_on_load?': flag }
const pickable = { ...focusable, 'placeholder?': plainText(limits.placeholder) }
const many = { 'max_selected_items?': number({ min: 1 }) }
const typed = {
  ...actionable,
  'placeholder?': plainText(limits.placeholder),
  'dispatch_action_config?': dispatchActionConfig,
  'focus_on_load?': flag,
}
const date = form(/^\d{4}-\d{2}-\d{2}$/, 'a date as YYYY-MM-DD')
const time = form(/^\d{2}:\d{2}$/, 'a time as HH:mm')
const decimal = form(/^-?\d+(\.\d+)?$/, 'a number in a string')
const ids = list(text({ min: 1 }))

const named = (type: string, fields: Record<string, Check>, ...rules: Rule[]): Record<string, Check> => {
  return { [type]: record({ type: oneOf(type), ...fields }, ...rules) }
}

const minBelowMax = (low: string, high: string): Rule => {
  return (value, at, errors) => {
    if (value[low] === undefined || value[high] === undefined || Number(value[low]) <= Number(value[high]))
      return
    errors.push({
      pointer: `${at}/${low}`,
      code: 'failed_constraint',
      message: `${low} must not be greater than ${high}`,
      constraint: { type: 'range', expected: [`..${String(value[high])}`], got: String(value[low]) },
    })
  }
}

const button = named('button', {
  ...confirmable,
  text: plainText(limits.buttonText),
  'value?': text({ max: limits.buttonValue }),
  'url?': url,
  'style?': colour,
  'accessibility_label?': text({ max: limits.accessibilityLabel }),
})
export const buttonElement = byType(button)

const staticOptions = { 'options?': selectOptions, 'option_groups?': optionGroups }
const singleSelects: Record<string, Check> = {
  ...named(
    'static_select',
    { ...pickable, ...staticOptions, 'initial_option?': plainOption },
    optionsOrGroups,
    initialAmongOptions('initial_option'),
  ),
  ...named('external_select', {
    ...pickable,
    'initial_option?': plainOption,
    'min_query_length?': number({ min: 0 }),
  }),
  ...named('users_select', { ...pickable, 'initial_user?': id }),
  ...named('conversations_select', {
    ...pickable,
    'initial_conversation?': id,
    'default_to_current_conversation?': flag,
    'filter?': conversationFilter,
    'response_url_enabled?': flag,
  }),
  ...named('channels_select', { ...pickable, 'initial_channel?': id, 'response_url_enabled?': flag }),
}
const multiSelects: Record<string, Check> = {
  ...named(
    'multi_static_select',
    {
      ...pickable,
      ...many,
      ...staticOptions,
      'initial_options?': list(plainOption, { max: limits.selectOptions }),
    },
    optionsOrGroups,
    initialAmongOptions('initial_options'),
  ),
  ...named('multi_external_select', {
    ...pickable,
    ...many,
    'initial_options?': list(plainOption, { max: limits.selectOptions }),
    'min_query_length?': number({ min: 0 }),
  }),
  ...named('multi_users_select', { ...pickable, ...many, 'initial_users?': ids }),
  ...named('multi_conversations_select', {
    ...pickable,
    ...many,
    'initial_conversations?': ids,
    'default_to_current_conversation?': flag,
    'filter?': conversationFilter,
  }),
  ...named('multi_channels_select', { ...pickable, ...many, 'initial_channels?': ids }),
}
const choices = list(richOption, { min: 1, max: limits.choiceOptions })
const pickers: Record<string, Check> = {
  ...named(
    'radio_buttons',
    { ...focusable, options: choices, 'initial_option?': richOption },
    initialAmongOptions('initial_option'),
  ),
  ...named(
    'checkboxes',
    { ...focusable, options: choices, 'initial_options?': choices },
    initialAmongOptions('initial_options'),
  ),
  ...named('datepicker', { ...pickable, 'initial_date?': date }),
  ...named('timepicker', { ...pickable, 'initial_time?': time, 'timezone?': text({ min: 1 }) }),
  ...named('datetimepicker', {
    ...focusable,
    'initial_date_time?': number({ min: 1_000_000_000, max: 9_999_999_999 }),
  }),
}
const overflow = named('overflow', {
  ...confirmable,
  options: list(plainOption, { min: 1, max: limits.overflowOptions }),
})
const workflowButton = named('workflow_button', {
  ...confirmable,
  text: plainText(limits.buttonText),
  workflow: record({
    trigger: record({
      url,
      'customizable_input_parameters?': list(record({ name: text({ min: 1 }), value: text() })),
    }),
  }),
  'style?': colour,
  'accessibility_label?': text({ max: limits.accessibilityLabel }),
})
const imageElement = named('image', picture, pictureSource)

const richTextInput = named(
  'rich_text_input',
  {
    ...typed,
    'initial_value?': later(() => richText),
    'min_lines?': number({ min: 1, max: limits.richTextInputLines }),
    'max_lines?': number({ min: 1, max: limits.richTextInputLines }),
  },
  minBelowMax('min_lines', 'max_lines'),
)
const textInputs: Record<string, Check> = {
  ...named(
    'plain_text_input',
    {
      ...typed,
      'initial_value?': text({ max: limits.plainTextInput }),
      'multiline?': flag,
      'min_length?': number({ min: 0, max: limits.plainTextInput }),
      'max_length?': number({ min: 1, max: limits.plainTextInput }),
    },
    minBelowMax('min_length', 'max_length'),
  ),
  ...named('email_text_input', { ...typed, 'initial_value?': text() }),
  ...named('url_text_input', { ...typed, 'initial_value?': text() }),
  ...named(
    'number_input',
    {
      ...typed,
      is_decimal_allowed: flag,
      'initial_value?': decimal,
      'min_value?': decimal,
      'max_value?': decimal,
    },
    minBelowMax('min_value', 'max_value'),
  ),
  ...richTextInput,
}
const fileInput = named('file_input', {
  ...actionable,
  'filetypes?': list(text({ min: 1 })),
  'max_files?': number({ min: 1, max: limits.fileInputFiles }),
})

export const actionsElement = byType({
  ...button,
  ...overflow,
  ...singleSelects,
  ...multiSelects,
  ...pickers,
  ...workflowButton,
  ...richTextInput,
})

export const sectionAccessory = byType({
  ...button,
  ...overflow,
  ...singleSelects,
  ...multiSelects,
  ...pickers,
  ...workflowButton,
  ...imageElement,
})

export function inputElement(surface: 'message' | 'modal' | 'home'): Check {
  return byType({ ...textInputs, ...singleSelects, ...multiSelects, ...pickers, ...fileInput }, (type) =>
    type === 'file_input' && surface !== 'modal' ? 'file_input is only supported in modals' : undefined,
  )
}

export const image = byType(imageElement)
const contextText = (type: string, extra: Record<string, Check>) => {
  return named(type, { text: text({ min: 1, max: limits.textObject }), ...extra })
}
export const contextElement = byType({
  ...imageElement,
  ...contextText('plain_text', { 'emoji?': flag }),
  ...contextText('mrkdwn', { 'verbatim?': flag }),
})

const feedback = record({
  text: plainText(limits.buttonText),
  'accessibility_label?': text({ max: limits.accessibilityLabel }),
  value: text({ min: 1, max: limits.buttonValue }),
})
export const contextActionsElement = byType({
  ...named('feedback_buttons', { ...actionable, positive_button: feedback, negative_button: feedback }),
  ...named('icon_button', {
    ...confirmable,
    icon: text({ min: 1 }),
    text: plainText(limits.buttonText),
    'accessibility_label?': text({ max: limits.accessibilityLabel }),
    'value?': text({ max: limits.buttonValue }),
    'visible_to_user_ids?': ids,
  }),
})
