/** Coloured initials; the app has a sign of its own. */
import { h } from './dom.js'
import { store } from './store.js'

export function avatar(userId: string, { small = false } = {}): HTMLElement {
  const user = store.userById(userId)
  const name = user?.realName ?? userId
  const initials = name
    .split(/\s+/)
    .map((word) => word[0] ?? '')
    .slice(0, 2)
    .join('')
  const index = (store.state?.users.findIndex(({ id }) => id === userId) ?? 0) % 6
  const className = `avatar${user?.isBot ? ' app' : ` tint-${index}`}${small ? ' small' : ''}`
  return h('span', { class: className, 'aria-hidden': 'true' }, user?.isBot ? (name[0] ?? '?') : initials)
}

export function nameOf(userId: string): string {
  const user = store.userById(userId)
  return user?.isBot ? (store.state?.app.name ?? user.name) : (user?.realName ?? userId)
}

export function timeOf(ts: string): string {
  return new Date(Number(ts) * 1000).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' })
}

export function dayOf(ts: string): string {
  const date = new Date(Number(ts) * 1000)
  const today = new Date(store.state?.now ?? Date.now())
  if (date.toDateString() === today.toDateString()) return 'Today'
  return date.toLocaleDateString('en', { weekday: 'long', month: 'long', day: 'numeric' })
}
