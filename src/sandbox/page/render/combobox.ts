/** A field with typeahead: external selects, and every select that takes several values (shown as chips). */
import type { Json } from '../../protocol.js'
import { h, icon } from '../dom.js'
import { report } from '../store.js'
import { labelText } from './text.js'

interface Combobox {
  id: string
  label: string
  labelledBy?: string | undefined
  placeholder: string
  many: boolean
  max: number
  chosen: Json[]
  minQuery: number
  /** What fits a query; groups come flattened, with their label in `group`. */
  load: (query: string) => Promise<{ option: Json; group?: string }[]>
  changed: (chosen: Json[]) => void
}

/** Typing settles for this long before the app is asked. */
const settleMs = 200

export function combobox(props: Combobox): HTMLElement {
  let chosen = [...props.chosen]
  let shown: { option: Json; group?: string }[] = []
  let active = -1
  let timer: ReturnType<typeof setTimeout> | undefined
  let asked = 0
  const listId = `${props.id}-list`
  const chips = h('span', { class: 'chips' })
  const input = h('input', {
    id: props.id,
    type: 'text',
    role: 'combobox',
    autocomplete: 'off',
    'aria-autocomplete': 'list',
    'aria-expanded': 'false',
    'aria-controls': listId,
    'aria-label': props.labelledBy === undefined ? props.label : undefined,
    'aria-labelledby': props.labelledBy,
    placeholder: props.placeholder,
  })
  const list = h('ul', {
    id: listId,
    role: 'listbox',
    class: 'options',
    'aria-label': props.label,
    hidden: true,
  })
  const box = h('div', { class: 'combobox' }, chips, input, list)

  const close = () => {
    list.hidden = true
    active = -1
    input.setAttribute('aria-expanded', 'false')
    input.removeAttribute('aria-activedescendant')
  }
  const drawChosen = () => {
    if (!props.many) {
      input.value = chosen[0] === undefined ? '' : labelText(chosen[0].text)
      return
    }
    chips.replaceChildren(
      ...chosen.map((option) =>
        h(
          'span',
          { class: 'chip' },
          labelText(option.text),
          h(
            'button',
            {
              type: 'button',
              'aria-label': `Remove ${labelText(option.text)}`,
              onclick: () => {
                chosen = chosen.filter((each) => each !== option)
                drawChosen()
                props.changed(chosen)
              },
            },
            icon('close'),
          ),
        ),
      ),
    )
  }
  const choose = (option: Json) => {
    const isChosen = chosen.some((each) => each.value === option.value)
    if (!props.many) chosen = [option]
    else if (isChosen) chosen = chosen.filter((each) => each.value !== option.value)
    else if (chosen.length < props.max) chosen = [...chosen, option]
    if (props.many) input.value = ''
    drawChosen()
    close()
    props.changed(chosen)
  }
  const drawList = (message?: string) => {
    let group: string | undefined
    const rows: HTMLElement[] = []
    shown.forEach((entry, index) => {
      if (entry.group !== group) {
        group = entry.group
        if (group !== undefined) rows.push(h('li', { class: 'option-group', role: 'presentation' }, group))
      }
      const { option } = entry
      const row = h(
        'li',
        {
          id: `${listId}-${index}`,
          role: 'option',
          class: index === active ? 'active' : undefined,
          'aria-selected': String(chosen.some((each) => each.value === option.value)),
          onpointerdown: (event) => {
            event.preventDefault()
            choose(option)
          },
        },
        labelText(option.text),
        option.description !== undefined &&
          h('span', { class: 'option-hint' }, labelText(option.description)),
      )
      rows.push(row)
    })
    if (shown.length === 0)
      rows.push(h('li', { class: 'option-note', role: 'presentation' }, message ?? 'No results'))
    list.replaceChildren(...rows)
    list.hidden = false
    input.setAttribute('aria-expanded', 'true')
    if (active >= 0) input.setAttribute('aria-activedescendant', `${listId}-${active}`)
    list.querySelector('.active')?.scrollIntoView({ block: 'nearest' })
  }
  const look = async () => {
    const isLabel = !props.many && chosen[0] !== undefined && input.value === labelText(chosen[0].text)
    const query = isLabel ? '' : input.value
    if (query.length < props.minQuery) {
      shown = []
      drawList(`Type at least ${props.minQuery} character${props.minQuery === 1 ? '' : 's'}`)
      return
    }
    asked += 1
    const mine = asked
    const found = await props.load(query)
    // An answer to what was typed before must not replace a newer one.
    if (mine !== asked || document.activeElement !== input) return
    shown = found
    active = found.length > 0 ? 0 : -1
    drawList()
  }
  input.addEventListener('focus', () => report(look()))
  input.addEventListener('input', () => {
    clearTimeout(timer)
    timer = setTimeout(() => report(look()), settleMs)
    if (!props.many && input.value === '' && chosen.length > 0) {
      chosen = []
      props.changed(chosen)
    }
  })
  input.addEventListener('blur', () => {
    close()
    drawChosen()
  })
  input.addEventListener('keydown', (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step !== undefined && shown.length > 0) {
      event.preventDefault()
      active = (active + step + shown.length) % shown.length
      drawList()
    } else if (event.key === 'Enter' && !list.hidden) {
      event.preventDefault()
      const entry = shown[active]
      if (entry !== undefined) choose(entry.option)
    } else if (event.key === 'Escape' && !list.hidden) {
      event.stopPropagation()
      close()
    } else if (event.key === 'Backspace' && input.value === '' && props.many && chosen.length > 0) {
      chosen = chosen.slice(0, -1)
      drawChosen()
      props.changed(chosen)
    }
  })
  drawChosen()
  return box
}
