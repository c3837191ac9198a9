import { describe, expect, it } from 'vitest'
import {
  type BlockError,
  messagesOf,
  type Surface,
  validateBlocks,
  validateMessage,
  validateSuggestions,
  validateView,
} from '../../src/sandbox/block-validation/index.js'

const a = (length: number) => 'a'.repeat(length)
const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index))
const plain = (text: string) => ({ type: 'plain_text', text })
const mrkdwn = (text: string) => ({ type: 'mrkdwn', text })
const option = (index: number, more: object = {}) => ({
  text: plain(`option ${index}`),
  value: `v${index}`,
  ...more,
})
const options = (count: number) => many(count, (index) => option(index))
const button = (more: object = {}) => ({ type: 'button', text: plain('Go'), action_id: 'go', ...more })
const actions = (...elements: object[]) => ({ type: 'actions', elements })
const input = (element: object, more: object = {}) => ({
  type: 'input',
  label: plain('Label'),
  element,
  ...more,
})
const select = (more: object) => ({ type: 'static_select', action_id: 's', ...more })
const cell = (text: string) => ({ type: 'raw_text', text })
const rich = (text: string) => ({
  type: 'rich_text',
  elements: [{ type: 'rich_text_section', elements: [{ type: 'text', text }] }],
})
const task = (more: object = {}) => ({
  type: 'task_card',
  task_id: 't',
  title: 'Task',
  status: 'pending',
  ...more,
})
const cardBlock = (more: object = {}) => ({ type: 'card', title: mrkdwn('Card'), ...more })

interface Case {
  what: string
  /** The value at the limit, which is accepted. */
  fits: object
  /** The value past it. */
  breaks: object
  pointer: string
  constraint?: string
  surface?: Surface
}

