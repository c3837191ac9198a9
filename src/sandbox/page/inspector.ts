/** The drawer that shows what Slack and the app said to each other, and injects faults. */
import type { Json, TrafficEntry } from '../protocol.js'
import { api } from './api.js'
import { byId, h, icon } from './dom.js'
import { report, say, store } from './store.js'

const faults: { label: string; fault: Json }[] = [
  { label: 'Ask every connection to refresh', fault: { kind: 'refresh' } },
  { label: 'Lose the next acknowledgement', fault: { kind: 'lose-ack' } },
  { label: 'Deliver the next envelope twice', fault: { kind: 'duplicate-delivery' } },
  { label: 'Expire the next trigger', fault: { kind: 'expired-trigger' } },
  {
    label: 'Rate-limit the next chat.update',
    fault: { kind: 'rate-limit', method: 'chat.update', retryAfterS: 2 },
  },
  {
    label: 'Drop the answer of the next chat.postMessage',
    fault: { kind: 'drop-response', method: 'chat.postMessage' },
  },
  { label: 'Answer the next call with 503', fault: { kind: 'http-error', method: '*', status: 503 } },
  { label: 'Outage for 5 seconds', fault: { kind: 'outage', durationMs: 5000 } },
]

const list = h('ol', { class: 'traffic', 'aria-label': 'Exchanges', tabindex: 0 })
const drawn = new Map<number, { version: string; element: HTMLElement }>()

export function toggleInspector(): void {
  store.inspecting = !store.inspecting
  store.show(store.inspecting ? 'inspector' : 'conversation')
  store.render()
}

export function mountInspector(): void {
  const choice = h(
    'select',
    { 'aria-label': 'Fault' },
    ...faults.map(({ label }, index) => h('option', { value: String(index) }, label)),
  )
  const strike = h(
    'button',
    {
      type: 'button',
      class: 'button small',
      onclick: () => {
        const chosen = faults[Number(choice.value)]
        if (chosen !== undefined) report(api.fault(chosen.fault).then(() => say(`Armed: ${chosen.label}`)))
      },
    },
    'Inject',
  )
  byId('inspector').append(
    h(
      'header',
      { class: 'bar' },
      h(
        'button',
        { type: 'button', class: 'back', 'aria-label': 'Back', onclick: toggleInspector },
        icon('back'),
      ),
      h('div', { class: 'bar-text' }, h('h2', {}, 'Traffic')),
      h(
        'button',
        { type: 'button', class: 'close', 'aria-label': 'Close traffic', onclick: toggleInspector },
        icon('close'),
      ),
    ),
    h('div', { class: 'faults' }, choice, strike),
    list,
  )
}

export function renderInspector(): void {
  byId('inspector').hidden = !store.inspecting
  document.body.classList.toggle('inspecting', store.inspecting)
  if (!store.inspecting) return
  const entries = store.state?.traffic ?? []
  const atEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 60
  const keep = new Set(entries.map(({ seq }) => seq))
  for (const [seq, { element }] of drawn) {
    if (keep.has(seq)) continue
    element.remove()
    drawn.delete(seq)
  }
  for (const entry of entries) {
    const version = entry.outcome
    const before = drawn.get(entry.seq)
    if (before?.version === version) continue
    const element = row(entry)
    if (before === undefined) list.append(element)
    else before.element.replaceWith(element)
    drawn.set(entry.seq, { version, element })
  }
  if (atEnd) list.scrollTop = list.scrollHeight
}

function row(entry: TrafficEntry): HTMLElement {
  const good = entry.outcome === 'ok' || entry.outcome === 'acknowledged'
  const state = good ? 'good' : entry.outcome === 'pending' ? 'open' : 'bad'
  const details = h('pre', { tabindex: 0 })
  const fold = h(
    'details',
    {},
    h(
      'summary',
      {},
      h(
        'span',
        { class: `direction ${entry.direction}`, title: entry.direction },
        entry.direction === 'from-app' ? '←' : '→',
      ),
      h('span', { class: 'traffic-name' }, entry.name),
      h('span', { class: `outcome ${state}` }, entry.outcome),
      h('span', { class: 'traffic-summary' }, entry.summary),
      h('span', { class: 'duration' }, entry.durationMs === undefined ? '' : `${entry.durationMs} ms`),
    ),
    details,
  )
  fold.addEventListener('toggle', () => {
    if (!fold.open) return
    const load = async () => {
      const full = await api.exchange(entry.seq)
      const { request, response } = full ?? {}
      details.textContent = JSON.stringify(
        { at: new Date(entry.at).toISOString(), request, response },
        null,
        2,
      )
    }
    report(load())
  })
  return h('li', {}, fold)
}
