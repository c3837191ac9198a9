/** views.*: modals and the Home tab. */
import { limits, messagesOf, validateView } from '../block-validation/index.js'
import type { Json, SandboxView } from '../protocol.js'
import { wireView } from '../world/wire.js'
import { type Args, activeUser, type Call, type Methods, SlackError } from './method.js'

/** The `view` argument, checked. Pointers in the answer start at `/view`, as Slack's do. */
function definitionOf(args: Args, type: 'modal' | 'home' | 'any'): Json {
  const view = args.json('view', 'invalid_json')
  if (view === undefined) {
    throw new SlackError('invalid_arguments', {
      response_metadata: { messages: ['[ERROR] missing required field: view'] },
    })
  }
  const errors = validateView(view)
  if (errors.some(({ constraint }) => constraint?.type === 'max_bytes'))
    throw new SlackError('view_too_large')
  const wrongType = type !== 'any' && (view as Json).type !== type
  const messages = [
    ...messagesOf(errors, '/view'),
    ...(wrongType ? [`[ERROR] must be a valid enum value (${type}) [json-pointer:/view/type]`] : []),
  ]
  if (messages.length > 0) throw new SlackError('invalid_arguments', { response_metadata: { messages } })
  return view as Json
}

function refuseDuplicateExternalId({ world }: Call, definition: Json, own?: SandboxView): void {
  const externalId = definition.external_id
  if (typeof externalId !== 'string' || externalId === '') return
  const other = world.views.findExternal(externalId)
  if (other !== undefined && other !== own) throw new SlackError('duplicate_external_id')
}

/** Whose trigger it is; it counts as used when the view is shown. */
function triggerOf({ args, backend }: Call): { user: string; exchange: () => void } {
  const id = args.optional('trigger_id') ?? args.required('interactivity_pointer')
  const trigger = backend.triggers.check(id)
  if ('refusal' in trigger) throw new SlackError(trigger.refusal)
  return trigger
}

function refuseStale(view: SandboxView, args: Args): void {
  const hash = args.optional('hash')
  if (hash !== undefined && hash !== view.hash) throw new SlackError('hash_conflict')
}

function open(call: Call): Json {
  const definition = definitionOf(call.args, 'modal')
  const trigger = triggerOf(call)
  refuseDuplicateExternalId(call, definition)
  trigger.exchange()
  return { view: wireView(call.world, call.world.views.open(trigger.user, definition)) }
}

function push(call: Call): Json {
  const definition = definitionOf(call.args, 'modal')
  const trigger = triggerOf(call)
  const depth = call.world.views.modals(trigger.user).length
  if (depth === 0) throw new SlackError('not_found')
  if (depth >= limits.viewStack) throw new SlackError('push_limit_reached')
  refuseDuplicateExternalId(call, definition)
  trigger.exchange()
  return { view: wireView(call.world, call.world.views.push(trigger.user, definition)) }
}

function update(call: Call): Json {
  const { args, world } = call
  const definition = definitionOf(args, 'any')
  const externalId = args.optional('external_id')
  const view =
    externalId === undefined
      ? world.views.find(args.required('view_id'))
      : world.views.findExternal(externalId)
  if (view === undefined) throw new SlackError('not_found')
  refuseStale(view, args)
  refuseDuplicateExternalId(call, definition, view)
  world.views.update(view, definition)
  return { view: wireView(world, view) }
}

function publish(call: Call): Json {
  const { args, world } = call
  const definition = definitionOf(args, 'home')
  const user = activeUser(world, args.required('user_id'))
  const existing = world.views.home(user.id)
  if (existing !== undefined) refuseStale(existing, args)
  refuseDuplicateExternalId(call, definition, existing)
  return { view: wireView(world, world.views.publish(user.id, definition)) }
}

export const views: Methods = {
  'views.open': { run: open },
  'views.push': { run: push },
  'views.update': { run: update },
  'views.publish': { run: publish },
}
