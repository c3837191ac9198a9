/** Every block of the late-2026 Block Kit and the surfaces that take it. */

import { block } from './block.js'
import {
  byType,
  type Check,
  fail,
  flag,
  isObject,
  list,
  needsOneOf,
  number,
  oneOf,
  type Rule,
  text,
} from './check.js'
import { anyText, picture, pictureSource, plainText, url } from './composition.js'
import { dataBlocks, table } from './data-blocks.js'
import {
  actionsElement,
  contextActionsElement,
  contextElement,
  image,
  inputElement,
  sectionAccessory,
} from './elements.js'
import { limits } from './limits.js'
import { richText } from './rich-text.js'

export type Surface = 'message' | 'modal' | 'home'

/** Blocks that only messages take, until Slack's own validator says otherwise (they are documented for messages). */
const messageOnly = new Set([
  'context_actions',
  'markdown',
  'plan',
  'task_card',
  'table',
  'data_table',
  'card',
  'carousel',
  'data_visualization',
])

const uniqueActionIds: Rule = (value, at, errors) => {
  const seen = new Set<string>()
  const elements = Array.isArray(value.elements) ? value.elements : []
  elements.forEach((element: unknown, index) => {
    const actionId = isObject(element) ? element.action_id : undefined
    if (typeof actionId !== 'string') return
    if (seen.has(actionId)) {
      fail(errors, `${at}/elements/${index}/action_id`, 'action_id must be unique inside its block', {
        type: 'unique',
        expected: ['a unique action_id'],
        got: actionId,
      })
    }
    seen.add(actionId)
  })
}

const text3000 = anyText(limits.textObject)

function kindsFor(surface: Surface): Record<string, Check> {
  const simple: Record<string, Check> = {
    ...block(
      'section',
      {
        'text?': text3000,
        'fields?': list(anyText(limits.sectionField), { min: 1, max: limits.sectionFields }),
        'accessory?': sectionAccessory,
        'expand?': flag,
      },
      needsOneOf(['text', 'fields'], { atLeast: true }),
    ),
    ...block('header', { text: plainText(limits.header), 'level?': number({ min: 1, max: 4 }) }),
    ...block('divider', {}),
    ...block('image', { ...picture, 'title?': plainText(limits.imageTitle) }, pictureSource),
    ...block('context', { elements: list(contextElement, { min: 1, max: limits.contextElements }) }),
    ...block(
      'actions',
      { elements: list(actionsElement, { min: 1, max: limits.actionsElements }) },
      uniqueActionIds,
    ),
    ...block('input', {
      label: plainText(limits.inputLabel),
      element: inputElement(surface),
      'hint?': plainText(limits.inputHint),
      'optional?': flag,
      'dispatch_action?': flag,
    }),
    rich_text: richText,
    table,
    ...block('video', {
      video_url: url,
      thumbnail_url: url,
      alt_text: text({ min: 1, max: limits.plainAltText }),
      title: plainText(limits.videoTitle),
      'title_url?': url,
      'author_name?': text({ max: 50 }),
      'provider_name?': text(),
      'provider_icon_url?': url,
      'description?': plainText(limits.videoTitle),
    }),
  }
  return {
    ...simple,
    ...block('container', {
      'title?': plainText(limits.containerTitle),
      'rich_text_title?': richText,
      'subtitle?': anyText(limits.containerTitle),
      child_blocks: list(byType(simple), { min: 1, max: limits.containerChildren }),
      'width?': oneOf('narrow', 'standard', 'wide', 'full'),
      'icon?': image,
      'is_collapsible?': flag,
      'default_collapsed?': flag,
      'has_header_divider?': flag,
    }),
    ...block('alert', {
      text: anyText(limits.alertText),
      'level?': oneOf('default', 'info', 'warning', 'error', 'success'),
    }),
    ...block(
      'context_actions',
      {
        elements: list(contextActionsElement, { min: 1, max: limits.contextActionsElements }),
      },
      uniqueActionIds,
    ),
    ...block('markdown', { text: text({ min: 1, max: limits.markdown }) }),
    ...dataBlocks,
    file: (_value, at, errors) => {
      fail(errors, `${at}/type`, 'file blocks are read-only and cannot be sent', {
        type: 'enum',
        expected: Object.keys(simple),
        got: 'file',
      })
    },
  }
}

function blockOn(surface: Surface): Check {
  return byType(kindsFor(surface), (type) => {
    if (messageOnly.has(type) && surface !== 'message') return `${type} blocks are only supported in messages`
    if (type === 'alert' && surface !== 'modal') return 'alert blocks are only supported in modals'
    return undefined
  })
}

const blockChecks: Record<Surface, Check> = {
  message: blockOn('message'),
  modal: blockOn('modal'),
  home: blockOn('home'),
}

/** The whole array: how many, each block, and what must be unique over all of them. */
export function blocksOn(surface: Surface): Check {
  const max = surface === 'message' ? limits.blocksPerMessage : limits.blocksPerView
  return (value, at, errors) => {
    list(blockChecks[surface], { max })(value, at, errors)
    if (!Array.isArray(value)) return
    const seen = new Set<string>()
    let tables = 0
    value.forEach((each: unknown, index) => {
      if (!isObject(each)) return
      if (typeof each.block_id === 'string' && seen.has(each.block_id)) {
        fail(errors, `${at}/${index}/block_id`, 'block_id must be unique', {
          type: 'unique',
          expected: ['a unique block_id'],
          got: each.block_id,
        })
      }
      if (typeof each.block_id === 'string') seen.add(each.block_id)
      if (each.type === 'table') tables += 1
      if (each.type === 'table' && tables === limits.tablesPerMessage + 1) {
        fail(errors, `${at}/${index}`, 'only one table allowed', {
          type: 'max_items',
          expected: ['1'],
          got: '2',
        })
      }
    })
  }
}