/** Every length and count of Block Kit: at the limit accepted, one more refused, with the pointer to the value. */
const cases: Case[] = [
  {
    what: 'section text',
    fits: { type: 'section', text: mrkdwn(a(3000)) },
    breaks: { type: 'section', text: mrkdwn(a(3001)) },
    pointer: '/0/text/text',
  },
  {
    what: 'section fields',
    fits: { type: 'section', fields: many(10, () => mrkdwn('f')) },
    breaks: { type: 'section', fields: many(11, () => mrkdwn('f')) },
    pointer: '/0/fields',
    constraint: 'max_items',
  },
  {
    what: 'a section field',
    fits: { type: 'section', fields: [mrkdwn(a(2000))] },
    breaks: { type: 'section', fields: [mrkdwn(a(2001))] },
    pointer: '/0/fields/0/text',
  },
  {
    what: 'header',
    fits: { type: 'header', text: plain(a(150)) },
    breaks: { type: 'header', text: plain(a(151)) },
    pointer: '/0/text/text',
  },
  {
    what: 'context elements',
    fits: { type: 'context', elements: many(10, () => mrkdwn('c')) },
    breaks: { type: 'context', elements: many(11, () => mrkdwn('c')) },
    pointer: '/0/elements',
    constraint: 'max_items',
  },
  {
    what: 'markdown',
    fits: { type: 'markdown', text: a(12_000) },
    breaks: { type: 'markdown', text: a(12_001) },
    pointer: '/0/text',
  },
  {
    what: 'image title',
    fits: { type: 'image', image_url: 'https://x.example/a', alt_text: 'a', title: plain(a(2000)) },
    breaks: { type: 'image', image_url: 'https://x.example/a', alt_text: 'a', title: plain(a(2001)) },
    pointer: '/0/title/text',
  },
  {
    what: 'image alt text',
    fits: { type: 'image', image_url: 'https://x.example/a', alt_text: a(2000) },
    breaks: { type: 'image', image_url: 'https://x.example/a', alt_text: a(2001) },
    pointer: '/0/alt_text',
  },
  {
    what: 'elements of actions',
    fits: actions(...many(25, (i) => button({ action_id: `b${i}` }))),
    breaks: actions(...many(26, (i) => button({ action_id: `b${i}` }))),
    pointer: '/0/elements',
    constraint: 'max_items',
  },
  {
    what: 'button text',
    fits: actions(button({ text: plain(a(75)) })),
    breaks: actions(button({ text: plain(a(76)) })),
    pointer: '/0/elements/0/text/text',
  },
  {
    what: 'button value',
    fits: actions(button({ value: a(2000) })),
    breaks: actions(button({ value: a(2001) })),
    pointer: '/0/elements/0/value',
  },
  {
    what: 'button url',
    fits: actions(button({ url: `https://${a(2992)}` })),
    breaks: actions(button({ url: `https://${a(2993)}` })),
    pointer: '/0/elements/0/url',
  },
  {
    what: 'button label',
    fits: actions(button({ accessibility_label: a(75) })),
    breaks: actions(button({ accessibility_label: a(76) })),
    pointer: '/0/elements/0/accessibility_label',
  },
  {
    what: 'action_id',
    fits: actions(button({ action_id: a(255) })),
    breaks: actions(button({ action_id: a(256) })),
    pointer: '/0/elements/0/action_id',
  },
  {
    what: 'block_id',
    fits: { type: 'divider', block_id: a(255) },
    breaks: { type: 'divider', block_id: a(256) },
    pointer: '/0/block_id',
  },
  {
    what: 'confirm title',
    fits: actions(button({ confirm: { title: plain(a(100)), text: plain('t') } })),
    breaks: actions(button({ confirm: { title: plain(a(101)), text: plain('t') } })),
    pointer: '/0/elements/0/confirm/title/text',
  },
  {
    what: 'confirm text',
    fits: actions(button({ confirm: { text: mrkdwn(a(300)) } })),
    breaks: actions(button({ confirm: { text: mrkdwn(a(301)) } })),
    pointer: '/0/elements/0/confirm/text/text',
  },
  {
    what: 'confirm button',
    fits: actions(button({ confirm: { text: plain('t'), confirm: plain(a(30)) } })),
    breaks: actions(button({ confirm: { text: plain('t'), confirm: plain(a(31)) } })),
    pointer: '/0/elements/0/confirm/confirm/text',
  },
  {
    what: 'overflow options',
    fits: actions({ type: 'overflow', action_id: 'o', options: options(5) }),
    breaks: actions({ type: 'overflow', action_id: 'o', options: options(6) }),
    pointer: '/0/elements/0/options',
    constraint: 'max_items',
  },
  {
    what: 'radio options',
    fits: actions({ type: 'radio_buttons', action_id: 'r', options: options(10) }),
    breaks: actions({ type: 'radio_buttons', action_id: 'r', options: options(11) }),
    pointer: '/0/elements/0/options',
    constraint: 'max_items',
  },
  {
    what: 'checkbox options',
    fits: actions({ type: 'checkboxes', action_id: 'r', options: options(10) }),
    breaks: actions({ type: 'checkboxes', action_id: 'r', options: options(11) }),
    pointer: '/0/elements/0/options',
    constraint: 'max_items',
  },
  {
    what: 'select options',
    fits: actions(select({ options: options(100) })),
    breaks: actions(select({ options: options(101) })),
    pointer: '/0/elements/0/options',
    constraint: 'max_items',
  },
  {
    what: 'option groups',
    fits: actions(select({ option_groups: many(100, () => ({ label: plain('g'), options: options(1) })) })),
    breaks: actions(select({ option_groups: many(101, () => ({ label: plain('g'), options: options(1) })) })),
    pointer: '/0/elements/0/option_groups',
    constraint: 'max_items',
  },
  {
    what: 'option group label',
    fits: actions(select({ option_groups: [{ label: plain(a(75)), options: options(1) }] })),
    breaks: actions(select({ option_groups: [{ label: plain(a(76)), options: options(1) }] })),
    pointer: '/0/elements/0/option_groups/0/label/text',
  },
  {
    what: 'option text',
    fits: actions(select({ options: [option(1, { text: plain(a(75)) })] })),
    breaks: actions(select({ options: [option(1, { text: plain(a(76)) })] })),
    pointer: '/0/elements/0/options/0/text/text',
  },
  {
    what: 'option value',
    fits: actions(select({ options: [option(1, { value: a(75) })] })),
    breaks: actions(select({ options: [option(1, { value: a(76) })] })),
    pointer: '/0/elements/0/options/0/value',
  },
  {
    what: 'option description',
    fits: actions(select({ options: [option(1, { description: plain(a(75)) })] })),
    breaks: actions(select({ options: [option(1, { description: plain(a(76)) })] })),
    pointer: '/0/elements/0/options/0/description/text',
  },
  {
    what: 'placeholder',
    fits: actions(select({ options: options(1), placeholder: plain(a(150)) })),
    breaks: actions(select({ options: options(1), placeholder: plain(a(151)) })),
    pointer: '/0/elements/0/placeholder/text',
  },
  {
    what: 'input label',
    fits: input({ type: 'plain_text_input' }, { label: plain(a(2000)) }),
    breaks: input({ type: 'plain_text_input' }, { label: plain(a(2001)) }),
    pointer: '/0/label/text',
  },
  {
    what: 'input hint',
    fits: input({ type: 'plain_text_input' }, { hint: plain(a(2000)) }),
    breaks: input({ type: 'plain_text_input' }, { hint: plain(a(2001)) }),
    pointer: '/0/hint/text',
  },
  {
    what: 'text input max_length',
    fits: input({ type: 'plain_text_input', max_length: 3000 }),
    breaks: input({ type: 'plain_text_input', max_length: 3001 }),
    pointer: '/0/element/max_length',
    constraint: 'range',
  },
  {
    what: 'rich text input lines',
    fits: input({ type: 'rich_text_input', max_lines: 100 }),
    breaks: input({ type: 'rich_text_input', max_lines: 101 }),
    pointer: '/0/element/max_lines',
    constraint: 'range',
  },
  {
    what: 'files of a file input',
    surface: 'modal',
    fits: input({ type: 'file_input', max_files: 10 }),
    breaks: input({ type: 'file_input', max_files: 11 }),
    pointer: '/0/element/max_files',
    constraint: 'range',
  },
  {
    what: 'table rows',
    fits: { type: 'table', rows: many(100, () => [cell('x')]) },
    breaks: { type: 'table', rows: many(101, () => [cell('x')]) },
    pointer: '/0/rows',
    constraint: 'max_items',
  },
  {
    what: 'table columns',
    fits: { type: 'table', rows: [many(20, () => cell('x'))] },
    breaks: { type: 'table', rows: [many(21, () => cell('x'))] },
    pointer: '/0/rows/0',
    constraint: 'max_items',
  },
  {
    what: 'data table rows',
    fits: { type: 'data_table', caption: 'c', rows: many(201, () => [cell('x')]) },
    breaks: { type: 'data_table', caption: 'c', rows: many(202, () => [cell('x')]) },
    pointer: '/0/rows',
    constraint: 'max_items',
  },
  {
    what: 'least data table rows',
    fits: { type: 'data_table', caption: 'c', rows: many(2, () => [cell('x')]) },
    breaks: { type: 'data_table', caption: 'c', rows: many(1, () => [cell('x')]) },
    pointer: '/0/rows',
    constraint: 'min_items',
  },
  {
    what: 'data table characters',
    fits: { type: 'data_table', caption: 'c', rows: [[cell(a(10_000))], [cell(a(10_000))]] },
    breaks: { type: 'data_table', caption: 'c', rows: [[cell(a(10_000))], [cell(a(10_001))]] },
    pointer: '/0/rows',
  },
  {
    what: 'data table page size',
    fits: { type: 'data_table', caption: 'c', page_size: 100, rows: [[cell('x')], [cell('x')]] },
    breaks: { type: 'data_table', caption: 'c', page_size: 101, rows: [[cell('x')], [cell('x')]] },
    pointer: '/0/page_size',
    constraint: 'range',
  },
  {
    what: 'card title',
    fits: cardBlock({ title: mrkdwn(a(150)) }),
    breaks: cardBlock({ title: mrkdwn(a(151)) }),
    pointer: '/0/title/text',
  },
  {
    what: 'card body',
    fits: cardBlock({ body: mrkdwn(a(200)) }),
    breaks: cardBlock({ body: mrkdwn(a(201)) }),
    pointer: '/0/body/text',
  },
  {
    what: 'card buttons',
    fits: cardBlock({ actions: many(3, () => button()) }),
    breaks: cardBlock({ actions: many(4, () => button()) }),
    pointer: '/0/actions',
    constraint: 'max_items',
  },
  {
    what: 'carousel cards',
    fits: { type: 'carousel', elements: many(10, () => cardBlock()) },
    breaks: { type: 'carousel', elements: many(11, () => cardBlock()) },
    pointer: '/0/elements',
    constraint: 'max_items',
  },
  {
    what: 'container children',
    fits: { type: 'container', child_blocks: many(10, () => ({ type: 'divider' })) },
    breaks: { type: 'container', child_blocks: many(11, () => ({ type: 'divider' })) },
    pointer: '/0/child_blocks',
    constraint: 'max_items',
  },
  {
    what: 'alert text',
    surface: 'modal',
    fits: { type: 'alert', text: plain(a(200)) },
    breaks: { type: 'alert', text: plain(a(201)) },
    pointer: '/0/text/text',
  },
  {
    what: 'chart title',
    fits: {
      type: 'data_visualization',
      title: a(50),
      chart: { type: 'pie', segments: [{ label: 'x', value: 1 }] },
    },
    breaks: {
      type: 'data_visualization',
      title: a(51),
      chart: { type: 'pie', segments: [{ label: 'x', value: 1 }] },
    },
    pointer: '/0/title',
  },
  {
    what: 'list indent',
    fits: {
      type: 'rich_text',
      elements: [{ type: 'rich_text_list', style: 'bullet', indent: 8, elements: [] }],
    },
    breaks: {
      type: 'rich_text',
      elements: [{ type: 'rich_text_list', style: 'bullet', indent: 9, elements: [] }],
    },
    pointer: '/0/elements/0/indent',
    constraint: 'range',
  },
]

