/** Submitting and closing modals. */
import { limits, messagesOf, validateView } from '../block-validation/index.js'
import { closedPayload, submissionPayload } from '../delivery/payloads.js'
import type { Json, SandboxUser, SandboxView, SubmitOutcome } from '../protocol.js'
import type { FieldInput } from '../types.js'
import { clientErrors, fillIn } from './form-values.js'
import { actor, failureNotice, type Parts } from './parts.js'

function openModal(parts: Parts, user: SandboxUser, viewId: string | undefined): SandboxView {
  const stack = parts.world.views.modals(user.id)
  const view = viewId === undefined ? stack.at(-1) : stack.find(({ id }) => id === viewId)
  if (view === undefined)
    throw new Error(`${user.realName} has no open modal${viewId === undefined ? '' : ` ${viewId}`}`)
  return view
}

export async function submit(
  parts: Parts,
  what: { user: string; viewId?: string | undefined; values?: FieldInput | undefined },
): Promise<SubmitOutcome> {
  const { world } = parts
  const user = actor(world, what.user)
  const view = openModal(parts, user, what.viewId)
  fillIn(parts, view, what.values ?? {})
  const missing = clientErrors(view)
  delete view.notice
  world.views.setErrors(view, missing)
  if (Object.keys(missing).length > 0) return { sent: false, errors: missing }
  const payload = submissionPayload(world, { user, view, triggerId: parts.triggers.issue(user.id) })
  const delivery = await parts.dispatcher.deliver({ type: 'interactive', payload, acceptsResponse: true })
  if (!delivery.acknowledged) {
    world.views.setNotice(view, failureNotice(world, delivery.reason))
    return { sent: true, delivery, errors: {} }
  }
  return { sent: true, delivery, errors: obey(parts, view, delivery.payload ?? {}) }
}

/** Does what a `response_action` says; an answer Slack would not take is shown on the modal and in the traffic. */
function obey(parts: Parts, view: SandboxView, answer: Json): Record<string, string> {
  const { views } = parts.world
  const complain = (problem: string): Record<string, string> => {
    parts.world.traffic.note(
      { direction: 'from-app', kind: 'envelope', name: 'view_submission', summary: problem, request: answer },
      'invalid_response',
    )
    views.setNotice(view, `We had some trouble connecting. Try again? (${problem})`)
    return {}
  }
  switch (answer.response_action) {
    case undefined:
      views.close(view)
      return {}
    case 'clear':
      views.close(view, { all: true })
      return {}
    case 'errors': {
      const errors = (answer.errors ?? {}) as Record<string, string>
      const inputs = new Set(
        view.blocks.filter(({ type }) => type === 'input').map((block) => String(block.block_id)),
      )
      const stray = Object.keys(errors).filter((blockId) => !inputs.has(blockId))
      if (stray.length > 0)
        return complain(`errors name ${stray.join(', ')}, which is not the block_id of an input`)
      if (Object.keys(errors).length === 0) return complain('response_action errors without errors')
      views.setErrors(view, errors)
      return errors
    }
    case 'update':
    case 'push': {
      const problems = validateView(answer.view)
      if (problems.length > 0) return complain(messagesOf(problems, '/view').join(' '))
      if (answer.response_action === 'update') views.update(view, answer.view as Json)
      else if (views.modals(view.user).length >= limits.viewStack) return complain('push_limit_reached')
      else views.push(view.user, answer.view as Json)
      return {}
    }
    default:
      return complain(`unknown response_action ${JSON.stringify(answer.response_action)}`)
  }
}

/** Closes a modal; with `clear_on_close` the whole stack. The app hears of those that asked for it. */
export async function closeModal(
  parts: Parts,
  what: { user: string; viewId?: string | undefined },
): Promise<void> {
  const { world } = parts
  const user = actor(world, what.user)
  const view = openModal(parts, user, what.viewId)
  const isCleared = view.clearOnClose
  const closed = world.views.close(view, { all: isCleared })
  const told = closed.filter(({ notifyOnClose }) => notifyOnClose)
  await Promise.all(
    told.map((each) => {
      const payload = closedPayload(world, { user, view: each, isCleared })
      return parts.dispatcher.deliver({ type: 'interactive', payload, acceptsResponse: false })
    }),
  )
}
