/** The answer of `GET /_control/state`: everything, or what one person sees. */
import type { SandboxState } from '../protocol.js'
import { app } from '../workspace.js'
import type { Parts } from './parts.js'

/** Messages of a channel that the page gets; older ones stay on the server. */
const shownMessages = 300
const shownTraffic = 150

export function stateFor({ world, socketMode }: Parts, user: string | undefined): SandboxState {
  const mine = <T>(values: Record<string, T>): Record<string, T> => {
    return user === undefined
      ? values
      : Object.fromEntries(Object.entries(values).filter(([owner]) => owner === user))
  }
  const channels = world.channels.filter(({ members }) => user === undefined || members.includes(user))
  const traffic = world.traffic.all()
  return structuredClone({
    revision: world.revision,
    now: world.clock.now(),
    team: { id: world.team.id, name: world.team.name },
    app: { id: app.id, name: world.botName, botUserId: app.botUserId, botId: app.botId },
    connections: socketMode.connections,
    commands: world.manifest.features.slash_commands ?? [],
    shortcuts: world.manifest.features.shortcuts ?? [],
    users: world.users,
    userGroups: world.userGroups,
    channels,
    messages: Object.fromEntries(
      channels.map(({ id }) => [
        id,
        user === undefined ? world.messages(id) : world.messages(id).slice(-shownMessages),
      ]),
    ),
    ephemerals: user === undefined ? world.allEphemerals() : world.ephemeralsOf(user).slice(-shownMessages),
    modals: mine(world.views.allModals()),
    homes: mine(world.views.allHomes()),
    // The page asks for the contents of an exchange when somebody looks at it.
    traffic:
      user === undefined
        ? traffic
        : traffic.slice(-shownTraffic).map(({ request: _request, response: _response, ...entry }) => entry),
  })
}
