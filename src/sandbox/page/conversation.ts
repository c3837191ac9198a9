/** The middle of the page (a channel or the app's Home), and the thread beside it. */
import { createComposer } from './composer.js'
import { byId, h, icon } from './dom.js'
import { homeElement } from './home.js'
import type { Item } from './message.js'
import { MessageList, repliesTo } from './message-list.js'
import { markRead, store } from './store.js'

const channelList = new MessageList()
const channelComposer = createComposer({ id: 'composer', withCommands: true })
const threadList = new MessageList()
const threadComposer = createComposer({ id: 'thread-composer', withCommands: false })
const title = h('h2', { id: 'conversation-title' })
const topic = h('span', { class: 'topic' })
const members = h('span', { class: 'members' })
const homeBody = h('div', { class: 'home' })

function backButton(pane: 'list' | 'conversation', label: string): HTMLElement {
  return h(
    'button',
    { type: 'button', class: 'back', 'aria-label': label, onclick: () => store.show(pane) },
    icon('back'),
  )
}

export function mountConversation(): void {
  byId('conversation').append(
    h(
      'header',
      { class: 'bar' },
      backButton('list', 'Back to channels'),
      h('div', { class: 'bar-text' }, title, topic),
      members,
    ),
    channelList.element,
    homeBody,
    channelComposer.element,
  )
  byId('thread').append(
    h(
      'header',
      { class: 'bar' },
      backButton('conversation', 'Back to the channel'),
      h('div', { class: 'bar-text' }, h('h2', {}, 'Thread')),
      h(
        'button',
        {
          type: 'button',
          class: 'close',
          'aria-label': 'Close thread',
          onclick: () => store.openThread(undefined),
        },
        icon('close'),
      ),
    ),
    threadList.element,
    threadComposer.element,
  )
}

function byTime(a: Item, b: Item): number {
  return a.message.ts < b.message.ts ? -1 : 1
}

export function renderConversation(): void {
  const { state, channel } = store
  if (state === undefined) return
  const isHome = store.place === 'home'
  channelList.element.hidden = isHome
  channelComposer.element.hidden = isHome
  homeBody.hidden = !isHome
  members.hidden = isHome
  if (isHome) {
    title.textContent = `${state.app.name} Home`
    topic.textContent = ''
    homeElement(homeBody)
    renderThread()
    return
  }
  if (channel === undefined) return
  const isDirect = channel.kind === 'im'
  title.textContent = isDirect ? state.app.name : `# ${channel.name}`
  topic.textContent = channel.topic
  members.textContent = isDirect ? '' : `${channel.members.length} members`
  const items: Item[] = [
    ...store
      .messages(channel.id)
      .filter(({ threadTs, broadcast }) => threadTs === undefined || broadcast === true)
      .map((message): Item => ({ kind: 'message', message })),
    ...state.ephemerals
      .filter((message) => message.channel === channel.id && message.threadTs === undefined)
      .map((message): Item => ({ kind: 'ephemeral', message })),
  ].sort(byTime)
  channelList.render(`${channel.id}:${store.user}`, items, { inThread: false })
  channelComposer.update({
    channel: channel.id,
    placeholder: `Message ${isDirect ? state.app.name : `#${channel.name}`}`,
  })
  const isSeen =
    document.visibilityState === 'visible' && (innerWidth > 760 || document.body.dataset.pane !== 'list')
  if (isSeen) markRead(channel.id, store.messages(channel.id).at(-1)?.ts ?? '')
  renderThread()
}

function renderThread(): void {
  const { channel, threadTs, state } = store
  const parent =
    channel === undefined ? undefined : store.messages(channel.id).find(({ ts }) => ts === threadTs)
  byId('thread').hidden = parent === undefined
  if (parent === undefined || state === undefined) return
  const items: Item[] = [
    ...[parent, ...repliesTo(parent)].map((message): Item => ({ kind: 'message', message })),
    ...state.ephemerals
      .filter((each) => each.threadTs === parent.ts)
      .map((message): Item => ({ kind: 'ephemeral', message })),
  ].sort(byTime)
  threadList.render(`${parent.ts}:${store.user}`, items, { inThread: true })
  threadComposer.update({ channel: parent.channel, threadTs: parent.ts, placeholder: 'Reply' })
}
