/** Domains: listing, looking up, power, definition. A domain is named by its uuid. */
import type { CallOptions, Connection } from './connection.js'
import { DomainMetadataType, DomainModificationImpact, DomainStatsTypes } from './enums.js'
import { isNotFound } from './errors.js'
import { procedures } from './procedures/index.js'
import { domainOf, type TypedValue } from './types.js'

/** virDomainState, in virsh's words. */
export const domainStates = [
  'no state',
  'running',
  'blocked',
  'paused',
  'shutting down',
  'shut off',
  'crashed',
  'suspended',
] as const
export type DomainState = (typeof domainStates)[number]

const pausedReasons = [
  undefined,
  'by the user',
  'migrating',
  'saving',
  'dumping',
  'I/O error',
  'watchdog',
  'from snapshot',
  'shutting down',
  'taking a snapshot',
  'crashed',
  'starting up',
  'post-copy migration',
  'post-copy migration failed',
]
const shutOffReasons = [
  undefined,
  'shut down',
  'destroyed',
  'crashed',
  'migrated',
  'saved',
  'failed to start',
  'from snapshot',
  'host daemon',
]
const runningReasons = [
  undefined,
  'booted',
  'migrated',
  'restored',
  'from snapshot',
  'unpaused',
  'migration cancelled',
  'save cancelled',
  'woken up',
  'crashed',
  'post-copy',
  'post-copy failed',
]

export interface DomainListing {
  name: string
  uuid: string
  state: DomainState
  /** Absent where libvirt gives none. */
  reason: string | undefined
}

export function stateOf(state: number, reason: number): { state: DomainState; reason: string | undefined } {
  const name = domainStates[state] ?? 'no state'
  const reasons = { running: runningReasons, paused: pausedReasons, 'shut off': shutOffReasons }[
    name as string
  ]
  return { state: name, reason: reasons?.[reason] }
}

/** Skip what would have to wait for a busy domain: one stuck monitor must not hold up the list. */
const noWait = 1 << 29

/** Every domain with its state, in one call that asks no monitor and no guest (0.4 ms for five, 1.5 ms for 200). */
export async function listDomains(connection: Connection, options?: CallOptions): Promise<DomainListing[]> {
  const { retStats } = await connection.call(
    procedures.connectGetAllDomainStats,
    { doms: [], stats: DomainStatsTypes.STATE, flags: noWait },
    options,
  )
  return retStats.map(({ dom: { name, uuid }, params }) => {
    const [state, reason] = params
    return { name, uuid, ...stateOf(Number(state?.value ?? 0), Number(reason?.value ?? 0)) }
  })
}

/** Statistics of one domain by libvirt's field names, e.g. `balloon.current` (KiB). `groups` are {@link DomainStatsTypes} bits. */
export async function domainStats(
  connection: Connection,
  uuid: string,
  groups: number,
  options?: CallOptions,
): Promise<Record<string, TypedValue>> {
  const { retStats } = await connection.call(
    procedures.connectGetAllDomainStats,
    { doms: [domainOf(uuid)], stats: groups, flags: noWait },
    options,
  )
  return Object.fromEntries((retStats[0]?.params ?? []).map(({ field, value }) => [field, value]))
}

