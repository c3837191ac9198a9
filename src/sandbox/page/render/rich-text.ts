/** rich_text blocks. */
import type { Json } from '../../protocol.js'
import { h } from '../dom.js'
import { store } from '../store.js'
import { emoji, formatDate, jsonList, link, mention } from './text.js'

export function richText(block: Json): HTMLElement {
  return h('div', { class: 'rich-text' }, ...jsonList(block.elements).map(part))
}

function part(element: Json): Node {
  const children = jsonList(element.elements)
  switch (element.type) {
    case 'rich_text_list': {
      const indent = Math.min(Number(element.indent ?? 0), 8)
      const items = children.map((item) => h('li', {}, ...jsonList(item.elements).flatMap(inline)))
      const start = Number(element.offset ?? 0) + 1
      const props = { class: `indent-${indent}` }
      return element.style === 'ordered' ? h('ol', { ...props, start }, ...items) : h('ul', props, ...items)
    }
    case 'rich_text_quote':
      return h('blockquote', {}, ...children.flatMap(inline))
    case 'rich_text_preformatted':
      return h('pre', { tabindex: 0 }, ...children.map((each) => String(each.text ?? each.url ?? '')))
    default:
      return h('div', { class: 'rich-line' }, ...children.flatMap(inline))
  }
}

function inline(element: Json): Node[] {
  return [styled(bare(element), (element.style as Json | undefined) ?? {})]
}

function bare(element: Json): Node {
  const id = (name: string) => String(element[name] ?? '')
  switch (element.type) {
    case 'text':
      return h('span', { class: 'keep-space' }, id('text'))
    case 'link':
      return link(id('url'), document.createTextNode(id('text') || id('url')))
    case 'emoji':
      return emoji(id('name'))
    case 'user':
      return mention(`@${store.userById(id('user_id'))?.name ?? id('user_id')}`, id('user_id') === store.user)
    case 'channel':
      return mention(
        `#${store.state?.channels.find((each) => each.id === id('channel_id'))?.name ?? id('channel_id')}`,
      )
    case 'usergroup':
      return mention(
        `@${store.state?.userGroups.find((each) => each.id === id('usergroup_id'))?.handle ?? id('usergroup_id')}`,
      )
    case 'broadcast':
      return mention(`@${id('range')}`, true)
    case 'date':
      return document.createTextNode(formatDate(Number(element.timestamp), id('format')) || id('fallback'))
    case 'color':
      return h('code', {}, id('value'))
    default:
      return document.createTextNode(id('text'))
  }
}

function styled(node: Node, style: Json): Node {
  let result = node
  if (style.code === true) result = h('code', {}, result)
  if (style.bold === true) result = h('strong', {}, result)
  if (style.italic === true) result = h('em', {}, result)
  if (style.strike === true) result = h('s', {}, result)
  if (style.underline === true) result = h('u', {}, result)
  return result
}
