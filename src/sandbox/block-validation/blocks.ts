/** Every block of the late-2026 Block Kit and the surfaces that take it. */
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
  record,
  text,
} from './check.js'
import { anyText, mrkdwn, picture, pictureSource, plainText, url } from './composition.js'
import {
  actionsElement,
  buttonElement,
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

const blockId = { 'block_id?': text({ min: 1, max: limits.id }) }

function block(type: string, fields: Record<string, Check>, ...rules: Rule[]): Record<string, Check> {
  return { [type]: record({ type: oneOf(type), ...blockId, ...fields }, ...rules) }
}

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

const rawText = record({ type: oneOf('raw_text'), text: text({ min: 1 }) })
const rawNumber = record({
  type: oneOf('raw_number'),
  value: number({ whole: false }),
  text: text({ min: 1 }),
})
const cell: Check = (value, at, errors) => {
  if (isObject(value) && value.type === 'rich_text') return richText(value, at, errors)
  byType({ raw_text: rawText, raw_number: rawNumber, rich_text: richText })(value, at, errors)
}

const sameWidth: Rule = (value, at, errors) => {
  const rows: unknown[] = Array.isArray(value.rows) ? value.rows : []
  const width = Array.isArray(rows[0]) ? rows[0].length : 0
  rows.forEach((row, index) => {
    if (!Array.isArray(row) || row.length === width) return
    fail(errors, `${at}/rows/${index}`, 'all rows must have the same number of cells', {
      type: 'row_length',
      expected: [String(width)],
      got: String(row.length),
    })
  })
}

function charactersIn(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, each) => sum + charactersIn(each), 0)
  if (!isObject(value)) return 0
  const own = typeof value.text === 'string' ? value.text.length : 0
  return own + Object.values(value).reduce((sum: number, each) => sum + charactersIn(each), 0)
}

const dataTableSize: Rule = (value, at, errors) => {
  const characters = charactersIn(value.rows)
  if (characters <= limits.dataTableCharacters) return
  fail(
    errors,
    `${at}/rows`,
    `cells must hold less than ${limits.dataTableCharacters + 1} characters together`,
    {
      type: 'max_length',
      expected: [String(limits.dataTableCharacters)],
      got: String(characters),
    },
  )
}

const taskCard = block('task_card', {
  task_id: text({ min: 1 }),
  title: text({ min: 1 }),
  status: oneOf('pending', 'in_progress', 'complete', 'error'),
  'details?': richText,
  'output?': richText,
  'sources?': list(record({ type: oneOf('url'), url, text: text({ min: 1 }) })),
})

const card = block(
  'card',
  {
    'hero_image?': image,
    'icon?': image,
    'title?': mrkdwn(limits.cardTitle),
    'subtitle?': mrkdwn(limits.cardTitle),
    'body?': mrkdwn(limits.cardBody),
    'subtext?': mrkdwn(limits.cardBody),
    'actions?': list(buttonElement, { max: limits.cardActions }),
  },
  needsOneOf(['hero_image', 'title', 'actions', 'body'], { atLeast: true }),
)

const chartPoint = record({
  label: text({ min: 1, max: limits.chartLabel }),
  value: number({ whole: false }),
})
const chart = record({
  type: oneOf('line', 'bar', 'area', 'pie'),
  'series?': list(
    record({
      name: text({ min: 1, max: limits.chartLabel }),
      data: list(chartPoint, { min: 1, max: limits.chartPoints }),
    }),
    { min: 1, max: limits.chartSeries },
  ),
  'segments?': list(chartPoint, { min: 1, max: limits.chartSeries }),
  'axis_config?': (value, at, errors) => {
    if (!isObject(value))
      fail(errors, at, 'must provide an object', { type: 'type', expected: ['object'], got: typeof value })
  },
})

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
    ...block(
      'table',
      {
        rows: list(list(cell, { min: 1, max: limits.tableColumns }), { min: 1, max: limits.tableRows }),
        'column_settings?': list(
          record({ 'align?': oneOf('left', 'center', 'right'), 'is_wrapped?': flag }),
          { max: limits.tableColumns },
        ),
      },
      sameWidth,
    ),
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
    ...taskCard,
    ...block('plan', { title: text({ min: 1 }), 'tasks?': list(byType(taskCard)) }),
    ...card,
    ...block('carousel', { elements: list(byType(card), { min: 1, max: limits.carouselCards }) }),
    ...block(
      'data_table',
      {
        rows: list(list(cell, { min: 1, max: limits.tableColumns }), { min: 2, max: limits.dataTableRows }),
        caption: text({ min: 1 }),
        'page_size?': number({ min: 1, max: limits.dataTablePageSize }),
        'row_header_column_index?': number({ min: 0, max: limits.tableColumns - 1 }),
      },
      sameWidth,
      dataTableSize,
    ),
    ...block('data_visualization', { title: text({ min: 1, max: limits.chartTitle }), chart }),
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