describe('a limit of Block Kit', () => {
  it.each(cases)(
    '$what: reached is accepted, passed is refused',
    ({ fits, breaks, pointer, constraint = 'max_length', surface = 'message' }) => {
      expect(validateBlocks([fits], surface)).toEqual([])
      const errors = validateBlocks([breaks], surface)
      expect(errors).toHaveLength(1)
      expect(errors[0]).toMatchObject({
        pointer,
        code: 'failed_constraint',
        constraint: { type: constraint },
      })
      expect(errors[0]?.constraint?.expected).toHaveLength(1)
    },
  )

  it('counts characters, not UTF-16 units', () => {
    expect(validateBlocks([{ type: 'header', text: plain('🚀'.repeat(150)) }])).toEqual([])
  })

  it('counts blocks: 50 in a message, 100 in a view', () => {
    const dividers = (count: number) => many(count, () => ({ type: 'divider' }))
    expect(validateBlocks(dividers(50))).toEqual([])
    expect(validateBlocks(dividers(51))[0]).toMatchObject({
      pointer: '',
      constraint: { type: 'max_items', expected: ['50'], got: '51' },
    })
    expect(validateBlocks(dividers(100), 'home')).toEqual([])
    expect(validateBlocks(dividers(101), 'modal')).toHaveLength(1)
  })
})

