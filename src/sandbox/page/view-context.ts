/** Blocks inside modals and the Home tab: fields remember what was typed until it is sent. */
import type { FieldState, Json, SandboxView } from '../protocol.js'
import { api } from './api.js'
import type { BlockContext, Value } from './render/context.js'
import { store } from './store.js'

/** What was typed into each open view since the server last heard of it, by block_id. */
const typed = new Map<string, Map<string, { value: Value; state: FieldState }>>()

/** The typed values of a view's inputs, as the control interface takes them. */
export function typedValues(view: SandboxView): Record<string, Value> {
  const inputs = new Set(
    view.blocks.filter(({ type }) => type === 'input').map((block) => String(block.block_id)),
  )
  const entries = [...(typed.get(view.id) ?? [])].filter(([blockId]) => inputs.has(blockId))
  return Object.fromEntries(entries.map(([blockId, { value }]) => [blockId, value]))
}

export function forgetTyped(viewId: string): void {
  typed.delete(viewId)
}

export function viewContext(view: SandboxView): BlockContext {
  const target = (block: Json, element: Json) => {
    return {
      user: store.user,
      viewId: view.id,
      blockId: String(block.block_id),
      actionId: String(element.action_id),
    }
  }
  return {
    surface: view.type,
    key: `v${view.id}`,
    errors: view.errors,
    valueOf: (blockId, actionId) => {
      const known = view.values[blockId]?.[actionId]
      const mine = typed.get(view.id)?.get(blockId)
      // The server knows the whole option of an external select, here is only its value.
      if (mine === undefined || JSON.stringify(chosenValues(known)) === JSON.stringify(mine.value))
        return known
      return mine.state
    },
    press: async (block, element, entryText) => {
      const { actionId, ...rest } = target(block, element)
      const values = typedValues(view)
      await api.click(
        entryText === undefined ? { ...rest, actionId, values } : { ...rest, text: entryText, values },
      )
    },
    change: async (block, element, value) => {
      if (block.type === 'input') {
        const fields = typed.get(view.id) ?? new Map<string, { value: Value; state: FieldState }>()
        fields.set(String(block.block_id), { value, state: stateOf(element, value) })
        typed.set(view.id, fields)
        if (block.dispatch_action !== true) return
      }
      if (value !== null) await api.choose({ ...target(block, element), value, values: typedValues(view) })
    },
    suggest: (block, element, query) => api.suggest({ ...target(block, element), query }),
  }
}

function chosenValues(state: FieldState | undefined): unknown {
  const one = state?.selected_option as Json | null | undefined
  const many = state?.selected_options as Json[] | undefined
  return many === undefined ? one?.value : many.map(({ value }) => value)
}

/** A typed value in the form that the renderers read: chosen options are looked up again by their value. */
function stateOf(element: Json, value: Value): FieldState {
  const options = [
    ...((element.options as Json[] | undefined) ?? []),
    ...((element.option_groups as Json[] | undefined) ?? []).flatMap(
      (group) => (group.options as Json[] | undefined) ?? [],
    ),
  ]
  const optionOf = (each: string): unknown => options.find((option) => option.value === each) ?? each
  const type = String(element.type)
  if (type === 'radio_buttons')
    return { type, selected_option: value === null ? null : optionOf(String(value)) }
  if (type === 'checkboxes')
    return { type, selected_options: Array.isArray(value) ? value.map(optionOf) : [] }
  return {
    type,
    value: Array.isArray(value) ? value.map(optionOf) : typeof value === 'string' ? optionOf(value) : null,
  }
}
