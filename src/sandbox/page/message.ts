/** One message: who, when, what, and its thread. */
import type { FieldState, Json, SandboxEphemeral, SandboxMessage } from '../protocol.js'
import { api } from './api.js'
import { avatar, nameOf, timeOf } from './avatar.js'
import { h, icon } from './dom.js'
import { parseMrkdwn } from './mrkdwn.js'
import { blocks } from './render/blocks.js'
import type { BlockContext } from './render/context.js'
import { openMenu } from './render/menu.js'
import { emoji, inlines } from './render/text.js'
import { report, store } from './store.js'

export type Item =
  | { kind: 'message'; message: SandboxMessage }
  | { kind: 'ephemeral'; message: SandboxEphemeral }

interface Look {
  /** Follows a message of the same author closely: no name, no avatar. */
  compact: boolean
  inThread: boolean
  replies: SandboxMessage[]
}

function messageContext(channel: string, ts: string, key: string): BlockContext {
  const target = (block: Json, element: Json) => {
    return {
      user: store.user,
      channel,
      ts,
      blockId: String(block.block_id),
      actionId: String(element.action_id),
    }
  }
  const initial = (block: Json, actionId: string): FieldState | undefined => {
    const all = [block.accessory, block.element, ...((block.elements as Json[] | undefined) ?? [])] as (
      | Json
      | undefined
    )[]
    const found = all.find((each) => each?.action_id === actionId)
    const value =
      found?.initial_option ?? found?.initial_options ?? found?.initial_date ?? found?.initial_value
    return found === undefined || value === undefined
      ? undefined
      : { type: String(found.type), [Array.isArray(value) ? 'selected_options' : 'selected_option']: value }
  }
  return {
    surface: 'message',
    key,
    valueOf: (blockId, actionId) => {
      const message = [...store.messages(channel), ...(store.state?.ephemerals ?? [])].find(
        (each) => each.ts === ts,
      )
      const block = message?.blocks?.find((each) => each.block_id === blockId)
      return block === undefined ? undefined : initial(block, actionId)
    },
    errors: {},
    press: async (block, element, entryText) => {
      const { actionId, ...rest } = target(block, element)
      await api.click(entryText === undefined ? { ...rest, actionId } : { ...rest, text: entryText })
    },
    change: async (block, element, value) => {
      if (value !== null) await api.choose({ ...target(block, element), value })
    },
    suggest: (block, element, query) => api.suggest({ ...target(block, element), query }),
  }
}

export function messageElement(item: Item, look: Look): HTMLElement {
  const { message } = item
  const author = item.kind === 'message' ? item.message.user : (store.state?.app.botUserId ?? '')
  const isNotice = item.kind === 'ephemeral' && item.message.kind === 'notice'
  const isBot = author === store.state?.app.botUserId
  const name = isNotice ? 'Slack' : nameOf(author)
  const head = h(
    'div',
    { class: 'message-head' },
    h('strong', { class: 'author' }, name),
    isBot && !isNotice && h('span', { class: 'app-sign' }, 'APP'),
    h('time', { datetime: new Date(Number(message.ts) * 1000).toISOString() }, timeOf(message.ts)),
  )
  return h(
    'li',
    {
      class: `message${look.compact ? ' compact' : ''}${item.kind === 'ephemeral' ? ' ephemeral' : ''}`,
      'data-ts': message.ts,
      'aria-label': `${name}, ${timeOf(message.ts)}`,
    },
    look.compact
      ? h('span', { class: 'gutter', 'aria-hidden': 'true' }, timeOf(message.ts))
      : isNotice
        ? slackSign()
        : avatar(author),
    h(
      'div',
      { class: 'message-body' },
      item.kind === 'ephemeral' && h('div', { class: 'only-you' }, icon('eye'), 'Only visible to you'),
      !look.compact && head,
      body(item, look.inThread),
      item.kind === 'message' && reactions(item.message),
      item.kind === 'message' &&
        !look.inThread &&
        look.replies.length > 0 &&
        threadLink(item.message, look.replies),
    ),
    item.kind === 'message' && toolbar(item.message, look.inThread),
  )
}

function slackSign(): HTMLElement {
  return h('span', { class: 'avatar notice', 'aria-hidden': 'true' }, icon('warning'))
}

function body({ kind, message }: Item, inThread: boolean): HTMLElement {
  const list = message.blocks ?? []
  const context = messageContext(message.channel, message.ts, `m${message.ts}${inThread ? 't' : ''}`)
  const files = kind === 'message' ? message.files : []
  const text =
    list.length === 0 &&
    message.text !== '' &&
    h('div', { class: 'text' }, ...inlines(parseMrkdwn(message.text)))
  return h(
    'div',
    { class: 'content' },
    text,
    list.length > 0 && blocks(list, context),
    ...files.map(({ url, name, mimetype, size }) =>
      mimetype.startsWith('image/')
        ? h('img', { src: url, alt: name, class: 'image', loading: 'lazy' })
        : h(
            'a',
            { href: url, class: 'file', target: '_blank', rel: 'noopener' },
            `📄 ${name}`,
            h('span', { class: 'muted' }, ` ${size} bytes`),
          ),
    ),
    kind === 'message' &&
      message.editedTs !== undefined &&
      list.length === 0 &&
      h('span', { class: 'edited' }, ' (edited)'),
    kind === 'message' &&
      message.streaming === true &&
      h('span', { class: 'typing', role: 'img', 'aria-label': 'still writing' }),
  )
}

function reactions(message: SandboxMessage): HTMLElement | false {
  if (message.reactions.length === 0) return false
  return h(
    'div',
    { class: 'reactions' },
    ...message.reactions.map(({ name, users }) =>
      h('span', { class: 'reaction' }, emoji(name), ` ${users.length}`),
    ),
  )
}

function threadLink(message: SandboxMessage, replies: SandboxMessage[]): HTMLElement {
  const people = [...new Set(replies.map(({ user }) => user))].slice(0, 3)
  const last = replies.at(-1)
  return h(
    'button',
    { type: 'button', class: 'thread-link', onclick: () => store.openThread(message.ts) },
    ...people.map((user) => avatar(user, { small: true })),
    h('strong', {}, `${replies.length} ${replies.length === 1 ? 'reply' : 'replies'}`),
    last !== undefined && h('span', { class: 'muted' }, `last at ${timeOf(last.ts)}`),
  )
}

function toolbar(message: SandboxMessage, inThread: boolean): HTMLElement | false {
  const shortcuts = (store.state?.shortcuts ?? []).filter(({ type }) => type === 'message')
  if (inThread && shortcuts.length === 0) return false
  const more: HTMLButtonElement = h(
    'button',
    {
      type: 'button',
      'aria-label': 'More actions on this message',
      'aria-haspopup': 'menu',
      onclick: () =>
        openMenu(
          more,
          shortcuts.map(({ name, description, callback_id: callbackId }) => ({
            label: name,
            hint: description,
            run: () =>
              report(
                api.shortcut({ user: store.user, callbackId, channel: message.channel, ts: message.ts }),
              ),
          })),
          'Message shortcuts',
        ),
    },
    icon('more'),
  )
  return h(
    'div',
    { class: 'toolbar' },
    !inThread &&
      h(
        'button',
        { type: 'button', 'aria-label': 'Reply in thread', onclick: () => store.openThread(message.ts) },
        icon('thread'),
      ),
    shortcuts.length > 0 && more,
  )
}