describe('a rule of Block Kit', () => {
  const refused: [what: string, block: unknown, pointer: string, message: string][] = [
    ['an unknown block', { type: 'sectoin' }, '/0/type', 'unsupported type: sectoin'],
    ['a block without type', {}, '/0', 'missing required field: type'],
    ['something that is no object', 'text', '/0', 'must provide an object'],
    ['a misspelt key', { type: 'divider', blockid: 'x' }, '/0', 'invalid additional property: blockid'],
    ['a missing field', { type: 'header' }, '/0', 'missing required field: text'],
    ['mrkdwn in a header', { type: 'header', text: mrkdwn('x') }, '/0/text/type', 'unsupported type: mrkdwn'],
    [
      'an empty text',
      { type: 'section', text: mrkdwn('') },
      '/0/text/text',
      'must be more than 0 characters',
    ],
    ['a section with nothing', { type: 'section' }, '/0', 'must define at least one of text, fields'],
    [
      'a wrong style',
      actions(button({ style: 'default' })),
      '/0/elements/0/style',
      'must be one of primary, danger',
    ],
    [
      'a select with both',
      actions(select({ options: options(1), option_groups: [{ label: plain('g'), options: options(1) }] })),
      '/0/elements/0',
      'must define exactly one of options, option_groups',
    ],
    [
      'a stray initial option',
      actions(select({ options: options(1), initial_option: option(7) })),
      '/0/elements/0/initial_option',
      'initial_option must be among the options',
    ],
    [
      'a bad date',
      actions({ type: 'datepicker', action_id: 'd', initial_date: '5.1.2026' }),
      '/0/elements/0/initial_date',
      'must be a date as YYYY-MM-DD',
    ],
    [
      'min above max',
      input({ type: 'number_input', is_decimal_allowed: false, min_value: '5', max_value: '4' }),
      '/0/element/min_value',
      'min_value must not be greater than max_value',
    ],
    [
      'an image without source',
      { type: 'image', alt_text: 'x' },
      '/0',
      'must define exactly one of image_url, slack_file',
    ],
    [
      'an input in actions',
      actions({ type: 'plain_text_input', action_id: 'p' }),
      '/0/elements/0/type',
      'unsupported type: plain_text_input',
    ],
    [
      'a repeated action_id',
      actions(button(), button()),
      '/0/elements/1/action_id',
      'action_id must be unique inside its block',
    ],
    [
      'uneven rows',
      { type: 'table', rows: [[cell('a'), cell('b')], [cell('c')]] },
      '/0/rows/1',
      'all rows must have the same number of cells',
    ],
    [
      'a wrong task status',
      task({ status: 'done' }),
      '/0/status',
      'must be one of pending, in_progress, complete, error',
    ],
    [
      'a plan of other blocks',
      { type: 'plan', title: 'p', tasks: [{ type: 'divider' }] },
      '/0/tasks/0/type',
      'unsupported type: divider',
    ],
    [
      'a file block',
      { type: 'file', external_id: 'x', source: 'remote' },
      '/0/type',
      'file blocks are read-only and cannot be sent',
    ],
    [
      'a file input in a message',
      input({ type: 'file_input' }),
      '/0/element/type',
      'file_input is only supported in modals',
    ],
  ]
  it.each(refused)('refuses %s', (_what, block, pointer, message) => {
    expect(validateBlocks([block])).toMatchObject([{ pointer, message }])
  })

  it('refuses a repeated block_id and a second table', () => {
    const table = { type: 'table', rows: [[cell('x')]] }
    expect(
      validateBlocks([
        { type: 'divider', block_id: 'x' },
        { type: 'divider', block_id: 'x' },
      ]),
    ).toMatchObject([{ pointer: '/1/block_id' }])
    expect(validateBlocks([table, table])).toMatchObject([
      { pointer: '/1', message: 'only one table allowed' },
    ])
  })

  it.each([
    'markdown',
    'plan',
    'task_card',
    'table',
    'data_table',
    'card',
    'carousel',
    'context_actions',
    'data_visualization',
  ])('keeps %s to messages', (type) => {
    const [error] = validateBlocks([{ type }], 'home')
    expect(error).toMatchObject({
      pointer: '/0/type',
      message: `${type} blocks are only supported in messages`,
    })
  })

  it('keeps alert to modals', () => {
    const alert = { type: 'alert', text: plain('x') }
    expect(validateBlocks([alert])[0]?.message).toBe('alert blocks are only supported in modals')
    expect(validateBlocks([alert], 'home')[0]?.message).toBe('alert blocks are only supported in modals')
  })
})

