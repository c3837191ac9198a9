/** Inline text to DOM: styles, links, mentions, emoji, dates. */
import type { Json } from '../../protocol.js'
import { h } from '../dom.js'
import { emojiOf } from '../emoji.js'
import { type Inline, plainInlines } from '../inline.js'
import { parseMrkdwn } from '../mrkdwn.js'
import { store } from '../store.js'

export function inlines(nodes: readonly Inline[]): Node[] {
  return nodes.map(inline)
}

function inline(node: Inline): Node {
  switch (node.kind) {
    case 'text':
      return document.createTextNode(node.text)
    case 'bold':
      return h('strong', {}, ...inlines(node.children))
    case 'italic':
      return h('em', {}, ...inlines(node.children))
    case 'strike':
      return h('s', {}, ...inlines(node.children))
    case 'code':
      return h('code', {}, node.text)
    case 'pre':
      return h('pre', { tabindex: 0 }, node.text)
    case 'quote':
      return h('blockquote', {}, ...inlines(node.children))
    case 'link':
      return link(node.url, ...inlines(node.children))
    case 'user':
      return mention(`@${store.userById(node.id)?.name ?? node.label ?? node.id}`, node.id === store.user)
    case 'channel':
      return mention(
        `#${store.state?.channels.find(({ id }) => id === node.id)?.name ?? node.label ?? node.id}`,
      )
    case 'usergroup':
      return mention(
        `@${store.state?.userGroups.find(({ id }) => id === node.id)?.handle ?? node.label ?? node.id}`,
      )
    case 'broadcast':
      return mention(`@${node.range}`, true)
    case 'date':
      return document.createTextNode(formatDate(node.timestamp, node.format) || node.fallback)
    case 'emoji':
      return emoji(node.name)
    case 'break':
      return h('br')
  }
}

export function link(url: string, ...children: Node[]): Node {
  if (!/^(https?|mailto|tel):/i.test(url)) return h('span', {}, ...children)
  return h('a', { href: url, target: '_blank', rel: 'noreferrer noopener' }, ...children)
}

export function mention(text: string, isMe = false): HTMLElement {
  return h('span', { class: isMe ? 'mention mention-me' : 'mention' }, text)
}

export function emoji(name: string): Node {
  const symbol = emojiOf(name)
  if (symbol === undefined) return document.createTextNode(`:${name}:`)
  return h('span', { class: 'emoji', role: 'img', 'aria-label': name.replaceAll('_', ' ') }, symbol)
}

/** Slack's date tokens, in the reader's own time zone. */
export function formatDate(timestamp: number, format: string): string {
  const date = new Date(timestamp * 1000)
  const long = date.toLocaleDateString('en', { year: 'numeric', month: 'long', day: 'numeric' })
  const short = date.toLocaleDateString('en', { year: 'numeric', month: 'short', day: 'numeric' })
  const time = date.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' })
  const tokens: Record<string, string> = {
    date: long,
    date_long: date.toLocaleDateString('en', {
      weekday: 'long',
      year: 'numeric',
      month: 'long',
      day: 'numeric',
    }),
    date_short: short,
    date_num: date.toISOString().slice(0, 10),
    time,
    time_secs: date.toLocaleTimeString('en-GB'),
    ago: agoOf(date),
  }
  return format.replace(/\{(\w+?)(?:_pretty)?\}/g, (whole, name: string) => tokens[name] ?? whole)
}

function agoOf(date: Date): string {
  const minutes = Math.round((Date.now() - date.getTime()) / 60_000)
  const format = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })
  if (Math.abs(minutes) < 60) return format.format(-minutes, 'minute')
  if (Math.abs(minutes) < 1440) return format.format(-Math.round(minutes / 60), 'hour')
  return format.format(-Math.round(minutes / 1440), 'day')
}

/** A text object, plain or mrkdwn. */
export function textObject(value: unknown): Node[] {
  const { type, text = '' } = (value ?? {}) as { type?: string; text?: string }
  return inlines(type === 'mrkdwn' ? parseMrkdwn(text) : plainInlines(text))
}

export function plainOf(value: unknown): string {
  return typeof value === 'object' && value !== null && 'text' in value ? String(value.text) : ''
}

/** Plain text with its emoji, as a string, for labels that cannot hold elements. */
export function labelText(value: unknown): string {
  return plainOf(value).replace(/:([a-z0-9_+-]+):/g, (whole, name: string) => emojiOf(name) ?? whole)
}

export function jsonList(value: unknown): Json[] {
  return Array.isArray(value) ? (value as Json[]) : []
}
