/** Confirmation dialogs of buttons and menus, and the way every dialog keeps the focus. */
import type { Json } from '../../protocol.js'
import { byId, h } from '../dom.js'
import { labelText, textObject } from './text.js'

/** Asks; resolves to true when the person agreed. Without a confirm object there is nothing to ask. */
export function confirmed(confirm: unknown): Promise<boolean> {
  if (typeof confirm !== 'object' || confirm === null) return Promise.resolve(true)
  const { title, text, confirm: yes, deny: no, style } = confirm as Json
  const before = document.activeElement
  return new Promise((resolve) => {
    const finish = (agreed: boolean) => {
      overlay.remove()
      if (before instanceof HTMLElement) before.focus()
      resolve(agreed)
    }
    const agree = h(
      'button',
      {
        type: 'button',
        class: style === 'danger' ? 'button danger' : 'button primary',
        onclick: () => finish(true),
      },
      labelText(yes) || 'Yes',
    )
    const dialog = h(
      'div',
      {
        class: 'dialog confirm',
        role: 'alertdialog',
        'aria-modal': 'true',
        'aria-labelledby': 'confirm-title',
        'aria-describedby': 'confirm-text',
      },
      h('h2', { id: 'confirm-title' }, labelText(title) || 'Are you sure?'),
      h('div', { id: 'confirm-text', class: 'dialog-body' }, ...textObject(text)),
      h(
        'footer',
        {},
        h(
          'button',
          { type: 'button', class: 'button', onclick: () => finish(false) },
          labelText(no) || 'Cancel',
        ),
        agree,
      ),
    )
    const overlay = h('div', { class: 'overlay overlay-confirm' }, dialog)
    holdFocus(dialog, () => finish(false))
    byId('dialogs').append(overlay)
    agree.focus()
  })
}

const focusable = 'a[href], button:not([disabled]), input:not([disabled]), select, textarea, [tabindex="0"]'

/** Keeps Tab inside a dialog; Escape calls `onEscape`. */
export function holdFocus(dialog: HTMLElement, onEscape: () => void): void {
  dialog.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') {
      event.stopPropagation()
      onEscape()
    }
    if (event.key !== 'Tab') return
    const all = [...dialog.querySelectorAll<HTMLElement>(focusable)].filter(
      (each) => each.offsetParent !== null,
    )
    const first = all[0]
    const last = all.at(-1)
    if (event.shiftKey && document.activeElement === first) {
      event.preventDefault()
      last?.focus()
    } else if (!event.shiftKey && document.activeElement === last) {
      event.preventDefault()
      first?.focus()
    }
  })
}
