/** Selects of every kind: native where one value is chosen from a known list, a combobox otherwise. */
import type { FieldState, Json } from '../../protocol.js'
import { h } from '../dom.js'
import { report, store } from '../store.js'
import { combobox } from './combobox.js'
import { confirmed } from './confirm.js'
import type { BlockContext } from './context.js'
import { jsonList, labelText, plainOf } from './text.js'

interface FieldProps {
  id: string
  labelledBy?: string | undefined
  label: string
}

const option = (value: string, text: string): Json => ({ value, text: { type: 'plain_text', text } })

/** What a select offers, by its source. */
function offered(element: Json): { option: Json; group?: string }[] {
  const source = String(element.type).replace(/^multi_/, '')
  const people = (store.state?.users ?? [])
    .filter(({ deleted }) => !deleted)
    .map((user) => option(user.id, user.realName))
  const channels = (store.state?.channels ?? [])
    .filter(({ kind }) => kind !== 'im')
    .map(({ id, name }) => option(id, `#${name}`))
  switch (source) {
    case 'users_select':
      return people.map((each) => ({ option: each }))
    case 'channels_select':
    case 'conversations_select':
      return channels.map((each) => ({ option: each }))
    default: {
      const groups = jsonList(element.option_groups).flatMap((group) =>
        jsonList(group.options).map((each) => ({ option: each, group: labelText(group.label) })),
      )
      return [...jsonList(element.options).map((each) => ({ option: each })), ...groups]
    }
  }
}

/** The options that a state holds, whichever of its forms it has. */
function chosenIn(state: FieldState | undefined, element: Json): Json[] {
  if (state === undefined) return []
  const { type: _type, ...rest } = state
  const value = Object.values(rest)[0]
  const list = Array.isArray(value) ? value : value === null || value === undefined ? [] : [value]
  const known = offered(element)
  return list.map((each: unknown) => {
    if (typeof each === 'object' && each !== null) return each as Json
    return known.find((entry) => entry.option.value === each)?.option ?? option(String(each), String(each))
  })
}

export function select(block: Json, element: Json, context: BlockContext, props: FieldProps): HTMLElement {
  const type = String(element.type)
  const state = context.valueOf(String(block.block_id), String(element.action_id))
  const isExternal = type.endsWith('external_select')
  const many = type.startsWith('multi_')
  const placeholder = plainOf(element.placeholder) || (many ? 'Select options' : 'Select an option')
  if (!isExternal && !many)
    return nativeSelect(block, element, context, {
      ...props,
      placeholder,
      chosen: chosenIn(state, element)[0],
    })
  return combobox({
    ...props,
    placeholder,
    many,
    max: Number(element.max_selected_items ?? 100),
    chosen: chosenIn(state, element),
    minQuery: isExternal ? Number(element.min_query_length ?? 3) : 0,
    load: async (query) => {
      if (isExternal) {
        const { options, groups } = await context.suggest(block, element, query)
        return [
          ...options.map((each) => ({ option: each })),
          ...groups.flatMap((group) => group.options.map((each) => ({ option: each, group: group.label }))),
        ]
      }
      const wanted = query.toLowerCase()
      return offered(element).filter((entry) => labelText(entry.option.text).toLowerCase().includes(wanted))
    },
    changed: (chosen) => {
      const values = chosen.map((each) => String(each.value))
      report(context.change(block, element, many ? values : (values[0] ?? null)))
    },
  })
}

function nativeSelect(
  block: Json,
  element: Json,
  context: BlockContext,
  {
    id,
    label,
    labelledBy,
    placeholder,
    chosen,
  }: FieldProps & { placeholder: string; chosen: Json | undefined },
): HTMLElement {
  const groups = new Map<string | undefined, HTMLOptionElement[]>()
  for (const { option: each, group } of offered(element)) {
    const isChosen = chosen !== undefined && each.value === chosen.value
    const made = h('option', { value: String(each.value), selected: isChosen }, labelText(each.text))
    groups.set(group, [...(groups.get(group) ?? []), made])
  }
  const children = [...groups].flatMap(([group, options]): HTMLElement[] =>
    group === undefined ? options : [h('optgroup', { label: group }, ...options)],
  )
  const made = h(
    'select',
    {
      id,
      class: 'select',
      'data-action': String(element.action_id),
      'aria-label': labelledBy === undefined ? label || placeholder : undefined,
      'aria-labelledby': labelledBy,
      onchange: () => {
        const before = String(chosen?.value ?? '')
        report(
          confirmed(element.confirm).then((agreed) => {
            if (agreed) return context.change(block, element, made.value === '' ? null : made.value)
            made.value = before
            return undefined
          }),
        )
      },
    },
    h('option', { value: '', selected: chosen === undefined }, placeholder),
    ...children,
  )
  return made
}
