/** Virtual networks. */
import type { CallOptions, Connection } from './connection.js'
import { type NetworkDescription, readNetworkXml } from './network-xml.js'
import { procedures } from './procedures/index.js'

export interface NetworkListing extends NetworkDescription {
  active: boolean
  autostart: boolean
}

/** All networks, active or not. */
export async function listNetworks(connection: Connection, options?: CallOptions): Promise<NetworkListing[]> {
  const { nets } = await connection.call(
    procedures.connectListAllNetworks,
    { needResults: 1, flags: 0 },
    options,
  )
  return Promise.all(
    nets.map(async (net) => {
      const [{ xml }, { active }, { autostart }] = await Promise.all([
        connection.call(procedures.networkGetXmlDesc, { net, flags: 0 }, options),
        connection.call(procedures.networkIsActive, { net }, options),
        connection.call(procedures.networkGetAutostart, { net }, options),
      ])
      return { ...readNetworkXml(xml), active: active === 1, autostart: autostart === 1 }
    }),
  )
}
