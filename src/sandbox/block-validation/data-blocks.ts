/** Blocks that show data and progress: tables, charts, cards, plans. */
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
  record,
  text,
} from './check.js'
import { mrkdwn, url } from './composition.js'
import { buttonElement, image } from './elements.js'
import { limits } from './limits.js'
import { richText } from './rich-text.js'

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

const tableBlock = block(
  'table',
  {
    rows: list(list(cell, { min: 1, max: limits.tableColumns }), { min: 1, max: limits.tableRows }),
    'column_settings?': list(record({ 'align?': oneOf('left', 'center', 'right'), 'is_wrapped?': flag }), {
      max: limits.tableColumns,
    }),
  },
  sameWidth,
)
export const table: Check = byType(tableBlock)

/** The blocks of this file that only messages take, by type. */
export const dataBlocks: Record<string, Check> = {
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
}
