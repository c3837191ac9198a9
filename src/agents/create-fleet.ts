/** The fleet of qnav.yml: an agent for each host, over SSH or directly. Nothing is connected before it is used. */
import { LocalTransport } from '../local/index.js'
import type { Logger } from '../log.js'
import { SshTransport } from '../ssh/index.js'
import type { Fleet } from './agent.js'
import type { BackoffOptions } from './backoff.js'
import { type FleetOptions, fleetOf } from './fleet.js'
import { HostAgent } from './host-agent.js'
import type { HostSettings } from './host-settings.js'
import type { HostTransport } from './transport.js'

export interface CreateFleetOptions extends FleetOptions {
  /** In the order in which they are to be shown. */
  hosts: readonly HostSettings[]
  log: Logger
  /** For reconnecting in the background. */
  backoff?: BackoffOptions
}

export function createFleet({ hosts, log, backoff, ...options }: CreateFleetOptions): {
  fleet: Fleet
  /** Ends all connections. */
  close(): Promise<void>
} {
  const agents = hosts.map((settings) => {
    const hostLog = log.child({ host: settings.name })
    const transport = transportTo(settings, hostLog)
    return new HostAgent({ settings, transport, log: hostLog, ...(backoff === undefined ? {} : { backoff }) })
  })
  return {
    fleet: fleetOf(agents, options),
    close: async () => {
      await Promise.all(agents.map((agent) => agent.close()))
    },
  }
}

function transportTo({ connection }: HostSettings, log: Logger): HostTransport {
  return connection.transport === 'local' ? new LocalTransport() : new SshTransport({ ...connection, log })
}
