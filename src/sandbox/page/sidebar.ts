/** Channels, direct messages, the app's Home, and who acts. */
import type { SandboxChannel } from '../protocol.js'
import { avatar } from './avatar.js'
import { byId, h, icon } from './dom.js'
import { toggleInspector } from './inspector.js'
import { openMenu } from './render/menu.js'
import { report, store, unreadIn } from './store.js'

export function renderSidebar(): void {
  const { state } = store
  if (state === undefined) return
  const channels = state.channels.filter(({ kind }) => kind !== 'im')
  const direct = state.channels.filter(({ kind }) => kind === 'im')
  const focused = document.activeElement?.id
  byId('sidebar').replaceChildren(
    h('div', { class: 'workspace' }, h('h1', {}, state.team.name), connectionSign(state.connections)),
    switcher(),
    h(
      'div',
      { class: 'places' },
      group(
        'Channels',
        channels.map((channel) =>
          place(channel.id, h('span', { class: 'hash', 'aria-hidden': 'true' }, '#'), channel.name, channel),
        ),
      ),
      group(
        'Direct messages',
        direct.map((channel) =>
          place(channel.id, avatar(state.app.botUserId, { small: true }), state.app.name, channel),
        ),
      ),
      group('Apps', [place('home', icon('home'), `${state.app.name} Home`)]),
    ),
    h(
      'button',
      {
        id: 'open-inspector',
        type: 'button',
        class: 'inspector-toggle',
        'aria-pressed': String(store.inspecting),
        onclick: toggleInspector,
      },
      icon('traffic'),
      'Traffic',
    ),
  )
  if (focused) document.getElementById(focused)?.focus()
}

function connectionSign(count: number): HTMLElement {
  const text = count === 0 ? 'no app connected' : `${count} connection${count === 1 ? '' : 's'}`
  return h('span', { class: count === 0 ? 'connections none' : 'connections', title: text }, text)
}

function switcher(): HTMLElement {
  const people = (store.state?.users ?? []).filter(({ isBot, deleted }) => !isBot && !deleted)
  const first = store.me?.realName.split(' ')[0] ?? store.user
  const button = h(
    'button',
    {
      id: 'acting-as',
      type: 'button',
      class: 'switcher',
      'aria-haspopup': 'menu',
      'aria-expanded': 'false',
      onclick: () =>
        openMenu(
          button,
          people.map((user) => ({
            label: user.realName,
            hint: user.title,
            checked: user.id === store.user,
            run: () => report(store.actAs(user.id)),
          })),
          'Act as',
        ),
    },
    avatar(store.user, { small: true }),
    h('span', {}, 'Acting as ', h('strong', {}, first)),
    icon('down'),
  )
  return button
}

function group(title: string, entries: HTMLElement[]): HTMLElement {
  return h('section', {}, h('h2', {}, title), h('ul', {}, ...entries))
}

function place(id: string, sign: Node, name: string, channel?: SandboxChannel): HTMLElement {
  const isHere = store.place === id
  const unread = channel === undefined || isHere ? 0 : unreadIn(channel.id)
  return h(
    'li',
    {},
    h(
      'button',
      {
        id: `place-${id}`,
        type: 'button',
        class: `place${unread > 0 ? ' unread' : ''}`,
        'aria-current': isHere ? 'page' : undefined,
        onclick: () => store.go(id),
      },
      sign,
      h('span', { class: 'place-name' }, name),
      unread > 0 && h('span', { class: 'badge', 'aria-label': `${unread} unread` }, String(unread)),
    ),
  )
}
