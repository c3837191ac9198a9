/** Filling a form, and what Slack's clients check before they send it. */
import type { FieldState, Json, SandboxView } from '../protocol.js'
import type { FieldInput } from '../types.js'
import { isEmptyState, stateWith, textOf } from '../world/field-state.js'
import { textIn } from './find-element.js'
import type { Parts } from './parts.js'

function inputsOf(view: SandboxView): { block: Json; element: Json }[] {
  return view.blocks
    .filter(({ type }) => type === 'input')
    .map((block) => ({ block, element: block.element as Json }))
}

/**
 * Puts values into a view's fields. A key is a block_id, an action_id or a label.
 * @throws Error when no field has that name, or a select has no such option.
 */
export function fillIn(parts: Parts, view: SandboxView, values: FieldInput): void {
  const fields = inputsOf(view)
  for (const [key, value] of Object.entries(values)) {
    const field =
      fields.find(({ block }) => block.block_id === key) ??
      fields.find(({ element }) => element.action_id === key) ??
      fields.find(({ block }) => textIn(block.label) === key)
    if (field === undefined) {
      const known = fields.map(({ block }) => `${textIn(block.label)} (${String(block.block_id)})`).join(', ')
      throw new Error(`the form has no field "${key}"; fields: ${known || 'none'}`)
    }
    const blockId = String(field.block.block_id)
    const actionId = String(field.element.action_id)
    const offered =
      parts.offered.get(`${view.id}:${blockId}:${actionId}`) ??
      chosenOptions(view.values[blockId]?.[actionId])
    parts.world.views.setValue(view, blockId, actionId, stateWith(field.element, value, offered))
  }
}

/** What is chosen already stays choosable, even when the external source no longer offers it. */
function chosenOptions(state: FieldState | undefined): Json[] {
  const chosen = state?.selected_options ?? state?.selected_option
  return (Array.isArray(chosen) ? chosen : chosen ? [chosen] : []) as Json[]
}

/** By block_id, what keeps the form from being sent. */
export function clientErrors(view: SandboxView): Record<string, string> {
  const errors: Record<string, string> = {}
  for (const { block, element } of inputsOf(view)) {
    const state = view.values[String(block.block_id)]?.[String(element.action_id)]
    if (state === undefined) continue
    const error = isEmptyState(state)
      ? block.optional === true
        ? undefined
        : 'Please complete this required field.'
      : malformed(element, textOf(state))
    if (error !== undefined) errors[String(block.block_id)] = error
  }
  return errors
}

function malformed(element: Json, text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const atLeast = (name: string) => (element[name] === undefined ? undefined : Number(element[name]))
  switch (element.type) {
    case 'plain_text_input': {
      const min = atLeast('min_length')
      const max = atLeast('max_length') ?? 3000
      if (min !== undefined && text.length < min) return `Please enter at least ${min} characters.`
      return text.length > max ? `Please enter at most ${max} characters.` : undefined
    }
    case 'email_text_input':
      return /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text) ? undefined : 'Please enter a valid email address.'
    case 'url_text_input':
      return URL.canParse(text) ? undefined : 'Please enter a valid URL.'
    case 'number_input': {
      const pattern = element.is_decimal_allowed === true ? /^-?\d+(\.\d+)?$/ : /^-?\d+$/
      if (!pattern.test(text))
        return element.is_decimal_allowed === true ? 'Please enter a number.' : 'Please enter a whole number.'
      const min = atLeast('min_value')
      const max = atLeast('max_value')
      if (min !== undefined && Number(text) < min) return `Please enter a number of at least ${min}.`
      return max !== undefined && Number(text) > max ? `Please enter a number of at most ${max}.` : undefined
    }
    default:
      return undefined
  }
}