describe('a message', () => {
  it('that is whole is accepted, blocks of every kind included', () => {
    const blocks = [
      { type: 'rich_text', elements: rich('x').elements },
      {
        type: 'plan',
        title: 'Plan',
        tasks: [
          task({ details: rich('d'), sources: [{ type: 'url', url: 'https://x.example', text: 'x' }] }),
        ],
      },
      { type: 'context_actions', elements: [{ type: 'icon_button', icon: 'trash', text: plain('Delete') }] },
      actions(
        { type: 'multi_users_select', action_id: 'u', max_selected_items: 3 },
        { type: 'timepicker', action_id: 't', initial_time: '09:30' },
      ),
      {
        type: 'video',
        video_url: 'https://x.example/v',
        thumbnail_url: 'https://x.example/t',
        alt_text: 'v',
        title: plain('v'),
      },
    ]
    expect(validateMessage({ text: 'x', blocks })).toEqual([])
  })

  it('with neither text nor blocks is refused', () => {
    expect(validateMessage({})).toMatchObject([{ message: 'missing required field: text or blocks' }])
  })
})

describe('a view', () => {
  const modal = (more: object = {}) => ({ type: 'modal', title: plain('Title'), blocks: [], ...more })
  const field = input({ type: 'plain_text_input', action_id: 'v' }, { block_id: 'name' })

  it.each([
    ['title', { title: plain(a(25)) }, '/title/text'],
    ['submit', { submit: plain(a(25)) }, '/submit/text'],
    ['close', { close: plain(a(25)) }, '/close/text'],
    ['private_metadata', { private_metadata: a(3001) }, '/private_metadata'],
    ['callback_id', { callback_id: a(256) }, '/callback_id'],
  ])('with too long a %s is refused', (_what, more, pointer) => {
    expect(validateView(modal(more))).toMatchObject([{ pointer, constraint: { type: 'max_length' } }])
  })

  it('with inputs needs a submit button', () => {
    expect(validateView(modal({ blocks: [field] }))[0]?.message).toContain('missing required field: submit')
    expect(validateView(modal({ blocks: [field], submit: plain('Go') }))).toEqual([])
  })

  it('larger than 250 kB is refused as a whole', () => {
    const blocks = many(84, () => ({ type: 'section', text: plain(a(3000)) }))
    expect(validateView(modal({ blocks }))).toMatchObject([
      { pointer: '/', constraint: { type: 'max_bytes' } },
    ])
  })

  it('must be a modal or a home', () => {
    expect(validateView({ type: 'message', blocks: [] })).toMatchObject([{ pointer: '/type' }])
    expect(validateView({ type: 'home', blocks: [] })).toEqual([])
  })
})

describe('the answers', () => {
  it('of suggestions are checked like the options of a select', () => {
    expect(validateSuggestions({ options: options(100) })).toEqual([])
    expect(validateSuggestions({ options: [] })).toEqual([])
    expect(validateSuggestions({ options: options(101) })).toMatchObject([{ pointer: '/options' }])
    expect(validateSuggestions({ option_groups: [{ label: plain('g'), options: options(2) }] })).toEqual([])
  })

  it('become the lines that Slack puts into response_metadata', () => {
    const errors: BlockError[] = validateBlocks(
      [{ type: 'section', text: mrkdwn(a(3001)) }],
      'message',
      '/blocks',
    )
    expect(messagesOf(errors)).toEqual([
      '[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]',
    ])
  })
})
