/** The host itself. */
import type { CallOptions, Connection } from './connection.js'
import { procedures } from './procedures/index.js'

export interface HostListing {
  hostname: string
  /** e.g. "9.0.0". */
  libvirtVersion: string
  hypervisorVersion: string
  /** Architecture, as libvirt says it: "x86_64". */
  architecture: string
  cpus: number
  /** KiB. */
  memoryKiB: number
  /** Bytes without caches; what guests can get without swapping is more. */
  freeMemoryBytes: number
}

export async function describeHost(connection: Connection, options?: CallOptions): Promise<HostListing> {
  const [{ hostname }, { libVer }, { hvVer }, node, { freeMem }] = await Promise.all([
    connection.call(procedures.connectGetHostname, undefined, options),
    connection.call(procedures.connectGetLibVersion, undefined, options),
    connection.call(procedures.connectGetVersion, undefined, options),
    connection.call(procedures.nodeGetInfo, undefined, options),
    connection.call(procedures.nodeGetFreeMemory, undefined, options),
  ])
  return {
    hostname,
    libvirtVersion: showVersion(libVer),
    hypervisorVersion: showVersion(hvVer),
    architecture: node.model,
    cpus: node.cpus,
    memoryKiB: node.memory,
    freeMemoryBytes: freeMem,
  }
}

/** Capabilities XML of the host: CPU, and which guest types it can run. */
export async function hostCapabilities(connection: Connection, options?: CallOptions): Promise<string> {
  return (await connection.call(procedures.connectGetCapabilities, undefined, options)).capabilities
}

/** libvirt packs a version as major * 1,000,000 + minor * 1,000 + release. */
function showVersion(packed: number): string {
  return `${Math.floor(packed / 1_000_000)}.${Math.floor(packed / 1000) % 1000}.${packed % 1000}`
}
