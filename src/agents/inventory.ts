/**
 * What is on a host, held here and kept true by libvirt's events, so that reading asks nothing.
 *
 * | what                                  | held, kept true by                           | asked when read       |
 * |---------------------------------------|----------------------------------------------|-----------------------|
 * | VMs: name, uuid, state, reason        | events of VMs                                | –                     |
 * | networks: name, active, bridge, cidr  | events of networks                           | autostart (no event)  |
 * | pools: name, type, path               | events of pools                              | state, room (no event)|
 * | owners of VMs                         | events of VMs; asked for by the first reader | –                     |
 * | addresses, snapshots, disks of a VM   | – (leases and snapshots have no events)      | all                   |
 *
 * What is held is given only while the session it came through is known to live: when nothing was heard through it for two
 * seconds a reader first waits for a sign of life. A new session lists everything again.
 */
import type { NetworkSummary, PoolSummary, VmSummary } from './agent.js'
import type { HostEvent } from './host-events.js'
import { PoolRooms } from './inventory-pools.js'
import type { InventorySession, KnownNetwork, KnownOwner, KnownPool, KnownVm } from './inventory-session.js'
import { InventorySet, type InventoryTimes } from './inventory-set.js'

export interface HostInventoryOptions extends InventoryTimes {
  host: string
  session: InventorySession
  /** Milliseconds for which a session is believed to live after something was heard through it. Default 2000. */
  aliveForMs?: number
  /** How long the list of pools, and then the pools, may hold up a reader; after that it is given what was last known, with
   * its age. Default 3000: a pool that is being refreshed answers when that is over. */
  storageWithinMs?: number
  /** Milliseconds after the opening of a session at which everything is listed again. Default 1 and 5 seconds: a daemon
   * that was just started answers before it has found out which guests died without it, and tells nobody of those. */
  listAgainAfterMs?: readonly number[]
  /** Milliseconds from anywhere, never going back. */
  now?: () => number
  /** Told of questions that failed and that nobody waited for. */
  failed(error: unknown): void
}

const ownersWithinMs = 1000

export class HostInventory {
  readonly #host: string
  readonly #session: InventorySession
  readonly #now: () => number
  readonly #aliveForMs: number
  readonly #listAgainAfterMs: readonly number[]
  readonly #vms: InventorySet<KnownVm>
  readonly #owners: InventorySet<KnownOwner>
  readonly #networks: InventorySet<KnownNetwork>
  readonly #pools: InventorySet<KnownPool>
  readonly #rooms: PoolRooms
  readonly #failed: (error: unknown) => void
  #heardAt = Number.NEGATIVE_INFINITY
  #asking: Promise<void> | undefined
  #lists: NodeJS.Timeout[] = []