/** The domain of exactly that name. */
export async function findDomain(
  connection: Connection,
  name: string,
  options?: CallOptions,
): Promise<{ name: string; uuid: string } | undefined> {
  try {
    const { dom } = await connection.call(procedures.domainLookupByName, { name }, options)
    return { name: dom.name, uuid: dom.uuid }
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

export async function domainState(connection: Connection, uuid: string, options?: CallOptions) {
  const { state, reason } = await connection.call(
    procedures.domainGetState,
    { dom: domainOf(uuid), flags: 0 },
    options,
  )
  return stateOf(state, reason)
}

/** VIR_DOMAIN_XML_*: `inactive` is what the next start will use. */
export async function domainXml(
  connection: Connection,
  uuid: string,
  { inactive = false, ...options }: CallOptions & { inactive?: boolean } = {},
): Promise<string> {
  const { xml } = await connection.call(
    procedures.domainGetXmlDesc,
    { dom: domainOf(uuid), flags: inactive ? 2 : 0 },
    options,
  )
  return xml
}

export async function isPersistent(
  connection: Connection,
  uuid: string,
  options?: CallOptions,
): Promise<boolean> {
  return (
    (await connection.call(procedures.domainIsPersistent, { dom: domainOf(uuid) }, options)).persistent === 1
  )
}

export async function hasAutostart(
  connection: Connection,
  uuid: string,
  options?: CallOptions,
): Promise<boolean> {
  return (
    (await connection.call(procedures.domainGetAutostart, { dom: domainOf(uuid) }, options)).autostart === 1
  )
}

/** Defines a domain from XML; libvirt checks it against its schema. */
export async function defineDomain(
  connection: Connection,
  xml: string,
  options?: CallOptions,
): Promise<{ name: string; uuid: string }> {
  const { dom } = await connection.call(procedures.domainDefineXmlFlags, { xml, flags: 1 }, options)
  return { name: dom.name, uuid: dom.uuid }
}

/** Starts a domain that is shut off. Rejects with kind `invalid-state` when it runs. */
export async function startDomain(
  connection: Connection,
  uuid: string,
  options?: CallOptions,
): Promise<void> {
  await connection.call(procedures.domainCreateWithFlags, { dom: domainOf(uuid), flags: 0 }, options)
}

/** Continues a paused domain. */
export async function resumeDomain(
  connection: Connection,
  uuid: string,
  options?: CallOptions,
): Promise<void> {
  await connection.call(procedures.domainResume, { dom: domainOf(uuid) }, options)
}

/** Asks the guest to shut down (ACPI, or its agent); returns at once, whether the guest obeys or not. */
export async function shutDownDomain(
  connection: Connection,
  uuid: string,
  options?: CallOptions,
): Promise<void> {
  await connection.call(procedures.domainShutdownFlags, { dom: domainOf(uuid), flags: 0 }, options)
}

/** Asks the guest to reboot; returns at once. */
export async function rebootDomain(
  connection: Connection,
  uuid: string,
  options?: CallOptions,
): Promise<void> {
  await connection.call(procedures.domainReboot, { dom: domainOf(uuid), flags: 0 }, options)
}

/** Pulls the plug. */
export async function destroyDomain(
  connection: Connection,
  uuid: string,
  options?: CallOptions,
): Promise<void> {
  await connection.call(procedures.domainDestroyFlags, { dom: domainOf(uuid), flags: 0 }, options)
}

/** MANAGED_SAVE | SNAPSHOTS_METADATA | NVRAM | CHECKPOINTS_METADATA: what else stands in the way of undefining. */
const undefineAll = 1 | 2 | 4 | 16

/** Removes the definition with saved state, snapshot metadata and NVRAM. Volumes stay. */
export async function undefineDomain(
  connection: Connection,
  uuid: string,
  options?: CallOptions,
): Promise<void> {
  await connection.call(procedures.domainUndefineFlags, { dom: domainOf(uuid), flags: undefineAll }, options)
}

/** Where addresses come from (virDomainInterfaceAddressesSource). */
export const AddressSource = { lease: 0, agent: 1 } as const

/** Addresses per interface, with the MAC. From the `agent` it may take as long as the guest does: give a timeout. */
export async function interfaceAddresses(
  connection: Connection,
  uuid: string,
  source: keyof typeof AddressSource,
  options?: CallOptions,
): Promise<{ mac: string | undefined; address: string; prefix: number }[]> {
  const { ifaces } = await connection.call(
    procedures.domainInterfaceAddresses,
    { dom: domainOf(uuid), source: AddressSource[source], flags: 0 },
    options,
  )
  return ifaces.flatMap(({ hwaddr, addrs }) =>
    addrs.map(({ addr, prefix }) => ({ mac: hwaddr, address: addr, prefix })),
  )
}

/** The metadata element of a namespace, or undefined when the domain has none. */
export async function domainMetadata(
  connection: Connection,
  uuid: string,
  namespace: string,
  options?: CallOptions,
): Promise<string | undefined> {
  try {
    const args = { dom: domainOf(uuid), type: 2, uri: namespace, flags: 0 }
    return (await connection.call(procedures.domainGetMetadata, args, options)).metadata
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

/** Sets the metadata element of a namespace, or removes it. `element` is one XML element without prefixes: libvirt puts
 * the namespace, with `prefix`, around it. Both the definition and the running domain have it afterwards, as far as there
 * is each. Source: virDomainSetMetadata. */
export async function setDomainMetadata(
  connection: Connection,
  uuid: string,
  { namespace, prefix, element }: { namespace: string; prefix: string; element: string | undefined },
  options?: CallOptions,
): Promise<void> {
  const dom = domainOf(uuid)
  const [{ active }, persistent] = await Promise.all([
    connection.call(procedures.domainIsActive, { dom }, options),
    isPersistent(connection, uuid, options),
  ])
  const { LIVE, CONFIG, CURRENT } = DomainModificationImpact
  const flags = (active === 1 ? LIVE : CURRENT) | (persistent ? CONFIG : CURRENT)
  const args = {
    dom,
    type: DomainMetadataType.ELEMENT,
    metadata: element,
    key: prefix,
    uri: namespace,
    flags,
  }
  await connection.call(procedures.domainSetMetadata, args, options)
}
