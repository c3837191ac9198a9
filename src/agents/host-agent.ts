/** One host with all its verbs: each verb lives in the file about its object, this ties them to the host. */
import type { ErrorNote } from '../errors.js'
import { accountPrefix, createKcli, type Kcli } from '../kcli/index.js'
import { refreshPool } from '../libvirt/index.js'
import type { Logger } from '../log.js'
import type { Finding } from '../report/index.js'
import type {
  Agent,
  Capacity,
  DeletionPlan,
  FoundVm,
  HostDetail,
  HostRoom,
  HostSummary,
  ImageSummary,
  NetworkSummary,
  Ownership,
  PoolSummary,
  SnapshotSummary,
  VmDetail,
  VmHolding,
  VmImpact,
  VmSpec,
  VmState,
  VmSummary,
  WorkControl,
} from './agent.js'
import type { BackoffOptions } from './backoff.js'
import { GuestAgents } from './guest-agents.js'
import { findingsOf } from './host-check.js'
import type { HostContext } from './host-context.js'
import { HostEvents } from './host-events.js'
import { readHostFacts } from './host-facts.js'
import { HostLink } from './host-link.js'
import {
  addressOf,
  hypervisorName,
  measured,
  readCapacity,
  readHypervisor,
  summarizeHost,
  usableVirtType,
} from './host-reading.js'
import { roomOf } from './host-room.js'
import { type HostSettings, readOnlyHost } from './host-settings.js'
import { describeNetworks, describePools, filesInTheWay, listImages } from './host-storage.js'
import { HostInventory } from './inventory.js'
import { inventorySession } from './inventory-session.js'
import { MutationLock } from './mutation-lock.js'
import { PoolRefresher } from './pool-refresher.js'
import { createRuns, type Runs } from './run-directory.js'
import type { HostTransport } from './transport.js'
import { createVm } from './vm-creation.js'
import { deletePlanned, planDeletion } from './vm-deletion.js'
import { readHoldings } from './vm-holdings.js'
import { impactOfVm } from './vm-impact.js'
import { ownershipOfVm, setVmOwnership } from './vm-ownership.js'
import { powerOffVm, rebootVm, shutDownVm, startVm } from './vm-power.js'
import { addressesOfVm, describeVm, findVm, listVms } from './vm-reading.js'
import { screenshotOfVm } from './vm-screenshot.js'
import { createVmSnapshot, deleteVmSnapshot, listVmSnapshots, revertVmSnapshot } from './vm-snapshots.js'
import { VolumeQuestions } from './volume-questions.js'

export interface HostAgentParts {
  settings: HostSettings
  transport: HostTransport
  log: Logger
  backoff?: BackoffOptions
}

/** A pool on a dead file server hangs in the host's kernel; after this the refresh counts as lost. */
const refreshWithinMs = 10 * 60_000

export class HostAgent implements Agent {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly defaults: Readonly<{ pool: string; network: string }>
  readonly changesRefused?: Readonly<ErrorNote>
  readonly #context: HostContext
  readonly #kcli: Kcli
  readonly #runs: Runs