  constructor(options: HostInventoryOptions) {
    const { host, session, aliveForMs = 2000, storageWithinMs = 3000, failed } = options
    this.#host = host
    this.#session = session
    this.#failed = failed
    this.#now = options.now ?? (() => performance.now())
    this.#aliveForMs = aliveForMs
    this.#listAgainAfterMs = options.listAgainAfterMs ?? [1000, 5000]
    const heard = <T>(answer: T): T => {
      this.#heard()
      return answer
    }
    this.#vms = new InventorySet<KnownVm>(
      {
        all: async () => heard(await session.vms()),
        some: async (uuids) => heard(await session.vmsOf(uuids)),
        failed,
      },
      options,
    )
    this.#owners = new InventorySet<KnownOwner>(
      { all: () => session.owners(), some: (uuids) => session.ownersOf(uuids), failed, lazy: true },
      options,
    )
    this.#networks = new InventorySet<KnownNetwork>(
      { all: async () => heard(await session.networks()), failed, lazy: true },
      options,
    )
    this.#pools = new InventorySet<KnownPool>({ all: () => session.pools(), failed, lazy: true }, options)
    this.#rooms = new PoolRooms({ host, session, pools: this.#pools, withinMs: storageWithinMs, failed })
  }

  /** A session has just been opened and its events are registered: whatever came before is out of date. */
  opened(): void {
    this.#heard()
    this.#vms.suspectAll()
    this.#owners.suspectAll()
    this.#networks.suspectAll()
    this.#pools.suspectAll()
    this.#cancelLists()
    this.#lists = this.#listAgainAfterMs.map((ms) => setTimeout(() => this.#vms.suspectAll(), ms).unref())
  }

  /** Something happened on the host. */
  heardOf({ kind, uuid }: HostEvent): void {
    this.#heard()
    if (kind === 'vm') this.#owners.suspect(uuid)
    const sets = { vm: this.#vms, pool: this.#pools, network: this.#networks }
    sets[kind].suspect(uuid)
  }

  /** All VMs by name. */
  async vms(): Promise<VmSummary[]> {
    await this.#settled(this.#vms)
    const isCertain = await this.#ownersKnown()
    return this.#vms.sorted.map((vm) => {
      const { owner, lease } = this.#owners.of(vm.uuid) ?? {}
      return {
        ...this.#summaryOf(vm),
        ...(owner === undefined ? {} : { owner }),
        ...(lease === undefined ? {} : { lease }),
        ...(isCertain ? {} : { isOwnerUncertain: true as const }),
      }
    })
  }

  /** The VM of exactly that name. */
  async find(name: string): Promise<VmSummary | undefined> {
    await this.#settled(this.#vms)
    const vm = this.#vms.named(name)
    return vm === undefined ? undefined : this.#summaryOf(vm)
  }

  async networks(): Promise<NetworkSummary[]> {
    await this.#settled(this.#networks)
    const summaries = await Promise.all(
      this.#networks.sorted.map(async (network): Promise<NetworkSummary | undefined> => {
        const autostart = await this.#session.networkAutostart(network)
        if (autostart === undefined) return undefined
        const { name, active, mode, bridge, cidr } = network
        return {
          name,
          active,
          autostart,
          mode,
          ...(bridge === undefined ? {} : { bridge }),
          ...(cidr === undefined ? {} : { cidr }),
        }
      }),
    )
    return summaries.filter((summary) => summary !== undefined)
  }

  /** A pool that does not answer in time holds up nobody; what was last known of it says when that was. Rejects with
   * `timeout` when nothing is known yet. */
  pools(): Promise<PoolSummary[]> {
    return this.#rooms.all()
  }

  /** After a change of our own: readers see it from when this resolves, even if its event comes later. Without a uuid
   * anything may have changed. */
  async changed(uuid?: string): Promise<void> {
    if (uuid === undefined) {
      this.#vms.suspectAll()
      this.#owners.suspectAll()
    } else this.#owners.suspect(uuid)
    await (uuid === undefined ? this.#vms.settle() : this.#vms.lookAgain(uuid))
  }

  close(): void {
    this.#cancelLists()
    for (const set of [this.#vms, this.#owners, this.#networks, this.#pools]) set.close()
  }

  #cancelLists(): void {
    for (const list of this.#lists) clearTimeout(list)
    this.#lists = []
  }

  async #settled(set: InventorySet<KnownVm> | InventorySet<KnownNetwork>): Promise<void> {
    // What has come to this machine and was not yet looked at counts as heard.
    await turnOfTheLoop()
    if (set.isSettled && this.#now() - this.#heardAt > this.#aliveForMs) {
      this.#asking ??= this.#askForLife().finally(() => {
        this.#asking = undefined
      })
      await this.#asking
    }
    await set.settle()
  }

  /** Whose VMs are is good to know in a list, and nothing that it may wait for: a question for each VM can stand behind one
   * whose monitor hangs. */
  async #ownersKnown(): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<false>((resolve) => {
      timer = setTimeout(resolve, ownersWithinMs, false)
    })
    const known = this.#owners.settle().then(
      () => true,
      (error: unknown) => {
        this.#failed(error)
        return false
      },
    )
    try {
      return await Promise.race([known, late])
    } finally {
      clearTimeout(timer)
    }
  }

  async #askForLife(): Promise<void> {
    await this.#session.alive()
    this.#heard()
  }

  #heard(): void {
    this.#heardAt = this.#now()
  }

  #summaryOf({ name, uuid, state, reason }: KnownVm): VmSummary {
    return { name, host: this.#host, uuid, state, ...(reason === undefined ? {} : { reason }) }
  }
}

/** One whole turn, whatever part of it this is called in: two, because the first may be the end of the current one. */
async function turnOfTheLoop(): Promise<void> {
  for (let turns = 0; turns < 2; turns++) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve)
    })
  }
}
