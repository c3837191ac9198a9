/** The topmost modal of the person who acts. */
import type { SandboxView } from '../protocol.js'
import { api } from './api.js'
import { byId, h, icon } from './dom.js'
import { plainInlines } from './inline.js'
import { blocks } from './render/blocks.js'
import { holdFocus } from './render/confirm.js'
import { inlines } from './render/text.js'
import { report, store } from './store.js'
import { forgetTyped, typedValues, viewContext } from './view-context.js'

let shown: { version: string; overlay: HTMLElement; viewId: string; before: Element | null } | undefined

export function renderModal(): void {
  const stack = store.state?.modals[store.user] ?? []
  const view = stack.at(-1)
  const version =
    view === undefined ? '' : JSON.stringify([view.id, view.hash, view.errors, view.notice, stack.length])
  if (version === (shown?.version ?? '')) return
  const isSame = shown !== undefined && shown.viewId === view?.id
  const before = shown?.before ?? document.activeElement
  const focusedId = isSame ? document.activeElement?.id : undefined
  const typed = isSame ? queryIn(document.activeElement) : undefined
  const scroll = isSame ? (shown?.overlay.querySelector('.dialog-body')?.scrollTop ?? 0) : 0
  shown?.overlay.remove()
  shown = undefined
  if (view === undefined) {
    if (before instanceof HTMLElement) before.focus()
    return
  }
  const overlay = modalElement(view, stack.length)
  byId('dialogs').prepend(overlay)
  shown = { version, overlay, viewId: view.id, before }
  const body = overlay.querySelector('.dialog-body')
  if (body !== null) body.scrollTop = scroll
  const wanted = focusedId ? document.getElementById(focusedId) : null
  const invalid = overlay.querySelector<HTMLElement>('.invalid input, .invalid select, .invalid textarea')
  const first = overlay.querySelector<HTMLElement>(
    '.dialog-body input:not([role="combobox"]), .dialog-body select, .dialog-body textarea',
  )
  ;(invalid ?? wanted ?? first ?? overlay.querySelector<HTMLElement>('.dialog'))?.focus({
    preventScroll: isSame,
  })
  // As in Slack, an update takes nothing away from somebody who is typing.
  if (typed !== undefined && wanted instanceof HTMLInputElement && wanted.value !== typed) {
    wanted.value = typed
    wanted.dispatchEvent(new Event('input'))
  }
}

/** What is being typed into a field with typeahead. */
function queryIn(element: Element | null): string | undefined {
  if (!(element instanceof HTMLInputElement) || element.getAttribute('role') !== 'combobox') return undefined
  return element.value === '' ? undefined : element.value
}

function modalElement(view: SandboxView, depth: number): HTMLElement {
  const close = () => {
    forgetTyped(view.id)
    report(api.close({ user: store.user, viewId: view.id }))
  }
  const submitButton =
    view.submit === undefined
      ? undefined
      : h(
          'button',
          { type: 'button', class: 'button primary', onclick: () => report(send(view, submitButton)) },
          ...inlines(plainInlines(view.submit)),
        )
  const dialog = h(
    'div',
    { class: 'dialog', role: 'dialog', 'aria-modal': 'true', 'aria-labelledby': 'modal-title', tabindex: -1 },
    h(
      'header',
      {},
      h(
        'span',
        { class: 'avatar app small', 'aria-hidden': 'true' },
        (store.state?.app.name ?? '?')[0] ?? '?',
      ),
      h('h2', { id: 'modal-title' }, ...inlines(plainInlines(view.title))),
      depth > 1 && h('span', { class: 'muted' }, `step ${depth}`),
      h(
        'button',
        { type: 'button', class: 'close', 'aria-label': 'Close dialog', onclick: close },
        icon('close'),
      ),
    ),
    view.notice !== undefined &&
      h('div', { class: 'modal-notice', role: 'alert' }, icon('warning'), view.notice),
    h('div', { class: 'dialog-body' }, blocks(view.blocks, viewContext(view))),
    h(
      'footer',
      {},
      h('button', { type: 'button', class: 'button', onclick: close }, view.close ?? 'Cancel'),
      submitButton,
    ),
  )
  dialog.addEventListener('keydown', (event) => {
    const inLine =
      event.target instanceof HTMLInputElement && event.target.getAttribute('role') !== 'combobox'
    if (event.key === 'Enter' && inLine && !event.defaultPrevented && submitButton !== undefined)
      submitButton.click()
  })
  holdFocus(dialog, close)
  return h('div', { class: 'overlay' }, dialog)
}

async function send(view: SandboxView, button: HTMLElement | undefined): Promise<void> {
  if (button?.getAttribute('aria-busy') === 'true') return
  button?.setAttribute('aria-busy', 'true')
  try {
    await api.submit({ user: store.user, viewId: view.id, values: typedValues(view) })
  } finally {
    button?.removeAttribute('aria-busy')
  }
}
