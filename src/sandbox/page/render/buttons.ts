/** Buttons, overflow menus, feedback and icon buttons. */
import type { Json } from '../../protocol.js'
import { h, icon } from '../dom.js'
import { report } from '../store.js'
import { confirmed } from './confirm.js'
import type { BlockContext } from './context.js'
import { openMenu } from './menu.js'
import { emoji, jsonList, labelText, textObject } from './text.js'

/** Runs `work` with the button marked as busy, after the person confirmed. */
function whenPressed(button: HTMLButtonElement, confirm: unknown, work: () => Promise<void>): void {
  const run = async () => {
    if (button.getAttribute('aria-busy') === 'true' || !(await confirmed(confirm))) return
    button.setAttribute('aria-busy', 'true')
    try {
      await work()
    } finally {
      button.removeAttribute('aria-busy')
    }
  }
  report(run())
}

export function button(block: Json, element: Json, context: BlockContext): HTMLElement {
  const style = element.style === 'primary' || element.style === 'danger' ? ` ${element.style}` : ''
  const made = h(
    'button',
    {
      type: 'button',
      class: `button${style}`,
      'data-action': String(element.action_id),
      'aria-label': typeof element.accessibility_label === 'string' ? element.accessibility_label : undefined,
      onclick: () =>
        whenPressed(made, element.confirm, async () => {
          if (typeof element.url === 'string' && /^https?:/.test(element.url))
            open(element.url, '_blank', 'noopener,noreferrer')
          await context.press(block, element)
        }),
    },
    ...textObject(element.text),
  )
  return made
}

export function overflow(block: Json, element: Json, context: BlockContext): HTMLElement {
  const made: HTMLButtonElement = h(
    'button',
    {
      type: 'button',
      class: 'button icon-only',
      'aria-label': 'More actions',
      'aria-haspopup': 'menu',
      'aria-expanded': 'false',
      'data-action': String(element.action_id),
      onclick: () => {
        const items = jsonList(element.options).map((option) => ({
          label: labelText(option.text),
          ...(option.description === undefined ? {} : { hint: labelText(option.description) }),
          run: () =>
            whenPressed(made, element.confirm, () =>
              context.press(block, element, String((option.text as Json).text)),
            ),
        }))
        openMenu(made, items, 'More actions')
      },
    },
    icon('more'),
  )
  return made
}

export function feedbackButtons(block: Json, element: Json, context: BlockContext): HTMLElement {
  const side = (entry: Json, symbol: string) => {
    const made: HTMLButtonElement = h(
      'button',
      {
        type: 'button',
        class: 'button small',
        'aria-label': labelText(entry.text),
        onclick: () =>
          whenPressed(made, undefined, () =>
            context.press(block, element, String((entry.text as Json).text)),
          ),
      },
      emoji(symbol),
    )
    return made
  }
  return h(
    'span',
    { class: 'feedback' },
    side(element.positive_button as Json, 'thumbsup'),
    side(element.negative_button as Json, 'thumbsdown'),
  )
}

export function iconButton(block: Json, element: Json, context: BlockContext): HTMLElement {
  const made: HTMLButtonElement = h(
    'button',
    {
      type: 'button',
      class: 'button small',
      'data-action': String(element.action_id),
      onclick: () => whenPressed(made, element.confirm, () => context.press(block, element)),
    },
    element.icon === 'trash' ? emoji('wastebasket') : '',
    ...textObject(element.text),
  )
  return made
}