  constructor({ settings, transport, log, backoff }: HostAgentParts) {
    this.name = settings.name
    this.labels = settings.labels
    if (settings.libvirt.readOnly) this.changesRefused = readOnlyHost(settings.name)
    this.defaults = { pool: settings.pool, network: settings.network }
    const events = new HostEvents()
    const link: HostLink = new HostLink({
      settings,
      transport,
      log,
      onQuickOpen: async (connection) => {
        await events.subscribe(connection)
        inventory.opened()
      },
      ...(backoff === undefined ? {} : { backoff }),
    })
    const inventory = new HostInventory({
      host: settings.name,
      session: inventorySession(link),
      failed: (error) => log.debug({ err: error }, 'the inventory could not be brought up to date yet'),
    })
    events.onAny((event) => inventory.heardOf(event))
    this.#context = {
      settings,
      link,
      events,
      inventory,
      guests: new GuestAgents(() => link.guest()),
      pools: new PoolRefresher(async (pool) => {
        // A refresh counts as a change; what libvirt knows of the files is shown.
        if (!settings.libvirt.readOnly)
          await refreshPool(await link.slow(), pool, { timeoutMs: refreshWithinMs })
      }, log),
      volumes: new VolumeQuestions(() => link.volumes()),
      mutations: new MutationLock(),
      log,
    }
    const { runDirectory, kcli } = settings
    this.#runs = createRuns({
      transport,
      as: accountPrefix(kcli),
      ...(runDirectory === undefined ? {} : { directory: runDirectory }),
    })
    this.#kcli = createKcli({
      host: settings.name,
      settings: kcli,
      exec: (argv, options) => transport.exec(argv, options),
      runs: this.#runs,
    })
  }

  async close(): Promise<void> {
    this.#context.inventory.close()
    await this.#context.link.close()
  }

  onChange(listener: () => void): () => void {
    return this.#context.events.onAny(() => listener())
  }

  summary(): Promise<HostSummary> {
    return summarizeHost(this.#context)
  }

  async detail(): Promise<HostDetail> {
    const { settings, link } = this.#context
    const [summary, host, facts, pools, networks, kcli] = await Promise.all([
      this.summary(),
      readHypervisor(this.#context),
      readHostFacts(link.transport),
      this.pools(),
      this.networks(),
      measured(this.#kcli.probe()),
    ])
    return {
      ...summary,
      hostname: host.hostname,
      ...addressOf(settings),
      libvirtVersion: host.libvirtVersion,
      hypervisorVersion: hypervisorName(settings, host),
      cpuModel: facts.cpuModel,
      cpus: facts.cpus,
      memoryMiB: facts.totalMemoryMiB,
      freeMemoryMiB: facts.availableMemoryMiB,
      virtType: await usableVirtType(this.#context, facts),
      ...('value' in kcli ? { kcliVersion: kcli.value.version } : {}),
      pools,
      networks,
    }
  }

  async check(): Promise<Finding[]> {
    const { settings, link } = this.#context
    const [facts, host, pools, networks, kcli] = await Promise.all([
      measured(readHostFacts(link.transport)),
      measured(readHypervisor(this.#context)),
      measured(this.pools()),
      measured(this.networks()),
      measured(this.#kcli.probe()),
    ])
    const libvirt =
      'value' in host
        ? { value: { version: host.value.libvirtVersion, hypervisor: hypervisorName(settings, host.value) } }
        : host
    return findingsOf({ host: this.name, facts, libvirt, pools, networks, kcli, defaults: settings })
  }

  capacity(): Promise<Capacity> {
    return readCapacity(this.#context)
  }

  async room(): Promise<HostRoom> {
    const [capacity, pools] = await Promise.all([this.capacity(), this.pools()])
    return roomOf(capacity, pools)
  }

  vms(): Promise<VmSummary[]> {
    return listVms(this.#context)
  }

  holdings(): Promise<VmHolding[]> {
    return readHoldings(this.#context)
  }

  find(name: string): Promise<FoundVm | undefined> {
    return findVm(this.#context, name)
  }

  detailOf(vm: FoundVm): Promise<VmDetail> {
    return describeVm(this.#context, vm)
  }

  ownershipOf(vm: FoundVm): Promise<Ownership | undefined> {
    return ownershipOfVm(this.#context, vm)
  }

  setOwnership(vm: FoundVm, ownership: Ownership): Promise<void> {
    return setVmOwnership(this.#context, vm, ownership)
  }

  addressesOf(vm: FoundVm): Promise<string[]> {
    return addressesOfVm(this.#context, vm)
  }

  images(): Promise<ImageSummary[]> {
    return listImages(this.#context)
  }

  profiles(): Promise<string[]> {
    return this.#kcli.profiles()
  }

  pools(): Promise<PoolSummary[]> {
    return describePools(this.#context)
  }

  networks(): Promise<NetworkSummary[]> {
    return describeNetworks(this.#context)
  }

  async orphansOf(name: string): Promise<string[]> {
    return (await filesInTheWay(this.#context, name)).map(({ path }) => path)
  }

  createVm(spec: VmSpec, control: WorkControl): Promise<FoundVm> {
    return createVm(this.#context, { kcli: this.#kcli, runs: this.#runs }, spec, control)
  }

  start(vm: FoundVm): Promise<void> {
    return startVm(this.#context, vm)
  }

  shutDown(vm: FoundVm, options: { timeoutMs: number; signal: AbortSignal }): Promise<void> {
    return shutDownVm(this.#context, vm, options)
  }

  powerOff(vm: FoundVm): Promise<void> {
    return powerOffVm(this.#context, vm)
  }

  reboot(vm: FoundVm): Promise<void> {
    return rebootVm(this.#context, vm)
  }

  screenshotOf(vm: FoundVm): Promise<Uint8Array> {
    return screenshotOfVm(this.#context, vm)
  }

  impactOf(vm: FoundVm, options?: { storage?: boolean }): Promise<VmImpact> {
    return impactOfVm(this.#context, vm, options)
  }

  deletionOf(vm: FoundVm): Promise<DeletionPlan> {
    return planDeletion(this.#context, vm)
  }

  deleteVm(plan: DeletionPlan): Promise<void> {
    return deletePlanned(this.#context, plan)
  }

  snapshots(vm: FoundVm): Promise<SnapshotSummary[]> {
    return listVmSnapshots(this.#context, vm)
  }

  createSnapshot(
    vm: FoundVm,
    snapshot: { name: string; description?: string; key?: string },
  ): Promise<SnapshotSummary> {
    return createVmSnapshot(this.#context, vm, snapshot)
  }

  revertSnapshot(vm: FoundVm, name: string): Promise<VmState> {
    return revertVmSnapshot(this.#context, vm, name)
  }

  deleteSnapshot(vm: FoundVm, name: string): Promise<void> {
    return deleteVmSnapshot(this.#context, vm, name)
  }
}
