/** A list of messages that changes in place: only what is new or different is drawn again. */
import type { SandboxMessage } from '../protocol.js'
import { dayOf } from './avatar.js'
import { h } from './dom.js'
import { type Item, messageElement } from './message.js'
import { store } from './store.js'

/** Messages of one author within this many seconds stand together. */
const togetherS = 300

interface Row {
  key: string
  version: string
  make: () => HTMLElement
}

export class MessageList {
  readonly element = h('ol', { class: 'messages', 'aria-label': 'Messages', tabindex: 0 })
  private drawn = new Map<string, { version: string; element: HTMLElement }>()
  private shownFor = ''

  /** `place` is what the list belongs to: another place starts at its end. */
  render(place: string, items: readonly Item[], { inThread }: { inThread: boolean }): void {
    const isNew = place !== this.shownFor
    if (isNew) {
      this.drawn.clear()
      this.element.replaceChildren()
      this.shownFor = place
    }
    const { scrollTop, clientHeight, scrollHeight } = this.element
    const atEnd = isNew || scrollTop + clientHeight >= scrollHeight - 80
    const rows = this.rows(items, inThread)
    const next = new Map<string, { version: string; element: HTMLElement }>()
    rows.forEach(({ key, version, make }, index) => {
      const before = this.drawn.get(key)
      const element = before?.version === version ? before.element : make()
      if (before !== undefined && before.element !== element) before.element.replaceWith(element)
      next.set(key, { version, element })
      if (this.element.children[index] !== element)
        this.element.insertBefore(element, this.element.children[index] ?? null)
    })
    for (const [key, { element }] of this.drawn) if (!next.has(key)) element.remove()
    this.drawn = next
    if (atEnd) this.element.scrollTop = this.element.scrollHeight
  }

  private rows(items: readonly Item[], inThread: boolean): Row[] {
    const rows: Row[] = []
    let day = ''
    let previous: Item | undefined
    for (const item of items) {
      const today = dayOf(item.message.ts)
      if (today !== day && !inThread) {
        day = today
        rows.push({
          key: `day-${day}`,
          version: '',
          make: () => h('li', { class: 'day' }, h('span', {}, today)),
        })
        previous = undefined
      }
      const replies = item.kind === 'message' && !inThread ? repliesTo(item.message) : []
      const compact = previous !== undefined && standTogether(previous, item)
      rows.push({
        key: item.message.ts,
        version: JSON.stringify([item, compact, replies.map(({ ts, user }) => [ts, user]), store.user]),
        make: () => messageElement(item, { compact, inThread, replies }),
      })
      previous = item
    }
    return rows
  }
}

export function repliesTo(message: SandboxMessage): SandboxMessage[] {
  return store
    .messages(message.channel)
    .filter(({ threadTs, ts }) => threadTs === message.ts && ts !== message.ts)
}

function standTogether(before: Item, item: Item): boolean {
  if (before.kind !== 'message' || item.kind !== 'message') return false
  if (before.message.user !== item.message.user) return false
  const isCard = (before.message.blocks ?? []).length > 0 || (item.message.blocks ?? []).length > 0
  return !isCard && Number(item.message.ts) - Number(before.message.ts) < togetherS
}
