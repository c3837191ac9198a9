/** Where an element is used: a message, an ephemeral message, or a view. */
import type {
  Json,
  Place,
  SandboxChannel,
  SandboxEphemeral,
  SandboxMessage,
  SandboxUser,
  SandboxView,
  ViewValues,
} from '../protocol.js'
import { valuesOf } from '../world/views.js'
import type { World } from '../world/world.js'
import { channelFor } from './parts.js'

export type Spot =
  | { kind: 'view'; key: string; blocks: Json[]; view: SandboxView }
  | {
      kind: 'message'
      key: string
      blocks: Json[]
      channel: SandboxChannel
      message: SandboxMessage | SandboxEphemeral
      ephemeral: boolean
      values: ViewValues
    }

/** @throws Error when the person cannot see such a message or view. */
export function spotOf(world: World, user: SandboxUser, place: Place): Spot {
  if ('viewId' in place) {
    const view = world.views.find(place.viewId)
    if (view === undefined || view.user !== user.id)
      throw new Error(`${user.realName} has no open view ${place.viewId}`)
    return { kind: 'view', key: view.id, blocks: view.blocks, view }
  }
  const channel = channelFor(world, user, place.channel)
  const message = world.message(channel.id, place.ts)
  const ephemeral = world.ephemeralsOf(user.id, channel.id).find(({ ts }) => ts === place.ts)
  const shown = message ?? ephemeral
  if (shown === undefined) throw new Error(`${user.realName} sees no message ${place.ts} in ${channel.id}`)
  const blocks = shown.blocks ?? []
  const key = `${channel.id}:${shown.ts}:${user.id}`
  const values = valuesOf(blocks, world.messageValues.get(key) ?? {})
  world.messageValues.set(key, values)
  return { kind: 'message', key, blocks, channel, message: shown, ephemeral: message === undefined, values }
}
