/** table and data_table blocks, and the tables of markdown. */
import type { Json } from '../../protocol.js'
import { h } from '../dom.js'
import { richText } from './rich-text.js'

function cell(value: Json): Node {
  return value.type === 'rich_text' ? richText(value) : document.createTextNode(String(value.text ?? ''))
}

export function table(block: Json): HTMLElement {
  const settings = (block.column_settings as (Json | null)[] | undefined) ?? []
  const rows = ((block.rows as Json[][] | undefined) ?? []).map((row) => row.map((value) => [cell(value)]))
  return gridOf(rows, {
    alignOf: (column) => String(settings[column]?.align ?? 'left'),
    wraps: (column) => settings[column]?.is_wrapped === true,
    label: 'Table',
  })
}

export function dataTable(block: Json): HTMLElement {
  const rows = ((block.rows as Json[][] | undefined) ?? []).map((row) => row.map((value) => [cell(value)]))
  const numeric = ((block.rows as Json[][] | undefined)?.[1] ?? []).map(({ type }) => type === 'raw_number')
  return gridOf(rows, {
    alignOf: (column) => (numeric[column] ? 'right' : 'left'),
    wraps: () => false,
    label: String(block.caption ?? 'Table'),
  })
}

interface GridOptions {
  alignOf: (column: number) => string
  wraps: (column: number) => boolean
  label: string
}

/** The first row is the head; wide tables scroll inside their own frame. */
export function gridOf(rows: Node[][][], { alignOf, wraps, label }: GridOptions): HTMLElement {
  const made = rows.map((row, index) =>
    h(
      'tr',
      {},
      ...row.map((content, column) => {
        const className = `align-${alignOf(column)}${wraps(column) ? ' wrapped' : ''}`
        return index === 0
          ? h('th', { scope: 'col', class: className }, ...content)
          : h('td', { class: className }, ...content)
      }),
    ),
  )
  return h(
    'div',
    { class: 'table-frame', tabindex: 0, role: 'region', 'aria-label': label },
    h('table', {}, h('thead', {}, ...made.slice(0, 1)), h('tbody', {}, ...made.slice(1))),
  )
}
