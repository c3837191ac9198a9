/** A small menu that opens under a button; arrow keys move, Escape closes. */
import { h } from '../dom.js'

interface MenuItem {
  label: string
  hint?: string
  checked?: boolean
  run: () => void
}

let close: (() => void) | undefined

/** Opens `items` under `anchor`; opening one menu closes any other. */
export function openMenu(anchor: HTMLElement, items: readonly MenuItem[], label: string): void {
  const wasMine = anchor.getAttribute('aria-expanded') === 'true'
  close?.()
  if (wasMine) return
  const role = items.some(({ checked }) => checked !== undefined) ? 'menuitemradio' : 'menuitem'
  const buttons = items.map(({ label: text, hint, checked, run }) =>
    h(
      'button',
      {
        type: 'button',
        role,
        tabindex: -1,
        'aria-checked': role === 'menuitemradio' ? String(checked === true) : undefined,
        onclick: () => {
          close?.()
          run()
        },
      },
      h('span', { class: 'menu-label' }, text),
      hint !== undefined && h('span', { class: 'menu-hint' }, hint),
    ),
  )
  const menu = h('div', { class: 'menu', role: 'menu', 'aria-label': label }, ...buttons)
  const onOutside = (event: Event) => {
    if (event.target instanceof Node && !menu.contains(event.target) && !anchor.contains(event.target))
      close?.()
  }
  menu.addEventListener('keydown', (event) => {
    const index = buttons.indexOf(document.activeElement as HTMLButtonElement)
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (event.key === 'Escape' || event.key === 'Tab') {
      event.stopPropagation()
      close?.()
      anchor.focus()
    } else if (step !== undefined) {
      event.preventDefault()
      buttons[(index + step + buttons.length) % buttons.length]?.focus()
    }
  })
  close = () => {
    menu.remove()
    anchor.setAttribute('aria-expanded', 'false')
    document.removeEventListener('pointerdown', onOutside)
    close = undefined
  }
  anchor.setAttribute('aria-expanded', 'true')
  document.addEventListener('pointerdown', onOutside)
  document.body.append(menu)
  placeUnder(menu, anchor)
  ;(buttons.find((button) => button.getAttribute('aria-checked') === 'true') ?? buttons[0])?.focus()
}

/** Under the anchor, or above it where there is no room; never past the edge of the window. */
function placeUnder(floating: HTMLElement, anchor: HTMLElement): void {
  const box = anchor.getBoundingClientRect()
  const { offsetWidth: width, offsetHeight: height } = floating
  const below = box.bottom + 4 + height <= innerHeight
  floating.style.left = `${Math.max(8, Math.min(box.left, innerWidth - width - 8))}px`
  floating.style.top = `${below ? box.bottom + 4 : Math.max(8, box.top - height - 4)}px`
}
