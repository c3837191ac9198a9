/** Every block, by its type. */
import type { Json } from '../../protocol.js'
import { h, icon } from '../dom.js'
import { button } from './buttons.js'
import { chart } from './chart.js'
import type { BlockContext } from './context.js'
import { element, picture } from './element.js'
import { markdown } from './markdown.js'
import { richText } from './rich-text.js'
import { dataTable, table } from './tables.js'
import { plan, taskCard } from './tasks.js'
import { jsonList, labelText, link, plainOf, textObject } from './text.js'

type Renderer = (block: Json, context: BlockContext) => HTMLElement

export function blocks(list: readonly Json[], context: BlockContext): HTMLElement {
  return h('div', { class: 'blocks' }, ...list.map((each) => block(each, context)))
}

function block(value: Json, context: BlockContext): HTMLElement {
  const render = renderers[String(value.type)]
  const made =
    render === undefined
      ? h('em', { class: 'unsupported' }, `(${String(value.type)} is not drawn here)`)
      : render(value, context)
  made.dataset.block = String(value.block_id ?? '')
  return made
}

const section: Renderer = (value, context) => {
  const fields = jsonList(value.fields)
  const accessory = value.accessory as Json | undefined
  return h(
    'div',
    { class: accessory === undefined ? 'block section' : 'block section with-accessory' },
    h(
      'div',
      { class: 'section-text' },
      value.text !== undefined && h('div', {}, ...textObject(value.text)),
      fields.length > 0 &&
        h('div', { class: 'fields' }, ...fields.map((field) => h('div', {}, ...textObject(field)))),
    ),
    accessory !== undefined && h('div', { class: 'accessory' }, element(value, accessory, context)),
  )
}

const input: Renderer = (value, context) => {
  const blockId = String(value.block_id)
  const base = `${context.key}-${blockId}`.replace(/[^\w-]/g, '_')
  const error = context.errors[blockId]
  // What was wrong is no longer shown once the person mends it.
  const mending: BlockContext = {
    ...context,
    change: (...change) => {
      delete context.errors[blockId]
      made.classList.remove('invalid')
      made.querySelector('.field-error')?.remove()
      return context.change(...change)
    },
  }
  const made: HTMLElement = h(
    'div',
    { class: error === undefined ? 'block field' : 'block field invalid' },
    h(
      'span',
      { id: `${base}-label`, class: 'field-label' },
      labelText(value.label),
      value.optional === true && h('span', { class: 'optional' }, ' (optional)'),
    ),
    element(value, value.element as Json, mending, {
      labelledBy: `${base}-label`,
      describedBy: `${base}-note`,
    }),
    h(
      'div',
      { id: `${base}-note` },
      error !== undefined && h('div', { class: 'field-error', role: 'alert' }, error),
      value.hint !== undefined && h('div', { class: 'hint' }, ...textObject(value.hint)),
    ),
  )
  return made
}

const context: Renderer = (value) =>
  h(
    'div',
    { class: 'block context' },
    ...jsonList(value.elements).map((each) =>
      each.type === 'image' ? picture(each, 'context-image') : h('span', {}, ...textObject(each)),
    ),
  )

const actions: Renderer = (value, where) =>
  h('div', { class: 'block actions' }, ...jsonList(value.elements).map((each) => element(value, each, where)))

const card: Renderer = (value, where) =>
  h(
    'div',
    { class: 'block card' },
    value.hero_image !== undefined && picture(value.hero_image as Json, 'hero'),
    value.title !== undefined && h('strong', {}, ...textObject(value.title)),
    value.subtitle !== undefined && h('div', { class: 'muted' }, ...textObject(value.subtitle)),
    value.body !== undefined && h('div', {}, ...textObject(value.body)),
    value.actions !== undefined &&
      h('div', { class: 'actions' }, ...jsonList(value.actions).map((each) => button(value, each, where))),
  )

const container: Renderer = (value, where) => {
  const title = labelText(value.title)
  const children = jsonList(value.child_blocks).map((each) => block(each, where))
  if (value.is_collapsible !== true)
    return h(
      'section',
      { class: 'block container', 'aria-label': title },
      title !== '' && h('strong', {}, title),
      ...children,
    )
  return h(
    'details',
    { class: 'block container', open: value.default_collapsed !== true },
    h('summary', {}, title),
    ...children,
  )
}

const alert: Renderer = (value) =>
  h(
    'div',
    {
      class: `block alert ${String(value.level ?? 'default')}`,
      role: value.level === 'error' ? 'alert' : 'note',
    },
    icon('warning'),
    h('div', {}, ...textObject(value.text)),
  )

const renderers: Record<string, Renderer> = {
  section,
  input,
  context,
  actions,
  context_actions: actions,
  card,
  container,
  alert,
  carousel: (value, where) =>
    h(
      'div',
      { class: 'block carousel', tabindex: 0 },
      ...jsonList(value.elements).map((each) => card(each, where)),
    ),
  header: (value) => h('h3', { class: 'block header' }, ...textObject(value.text)),
  divider: () => h('hr', { class: 'block' }),
  image: (value) =>
    h(
      'figure',
      { class: 'block' },
      value.title !== undefined && h('figcaption', {}, labelText(value.title)),
      picture(value, 'image'),
    ),
  rich_text: (value) => h('div', { class: 'block' }, richText(value)),
  markdown: (value) => h('div', { class: 'block' }, markdown(String(value.text))),
  table: (value) => h('div', { class: 'block' }, table(value)),
  data_table: (value) =>
    h('figure', { class: 'block' }, h('figcaption', {}, String(value.caption)), dataTable(value)),
  plan: (value) => h('div', { class: 'block' }, plan(value)),
  task_card: (value) => h('ol', { class: 'block tasks' }, taskCard(value)),
  video: (value) =>
    h(
      'div',
      { class: 'block card' },
      link(String(value.title_url ?? value.video_url), document.createTextNode(plainOf(value.title))),
    ),
  data_visualization: (value) => chart(value),
}
