/** What the actions of people need from the rest of the sandbox. */
import type { Dispatcher } from '../delivery/dispatcher.js'
import type { SocketMode } from '../delivery/socket-mode.js'
import type { Json, SandboxChannel, SandboxUser } from '../protocol.js'
import type { Faults } from '../world/faults.js'
import type { ResponseUrls } from '../world/response-urls.js'
import type { Triggers } from '../world/triggers.js'
import type { World } from '../world/world.js'

export interface Parts {
  world: World
  faults: Faults
  triggers: Triggers
  responseUrls: ResponseUrls
  dispatcher: Dispatcher
  socketMode: SocketMode
  /** What external selects offered last, by view or message, block_id and action_id. */
  offered: Map<string, Json[]>
}

/** @throws Error for somebody who does not exist or was deactivated. */
export function actor(world: World, id: string): SandboxUser {
  const user = world.user(id)
  if (user === undefined)
    throw new Error(`nobody has the id ${id}; there are ${world.users.map((each) => each.id).join(', ')}`)
  if (user.deleted) throw new Error(`${user.realName} (${id}) is deactivated and cannot do anything`)
  return user
}

/** @throws Error when the channel does not exist or the person is not in it. */
export function channelFor(world: World, user: SandboxUser, id: string): SandboxChannel {
  const channel = world.channel(id)
  if (channel === undefined) throw new Error(`no channel has the id ${id}`)
  if (!channel.members.includes(user.id))
    throw new Error(`${user.realName} is not in #${channel.name} (${id})`)
  return channel
}

/** What Slack tells a person when the app failed to answer. */
export function failureNotice(world: World, reason: string): string {
  return `${world.botName} did not respond (${reason})`
}
