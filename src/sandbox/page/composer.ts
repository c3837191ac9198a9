/** Where a person types: messages, and slash commands with their hints. */
import { api } from './api.js'
import { h, icon } from './dom.js'
import { openMenu } from './render/menu.js'
import { report, store } from './store.js'

interface Composer {
  element: HTMLElement
  /** Follows the place it belongs to. */
  update: (where: { channel: string; placeholder: string; threadTs?: string }) => void
}

export function createComposer({ id, withCommands }: { id: string; withCommands: boolean }): Composer {
  let where: { channel: string; placeholder: string; threadTs?: string } = { channel: '', placeholder: '' }
  const hintsId = `${id}-hints`
  const field = h('textarea', {
    id,
    rows: 1,
    'aria-label': 'Message',
    'aria-describedby': hintsId,
    autocomplete: 'off',
    autocapitalize: 'off',
    spellcheck: 'false',
  })
  const hints = h('div', { id: hintsId, class: 'hints', hidden: true })
  const error = h('div', { class: 'composer-error', role: 'alert' })
  const send = h(
    'button',
    { type: 'button', class: 'send', 'aria-label': 'Send', disabled: true, onclick: () => submit() },
    icon('send'),
  )
  const shortcuts: HTMLButtonElement = h(
    'button',
    {
      type: 'button',
      class: 'composer-tool',
      'aria-label': 'Shortcuts',
      'aria-haspopup': 'menu',
      'aria-expanded': 'false',
      onclick: () =>
        openMenu(
          shortcuts,
          globalShortcuts().map(({ name, description, callback_id: callbackId }) => ({
            label: name,
            hint: description,
            run: () => report(api.shortcut({ user: store.user, callbackId })),
          })),
          'Shortcuts',
        ),
    },
    icon('bolt'),
  )

  const grow = () => {
    field.style.height = 'auto'
    field.style.height = `${Math.min(field.scrollHeight, 160)}px`
  }
  const showHints = () => {
    send.disabled = field.value.trim() === ''
    const typed = field.value
    const commands = withCommands && typed.startsWith('/') ? (store.state?.commands ?? []) : []
    const name = typed.split(/\s/, 1)[0] ?? ''
    const fitting = commands.filter(({ command }) =>
      typed.includes(' ') ? command === name : command.startsWith(name),
    )
    hints.hidden = fitting.length === 0
    hints.replaceChildren(
      ...fitting.map(({ command, description, usage_hint: usage }) =>
        h(
          'button',
          {
            type: 'button',
            class: 'hint-row',
            tabindex: -1,
            onclick: () => {
              if (!typed.includes(' ')) field.value = `${command} `
              field.focus()
              showHints()
            },
          },
          h('span', {}, h('strong', {}, command), ' ', h('span', { class: 'usage' }, usage ?? '')),
          h('span', { class: 'muted' }, description),
        ),
      ),
    )
  }
  const submit = () => {
    const text = field.value.trim()
    if (text === '') return
    error.textContent = ''
    const { channel, threadTs } = where
    const isCommand = withCommands && text.startsWith('/')
    if (!withCommands && store.state?.commands.some(({ command }) => text.split(/\s/, 1)[0] === command)) {
      error.textContent = 'Slash commands are not supported in threads.'
      return
    }
    const work = isCommand
      ? api.command({ user: store.user, channel, text })
      : api.message({ user: store.user, channel, text, ...(threadTs === undefined ? {} : { threadTs }) })
    field.value = ''
    grow()
    showHints()
    work.catch((problem: unknown) => {
      error.textContent = problem instanceof Error ? problem.message : String(problem)
      field.value = text
      showHints()
    })
  }
  field.addEventListener('input', () => {
    grow()
    showHints()
  })
  field.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault()
      submit()
    } else if (event.key === 'Tab' && !hints.hidden && !field.value.includes(' ')) {
      event.preventDefault()
      field.value = `${store.state?.commands.find(({ command }) => command.startsWith(field.value))?.command ?? field.value} `
      showHints()
    }
  })
  const box = h('div', { class: 'composer-box' }, field, send)
  return {
    element: h('div', { class: 'composer' }, hints, error, box),
    update(next) {
      const moved = next.channel !== where.channel || next.threadTs !== where.threadTs
      where = next
      field.placeholder = next.placeholder
      field.setAttribute('aria-label', next.placeholder)
      if (withCommands && globalShortcuts().length > 0 && shortcuts.parentElement === null)
        box.prepend(shortcuts)
      if (moved) error.textContent = ''
    },
  }
}

function globalShortcuts() {
  return (store.state?.shortcuts ?? []).filter(({ type }) => type === 'global')
}
