/** The questions by which an inventory is kept, asked of libvirt. Those about storage have sessions of their own: a pool on
 * a dead file server answers nobody, and libvirt's list of pools waits for it. */
import {
  type Connection,
  domainOf,
  domainState,
  enums,
  isNotFound,
  listDomains,
  listNetworks,
  listPools,
  type PoolState,
  procedures,
} from '../libvirt/index.js'
import type { Lease, VmState } from './agent.js'
import { readOwnership } from './vm-ownership.js'

export interface KnownVm {
  name: string
  uuid: string
  state: VmState
  reason: string | undefined
}

export interface KnownOwner {
  name: string
  uuid: string
  /** undefined for nobody's. */
  owner: string | undefined
  lease?: Lease
}

export interface KnownNetwork {
  name: string
  uuid: string
  active: boolean
  bridge: string | undefined
  mode: string
  cidr: string | undefined
}

export interface KnownPool {
  name: string
  uuid: string
  type: string
  path: string | undefined
}

/** Bytes. */
export interface PoolRoom {
  state: PoolState
  capacity: number
  available: number
}

export interface InventorySession {
  /** Resolves when the daemon answers. All events that it sent before have come by then. */
  alive(): Promise<void>
  vms(): Promise<KnownVm[]>
  /** Those of them that exist. */
  vmsOf(uuids: readonly string[]): Promise<KnownVm[]>
  /** One question for each VM. */
  owners(): Promise<KnownOwner[]>
  ownersOf(uuids: readonly string[]): Promise<KnownOwner[]>
  networks(): Promise<KnownNetwork[]>
  /** undefined when there is no such network any more. */
  networkAutostart(network: KnownNetwork): Promise<boolean | undefined>
  /** May wait as long as the slowest pool does. */
  pools(): Promise<KnownPool[]>
  /** undefined when there is no such pool any more. May wait as long as the pool does. */
  poolRoom(pool: KnownPool): Promise<PoolRoom | undefined>
}

/** Milliseconds. A session that is this late is as good as gone. */
const answerWithin = { timeoutMs: 5000 }
/** A question to a stuck pool keeps its place in the session until libvirt answers; giving up earlier frees nothing. */
const storageWithin = { timeoutMs: 10 * 60_000 }

export function inventorySession(link: {
  quick(): Promise<Connection>
  storage(): Promise<Connection>
  volumes(): Promise<Connection>
}): InventorySession {
  return {
    async alive() {
      await (await link.quick()).call(procedures.connectGetLibVersion, undefined, answerWithin)
    },
    async vms() {
      return listDomains(await link.quick(), answerWithin)
    },
    async vmsOf(uuids) {
      const libvirt = await link.quick()
      const found = await Promise.all(uuids.map((uuid) => unlessGone(vmOf(libvirt, uuid))))
      return found.filter((vm) => vm !== undefined)
    },
    async owners() {
      const libvirt = await link.quick()
      const vms = await listDomains(libvirt, answerWithin)
      const owners = await Promise.all(vms.map(({ name, uuid }) => unlessGone(ownerOf(libvirt, name, uuid))))
      return owners.filter((owner) => owner !== undefined)
    },
    async ownersOf(uuids) {
      const libvirt = await link.quick()
      const owners = await Promise.all(uuids.map((uuid) => unlessGone(ownerOf(libvirt, uuid, uuid))))
      return owners.filter((owner) => owner !== undefined)
    },
    async networks() {
      return allAtOnce(async () => listNetworks(await link.quick(), answerWithin))
    },
    async networkAutostart({ name, uuid }) {
      const libvirt = await link.quick()
      const net = { name, uuid }
      const answer = await unlessGone(libvirt.call(procedures.networkGetAutostart, { net }, answerWithin))
      return answer === undefined ? undefined : answer.autostart === 1
    },
    async pools() {
      return allAtOnce(async () => listPools(await link.volumes(), storageWithin))
    },
    async poolRoom({ name, uuid }) {
      const libvirt = await link.storage()
      const pool = { name, uuid }
      const room = await unlessGone(libvirt.call(procedures.storagePoolGetInfo, { pool }, storageWithin))
      return room === undefined ? undefined : { ...room, state: poolStateOf(room.state) }
    },
  }
}

/** Both are answered by workers that libvirt keeps for what asks no monitor, so that a busy host does not delay them. */
async function vmOf(libvirt: Connection, uuid: string): Promise<KnownVm> {
  const [{ dom }, { state, reason }] = await Promise.all([
    libvirt.call(procedures.domainLookupByUuid, { uuid: domainOf(uuid).uuid }, answerWithin),
    domainState(libvirt, uuid, answerWithin),
  ])
  return { name: dom.name, uuid, state, reason }
}

async function ownerOf(libvirt: Connection, name: string, uuid: string): Promise<KnownOwner> {
  const ownership = await readOwnership(libvirt, uuid, answerWithin)
  const { owner, lease } = ownership ?? {}
  return { name, uuid, owner, ...(lease === undefined ? {} : { lease }) }
}

const poolStateWords: Record<number, PoolState> = {
  [enums.StoragePoolState.INACTIVE]: 'inactive',
  [enums.StoragePoolState.BUILDING]: 'building',
  [enums.StoragePoolState.RUNNING]: 'running',
  [enums.StoragePoolState.DEGRADED]: 'degraded',
  [enums.StoragePoolState.INACCESSIBLE]: 'inaccessible',
}

function poolStateOf(state: number): PoolState {
  return poolStateWords[state] ?? 'inactive'
}

async function unlessGone<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

/** These lists take several questions; what went between them ends the list, and the next one is without it. */
async function allAtOnce<T>(list: () => Promise<T>): Promise<T> {
  for (let left = 5; ; left--) {
    try {
      return await list()
    } catch (error) {
      if (left === 0 || !isNotFound(error)) throw error
    }
  }
}
