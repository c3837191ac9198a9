/** Composition objects: texts, options, confirmation dialogs, filters. */
import {
  byType,
  type Check,
  fail,
  flag,
  form,
  isObject,
  list,
  needsOneOf,
  oneOf,
  type Rule,
  record,
  text,
} from './check.js'
import { limits } from './limits.js'

export function plainText(max: number, min = 1): Check {
  return byType({
    plain_text: record({ type: oneOf('plain_text'), text: text({ min, max }), 'emoji?': flag }),
  })
}

export function mrkdwn(max: number): Check {
  return byType({ mrkdwn: record({ type: oneOf('mrkdwn'), text: text({ min: 1, max }), 'verbatim?': flag }) })
}

/** plain_text or mrkdwn. */
export function anyText(max: number = limits.textObject): Check {
  return byType({
    plain_text: record({ type: oneOf('plain_text'), text: text({ min: 1, max }), 'emoji?': flag }),
    mrkdwn: record({ type: oneOf('mrkdwn'), text: text({ min: 1, max }), 'verbatim?': flag }),
  })
}

export const url: Check = (value, at, errors) => {
  text({ min: 1, max: limits.url })(value, at, errors)
  form(/^[a-z][a-z0-9+.-]*:/i, 'a URL')(value, at, errors)
}

const colour = oneOf('primary', 'danger')

export const confirm = record({
  'title?': plainText(limits.confirmTitle),
  text: anyText(limits.confirmText),
  'confirm?': plainText(limits.confirmButton),
  'deny?': plainText(limits.confirmButton),
  'style?': colour,
})
export { colour }

function option(label: Check): Check {
  return record({
    text: label,
    'value?': text({ max: limits.optionValue }),
    'description?': plainText(limits.optionDescription),
    'url?': url,
  })
}

/** Options of selects and overflow menus: plain text only. */
export const plainOption = option(plainText(limits.optionText))
/** Options of radio buttons and checkboxes: mrkdwn is allowed. */
export const richOption = record({
  text: anyText(limits.optionText),
  'value?': text({ max: limits.optionValue }),
  'description?': anyText(limits.optionDescription),
  'url?': url,
})

export const selectOptions = list(plainOption, { min: 1, max: limits.selectOptions })
export const optionGroups = list(
  record({ label: plainText(limits.optionGroupLabel), options: selectOptions }),
  { min: 1, max: limits.optionGroups },
)

/** Slack compares initial options with the options as whole objects. */
export function initialAmongOptions(field: 'initial_option' | 'initial_options'): Rule {
  return (value, at, errors) => {
    const groups = Array.isArray(value.option_groups) ? value.option_groups : []
    const options = [value, ...groups].flatMap((each) => {
      return isObject(each) && Array.isArray(each.options) ? (each.options as unknown[]) : []
    })
    const known = new Set(options.map((each) => (isObject(each) ? String(each.value) : '')))
    const initial = field === 'initial_option' ? [value.initial_option] : value.initial_options
    for (const each of Array.isArray(initial) ? initial : []) {
      if (!isObject(each) || known.has(String(each.value))) continue
      fail(errors, `${at}/${field}`, `${field} must be among the options`, {
        type: 'among_options',
        expected: [...known],
        got: String(each.value),
      })
    }
  }
}

export const optionsOrGroups: Rule = needsOneOf(['options', 'option_groups'])

export const conversationFilter = record(
  {
    'include?': list(oneOf('im', 'mpim', 'private', 'public'), { min: 1 }),
    'exclude_external_shared_channels?': flag,
    'exclude_bot_users?': flag,
  },
  needsOneOf(['include', 'exclude_external_shared_channels', 'exclude_bot_users'], { atLeast: true }),
)

export const dispatchActionConfig = record({
  'trigger_actions_on?': list(oneOf('on_enter_pressed', 'on_character_entered'), { min: 1, max: 2 }),
})

const slackFile = record({ 'id?': text({ min: 1 }), 'url?': url }, needsOneOf(['id', 'url']))

/** Fields of everything that shows a picture. */
export const picture = {
  'image_url?': text({ min: 1, max: limits.imageUrl }),
  'slack_file?': slackFile,
  alt_text: text({ max: limits.plainAltText }),
}
export const pictureSource: Rule = needsOneOf(['image_url', 'slack_file'])
