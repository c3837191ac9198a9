/** What a click means: a command line, a reason to be asked for, another page. */
import type { Person } from '../jobs/index.js'
import type { Line } from './answering.js'
import type { Trigger } from './modals.js'
import type { ActionPayload } from './payloads.js'
import { denyAction, isRunAction, pageAction } from './views/index.js'

type Click = { key: string; line: Line; trigger: Trigger | undefined } & (
  | { kind: 'run'; isAtHome: boolean }
  | { kind: 'deny'; job: string }
  | { kind: 'page'; page: number }
)

/** What was clicked, when it is a button of ours. */
export function clickOf(payload: ActionPayload, delivery: string | undefined): Click | undefined {
  const { user, channel, container, view, trigger_id, response_url, actions } = payload
  const [action] = actions
  // What is clicked outside of any channel belongs to the conversation with that person.
  const where = channel?.id ?? container?.channel_id ?? (view === undefined ? undefined : user.id)
  if (action?.value === undefined || where === undefined) return undefined
  const { action_id, value } = action
  const key = [user.id, where, container?.message_ts ?? view?.id, action_id, value].join(' ')
  const decided = /^job (?:approve|deny|cancel) (\S+)$/.exec(value)?.[1]
  const isInModal = view?.type === 'modal'
  const trigger = trigger_id === undefined ? undefined : { id: trigger_id, isInModal }
  const line: Line = {
    text: value,
    person: aPerson(user.id, user.username ?? user.name),
    channel: where,
    thread: container?.thread_ts,
    responseUrl: response_url,
    delivery,
    // Cards show decisions to everybody.
    isPrivate: decided !== undefined,
    job: decided,
    ...(isInModal ? { modal: view.id } : {}),
  }
  if (action_id.startsWith(pageAction)) return { kind: 'page', key, line, trigger, page: Number(value) || 0 }
  if (action_id === denyAction)
    return { kind: 'deny', key, line: { ...line, isPrivate: true, job: value }, trigger, job: value }
  return isRunAction(action_id)
    ? { kind: 'run', key, line, trigger, isAtHome: view?.type === 'home' }
    : undefined
}

export function aPerson(id: string, name: string | undefined): Person {
  return name === undefined ? { id } : { id, name }
}

export function deliveryOf(context: { [key: string]: unknown }): string | undefined {
  const { deliveryId } = context
  return typeof deliveryId === 'string' ? deliveryId : undefined
}
