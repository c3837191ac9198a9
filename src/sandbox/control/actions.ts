/** Buttons, menus, selects and pickers. */
import { messagesOf, validateSuggestions } from '../block-validation/index.js'
import { messageActionPayload, suggestionPayload, viewActionPayload } from '../delivery/payloads.js'
import type { Delivery, ElementPick, Json, Place, SandboxUser } from '../protocol.js'
import type { FieldInput, SuggestOutcome } from '../types.js'
import { stateWith } from '../world/field-state.js'
import { type Found, findElement, textIn } from './find-element.js'
import { fillIn } from './form-values.js'
import { actor, failureNotice, type Parts } from './parts.js'
import { type Spot, spotOf } from './places.js'

type Target = { user: string } & Place & ElementPick

function pressed({ block, element, entry }: Found, actionTs: string): Json {
  const base = {
    action_id: element.action_id,
    block_id: block.block_id,
    type: element.type,
    action_ts: actionTs,
  }
  switch (element.type) {
    case 'button':
    case 'workflow_button':
      return { ...base, text: element.text, ...optional(element, ['value', 'style', 'url']) }
    case 'icon_button':
      return { ...base, text: element.text, icon: element.icon, ...optional(element, ['value']) }
    case 'overflow':
      if (entry === undefined) throw new Error(`say which entry of ${String(element.action_id)} by its text`)
      return { ...base, selected_option: entry }
    case 'feedback_buttons':
      if (entry === undefined) throw new Error(`say which button of ${String(element.action_id)} by its text`)
      return { ...base, ...entry }
    default:
      throw new Error(`a ${String(element.type)} is not pressed; use choose`)
  }
}

function optional(element: Json, names: string[]): Json {
  return Object.fromEntries(
    names.filter((name) => element[name] !== undefined).map((name) => [name, element[name]]),
  )
}

export async function click(parts: Parts, what: Target & { values?: FieldInput }): Promise<Delivery> {
  const user = actor(parts.world, what.user)
  const spot = spotOf(parts.world, user, what)
  const found = findElement(spot.blocks, what)
  const action = pressed(found, parts.world.newTs())
  if (spot.kind === 'view') fillIn(parts, spot.view, what.values ?? {})
  return deliverAction(parts, user, spot, action)
}

export async function choose(
  parts: Parts,
  what: Target & { value: string | string[]; values?: FieldInput },
): Promise<Delivery> {
  const { world } = parts
  const user = actor(world, what.user)
  const spot = spotOf(world, user, what)
  const found = findElement(spot.blocks, what)
  const { block, element } = found
  if (element.type === 'overflow')
    return deliverAction(parts, user, spot, pressed(withEntry(found, what.value), world.newTs()))
  const blockId = String(block.block_id)
  const actionId = String(element.action_id)
  const state = stateWith(element, what.value, parts.offered.get(`${spot.key}:${blockId}:${actionId}`))
  if (spot.kind === 'view') {
    fillIn(parts, spot.view, what.values ?? {})
    world.views.setValue(spot.view, blockId, actionId, state)
  } else {
    spot.values[blockId] = { ...spot.values[blockId], [actionId]: state }
  }
  // An input only reports changes when it asks for that; everything else reports them at once.
  if (block.type === 'input' && block.dispatch_action !== true)
    return { acknowledged: true, payload: undefined, durationMs: 0 }
  const action = { ...state, action_id: actionId, block_id: blockId, action_ts: world.newTs() }
  return deliverAction(parts, user, spot, action)
}

function withEntry(found: Found, value: string | string[]): Found {
  const wanted = String(value)
  const options = (found.element.options as Json[] | undefined) ?? []
  const entry = options.find((each) => each.value === wanted || textIn(each.text) === wanted)
  return entry === undefined ? found : { ...found, entry }
}

async function deliverAction(parts: Parts, user: SandboxUser, spot: Spot, action: Json): Promise<Delivery> {
  const { world } = parts
  const triggerId = parts.triggers.issue(user.id)
  const payload =
    spot.kind === 'view'
      ? viewActionPayload(world, { user, view: spot.view, action, triggerId })
      : messageActionPayload(world, {
          ...spot,
          user,
          action,
          triggerId,
          responseUrl: responseUrl(parts, user, spot),
        })
  const delivery = await parts.dispatcher.deliver({ type: 'interactive', payload, acceptsResponse: false })
  if (!delivery.acknowledged) {
    const text = failureNotice(world, delivery.reason)
    if (spot.kind === 'view') world.views.setNotice(spot.view, text)
    else world.whisper({ channel: spot.channel.id, user: user.id, kind: 'notice', text, ...threadOf(spot) })
  }
  return delivery
}

function threadOf({ message }: Extract<Spot, { kind: 'message' }>): { threadTs?: string } {
  return message.threadTs === undefined ? {} : { threadTs: message.threadTs }
}

function responseUrl(parts: Parts, user: SandboxUser, spot: Extract<Spot, { kind: 'message' }>): string {
  const original = { ts: spot.message.ts, ephemeral: spot.ephemeral }
  return parts.responseUrls.issue({ user: user.id, channel: spot.channel.id, original, ...threadOf(spot) })
}

export async function suggest(parts: Parts, what: Target & { query: string }): Promise<SuggestOutcome> {
  const { world } = parts
  const user = actor(world, what.user)
  const spot = spotOf(world, user, what)
  const { block, element } = findElement(spot.blocks, what)
  if (!String(element.type).endsWith('external_select'))
    throw new Error(`${String(element.action_id)} is not an external select`)
  const blockId = String(block.block_id)
  const actionId = String(element.action_id)
  const payload = suggestionPayload(world, { ...spot, user, actionId, blockId, query: what.query })
  const delivery = await parts.dispatcher.deliver({ type: 'interactive', payload, acceptsResponse: true })
  const answer = delivery.acknowledged ? (delivery.payload ?? {}) : {}
  const errors = delivery.acknowledged ? validateSuggestions(answer) : []
  if (errors.length > 0) {
    world.traffic.note(
      {
        direction: 'from-app',
        kind: 'envelope',
        name: 'block_suggestion',
        summary: messagesOf(errors).join(' '),
        request: answer,
      },
      'invalid_options',
    )
    return { delivery, options: [], groups: [] }
  }
  const options = (answer.options as Json[] | undefined) ?? []
  const groups = ((answer.option_groups as Json[] | undefined) ?? []).map((group) => {
    return { label: textIn(group.label), options: group.options as Json[] }
  })
  parts.offered.set(`${spot.key}:${blockId}:${actionId}`, [
    ...options,
    ...groups.flatMap((group) => group.options),
  ])
  return { delivery, options, groups }
}
