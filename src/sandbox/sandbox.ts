/** Puts the parts of a sandbox together. */
import { wallClock } from './clock.js'
import { createControl } from './control/control.js'
import { Dispatcher } from './delivery/dispatcher.js'
import { HttpMode } from './delivery/http-mode.js'
import { SocketMode } from './delivery/socket-mode.js'
import { SandboxServer } from './server/server.js'
import type { Sandbox, SandboxOptions } from './types.js'
import { WebApi } from './web-api/web-api.js'
import { appToken, botToken, defaultManifest, defaultWorkspace, signingSecret } from './workspace.js'
import { Faults } from './world/faults.js'
import { ResponseUrls } from './world/response-urls.js'
import { Triggers } from './world/triggers.js'
import { World } from './world/world.js'

/**
 * Starts a local Slack on 127.0.0.1.
 * @throws Error with code EADDRINUSE when the port is taken.
 */
export async function startSandbox({
  port,
  workspace = defaultWorkspace(),
  manifest = defaultManifest(),
  clock = wallClock(),
  random = Math.random,
  requestUrl,
}: SandboxOptions): Promise<Sandbox> {
  const world = new World({ workspace, manifest, clock })
  const faults = new Faults()
  const triggers = new Triggers({ clock, faults })
  const responseUrls = new ResponseUrls(world)
  const socketMode = new SocketMode({ world, faults, random })
  let deliveryUrl = requestUrl
  const httpMode = new HttpMode({ world, faults, requestUrl: () => deliveryUrl ?? '' })
  const dispatcher = new Dispatcher({
    world,
    carrier: () => (deliveryUrl === undefined ? socketMode : httpMode),
  })
  let url = ''
  const webApi = new WebApi(
    {
      world,
      triggers,
      baseUrl: () => url,
      openSocket: () => `${url.replace('http', 'ws')}link?ticket=${socketMode.issueTicket()}`,
    },
    faults,
  )

  let isOut = false
  const endOutage = () => {
    isOut = false
  }
  const control = createControl(
    { world, faults, triggers, responseUrls, dispatcher, socketMode, offered: new Map() },
    {
      setRequestUrl: (next) => {
        deliveryUrl = next
      },
      outage: (durationMs) => {
        isOut = true
        socketMode.cut()
        if (durationMs !== undefined) clock.after(durationMs, endOutage)
        return endOutage
      },
      endOutage,
    },
  )
  for (const { id, isBot, deleted } of world.users) if (!isBot && !deleted) world.directMessage(id)

  const server = new SandboxServer({ world, webApi, responseUrls, socketMode, control, isOut: () => isOut })
  url = await server.listen(port)
  responseUrls.baseUrl = url

  return {
    url,
    apiUrl: `${url}api/`,
    botToken,
    appToken,
    signingSecret,
    control,
    async stop() {
      dispatcher.stop()
      socketMode.close()
      await server.close()
    },
  }
}
