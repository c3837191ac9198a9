/** markdown blocks. */
import { h } from '../dom.js'
import { type MarkdownNode, parseMarkdown } from '../markdown.js'
import { gridOf } from './tables.js'
import { inlines } from './text.js'

export function markdown(text: string): HTMLElement {
  return h('div', { class: 'markdown' }, ...parseMarkdown(text).map(node))
}

function node(value: MarkdownNode): HTMLElement {
  switch (value.kind) {
    case 'heading':
      return h(
        'div',
        { class: `heading heading-${value.level}`, role: 'heading', 'aria-level': value.level + 2 },
        ...inlines(value.children),
      )
    case 'paragraph':
      return h('p', {}, ...inlines(value.children))
    case 'quote':
      return h('blockquote', {}, ...inlines(value.children))
    case 'code':
      return h('pre', { tabindex: 0 }, value.text)
    case 'rule':
      return h('hr')
    case 'table':
      return gridOf(
        value.rows.map((row) => row.map((cell) => inlines(cell))),
        {
          alignOf: () => 'left',
          wraps: () => true,
          label: 'Table',
        },
      )
    case 'list': {
      const items = value.items.map(({ indent, children, checked }) =>
        h(
          'li',
          { class: `indent-${Math.min(indent, 8)}${checked === undefined ? '' : ' task-item'}` },
          checked === undefined ? '' : checked ? '☑ ' : '☐ ',
          ...inlines(children),
        ),
      )
      return value.ordered ? h('ol', {}, ...items) : h('ul', {}, ...items)
    }
  }
}
