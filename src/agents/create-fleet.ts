/** The fleet of qnav.yml: an agent for each host, over SSH or directly. Nothing is connected before it is used. */
import { LocalTransport } from '../local/index.js'
import type { Logger } from '../log.js'
import { PrivateKeys, SshTransport } from '../ssh/index.js'
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
  const ways = new WaysToHosts(log)
  const agents = hosts.map((settings) => {
    const hostLog = log.child({ host: settings.name })
    const transport = ways.to(settings, hostLog)
    return new HostAgent({ settings, transport, log: hostLog, ...(backoff === undefined ? {} : { backoff }) })
  })
  return {
    fleet: fleetOf(agents, options),
    close: async () => {
      await Promise.all(agents.map((agent) => agent.close()))
      await ways.close()
    },
  }
}

type SshConnectionSettings = Extract<HostSettings['connection'], { transport: 'ssh' }>

/** Hosts behind the same host share one connection to it, and keys are decrypted once for all. */
class WaysToHosts {
  readonly #log: Logger
  readonly #privateKeys = new PrivateKeys()
  readonly #jumps = new Map<string, SshTransport>()

  constructor(log: Logger) {
    this.#log = log
  }

  to({ connection }: HostSettings, log: Logger): HostTransport {
    if (connection.transport === 'local') return new LocalTransport()
    const { jump, ...direct } = connection
    const common = { ...direct, log, privateKeys: this.#privateKeys }
    return jump === undefined
      ? new SshTransport(common)
      : new SshTransport({ ...common, jump: this.#through(jump, direct) })
  }

  #through(
    { user, host, port }: { user: string; host: string; port: number },
    behind: Omit<SshConnectionSettings, 'jump'>,
  ): SshTransport {
    const name = `${user}@${host}:${port}`
    const key = JSON.stringify([name, behind.identityFile, behind.knownHosts])
    const known = this.#jumps.get(key)
    if (known !== undefined) return known
    const log = this.#log.child({ jump: name })
    const jump = new SshTransport({ ...behind, user, host, port, log, privateKeys: this.#privateKeys })
    this.#jumps.set(key, jump)
    return jump
  }

  async close(): Promise<void> {
    await Promise.all([...this.#jumps.values()].map((jump) => jump.close()))
  }
}
