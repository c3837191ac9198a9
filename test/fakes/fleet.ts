/**
 * A fleet that lives in memory, for tests of what stands above agents: commands, the way of a request, Slack.
 *
 *   const { fleet, host } = aFleet({ hosts: [{ name: 'kvm1', vms: [aVm({ name: 'web1', state: 'running' })] }] })
 *   host('kvm1').goDown()
 *   host('kvm1').fail('createVm', new UserError(...))   // the next call only
 *   const release = host('kvm1').hold('createVm')       // calls wait until release()
 *   host('kvm1').calls                                  // ['createVm web2', 'start web2']
 *
 * Finding, ambiguity and unreachable hosts are the real Fleet's.
 */
import { createHash } from 'node:crypto'
import { roomOf } from '../../src/agents/host-room.js'
import {
  type Agent,
  type Capacity,
  type DeletionPlan,
  type Fleet,
  type FoundVm,
  fleetOf,
  type HostDetail,
  type HostRoom,
  type HostSummary,
  type ImageSummary,
  type NetworkSummary,
  type Ownership,
  type PoolSummary,
  type SnapshotSummary,
  type VmDetail,
  type VmHolding,
  type VmImpact,
  type VmSpec,
  type VmState,
  type VmSummary,
  type WorkControl,
} from '../../src/agents/index.js'
import { UserError } from '../../src/errors.js'
import type { Finding } from '../../src/report/index.js'

/** A VM of the fake fleet: its detail without what is derived, and how it behaves. */
export interface FakeVm extends Omit<VmDetail, 'host' | 'snapshots' | 'addresses'> {
  /** Addresses it has while it runs. */
  addresses: string[]
  snapshots: SnapshotSummary[]
  impact?: VmImpact
  /** Ignores a polite request to shut down. */
  ignoresShutdown: boolean
}

export interface FakeHostOptions {
  name: string
  labels?: Record<string, string>
  vms?: FakeVm[]
  images?: ImageSummary[]
  profiles?: string[]
  pools?: PoolSummary[]
  networks?: NetworkSummary[]
  capacity?: Partial<Capacity>
  /** Files of earlier VMs, by VM name. */
  orphans?: Record<string, string[]>
  findings?: Finding[]
  virtType?: 'kvm' | 'qemu'
  /** Addresses a VM created here gets when it runs. Default one per VM from 192.168.122.0/24; [] for none. */
  newVmAddresses?: string[]
  unreachable?: boolean
  /** Changes are refused. */
  readOnly?: boolean
}

type Verb = Exclude<keyof Agent, 'name' | 'labels' | 'changesRefused'>

export function aVm(vm: Partial<FakeVm> & { name: string }): FakeVm {
  const memoryMiB = vm.memoryMiB ?? 512
  return {
    uuid: uuidOf(vm.name),
    state: 'shut off',
    cpus: 1,
    memoryMiB,
    autostart: false,
    persistent: true,
    disks: [
      {
        target: 'vda',
        device: 'disk',
        source: `/pool/${vm.name}_0.img`,
        format: 'qcow2',
        pool: 'default',
        capacityGiB: 10,
        allocationGiB: 0.5,
      },
    ],
    nics: [{ mac: macOf(vm.name), network: 'default', model: 'virtio', addresses: [] }],
    addresses: [],
    snapshots: [],
    ignoresShutdown: false,
    ...vm,
  }
}

export function anImage(image: Partial<ImageSummary> & { name: string }): ImageSummary {
  return { pool: 'default', path: `/pool/${image.name}`, capacityGiB: 1, ...image }
}

export function aSnapshot(snapshot: Partial<SnapshotSummary> & { name: string }): SnapshotSummary {
  return {
    createdAt: '2026-01-02T03:04:05.000Z',
    state: 'running',
    current: false,
    kind: 'internal',
    ...snapshot,
  }
}

export function aFleet({ hosts }: { hosts: FakeHostOptions[] }): {
  fleet: Fleet
  host(name: string): FakeAgent
} {
  const agents = hosts.map((options) => new FakeAgent(options))
  return {
    fleet: fleetOf(agents),
    host(name) {
      const agent = agents.find((each) => each.name === name)
      if (agent === undefined) throw new Error(`the fake fleet has no host ${name}`)
      return agent
    },
  }
}

export class FakeAgent implements Agent {
  readonly name: string
  readonly labels: Record<string, string>
  readonly changesRefused?: { code: 'unsupported'; message: string; fix: string }
  /** Every mutation asked for, as "verb VM [more]". */
  readonly calls: string[] = []
  /** What there is; tests may look at it and change it. */
  readonly machines = new Map<string, FakeVm>()
  readonly orphans: Map<string, string[]>
  #options: FakeHostOptions
  #down: UserError | undefined
  #failures = new Map<Verb, UserError[]>()
  #holds = new Map<Verb, Promise<void>>()
  #created = new Map<string, FoundVm>()
  #snapshotKeys = new Map<string, string>()

  constructor(options: FakeHostOptions) {
    this.#options = options
    this.name = options.name
    this.labels = options.labels ?? {}
    if (options.readOnly)
      this.changesRefused = {
        code: 'unsupported',
        message: `${this.name} is only looked at.`,
        fix: 'Choose another.',
      }
    this.orphans = new Map(Object.entries(options.orphans ?? {}))
    for (const vm of options.vms ?? []) this.machines.set(vm.name, vm)
    if (options.unreachable === true) this.goDown()
  }

  /** From now on every call rejects, as with `host-unreachable`. */
  goDown(error?: UserError): void {
    this.#down =
      error ??
      new UserError('host-unreachable', `Host ${this.name} does not answer: connection refused.`, {
        fix: `Look at the host: host check ${this.name}`,
      })
  }

  comeBack(): void {
    this.#down = undefined
  }

  /** The next call of this verb rejects with the error. */
  fail(verb: Verb, error: UserError): void {
    this.#failures.set(verb, [...(this.#failures.get(verb) ?? []), error])
  }

  /** Calls of this verb wait until the returned function is called. */
  hold(verb: Verb): () => void {
    const { promise, resolve } = promiseWithResolvers()
    this.#holds.set(verb, promise)
    return () => {
      this.#holds.delete(verb)
      resolve()
    }
  }

  async summary(): Promise<HostSummary> {
    try {
      await this.#enter('summary')
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      const { code, message, fix } = error
      return { name: this.name, labels: this.labels, status: 'unreachable', problem: { code, message, fix } }
    }
    const all = [...this.machines.values()]
    const running = all.filter(({ state }) => state === 'running').length
    return { name: this.name, labels: this.labels, status: 'reachable', vms: { total: all.length, running } }
  }

  async detail(): Promise<HostDetail> {
    await this.#enter('detail')
    const { cpus, totalMemoryMiB, availableMemoryMiB } = this.#capacity()
    return {
      ...(await this.summary()),
      hostname: `${this.name}.example.com`,
      transport: 'ssh',
      address: `qnav@${this.name}.example.com:22`,
      libvirtVersion: '9.0.0',
      hypervisorVersion: 'QEMU 7.2.0',
      cpuModel: 'x86_64',
      cpus,
      memoryMiB: totalMemoryMiB,
      freeMemoryMiB: availableMemoryMiB,
      virtType: this.#options.virtType ?? 'kvm',
      kcliVersion: '99.0',
      pools: await this.pools(),
      networks: await this.networks(),
    }
  }

  async check(): Promise<Finding[]> {
    await this.#enter('check')
    return (
      this.#options.findings ?? [
        {
          check: 'Available memory',
          result: 'pass',
          measured: '8 GiB',
          threshold: 'at least 1 GiB',
          probe: '/proc/meminfo MemAvailable',
        },
      ]
    )
  }

  /** From now on it has that. */
  setCapacity(capacity: Partial<Capacity>): void {
    this.#options = { ...this.#options, capacity: { ...this.#options.capacity, ...capacity } }
  }

  async capacity(): Promise<Capacity> {
    await this.#enter('capacity')
    return this.#capacity()
  }

  async room(): Promise<HostRoom> {
    await this.#enter('room')
    return roomOf(this.#capacity(), await this.pools())
  }

  async vms(): Promise<VmSummary[]> {
    await this.#enter('vms')
    return [...this.machines.values()]
      .map((vm) => this.#summaryOf(vm))
      .sort((a, b) => a.name.localeCompare(b.name))
  }

  async holdings(): Promise<VmHolding[]> {
    await this.#enter('holdings')
    return [...this.machines.values()].map((vm) => {
      const owner = vm.ownership?.owner ?? vm.kcliOwner
      return {
        ...this.#found(vm),
        ...(owner === undefined ? {} : { owner }),
        runs: vm.state === 'running',
        cpus: vm.cpus,
        memoryMiB: vm.memoryMiB,
        diskGiB: vm.disks.reduce((sum, { capacityGiB = 0 }) => sum + capacityGiB, 0),
        snapshots: vm.snapshots.map(({ name }) => name),
      }
    })
  }

  async find(name: string): Promise<FoundVm | undefined> {
    await this.#enter('find')
    const vm = this.machines.get(name)
    return vm === undefined ? undefined : this.#found(vm)
  }

  async detailOf(vm: FoundVm): Promise<VmDetail> {
    await this.#enter('detailOf')
    const { ignoresShutdown: _, addresses: __, impact: ___, snapshots, ...machine } = this.#machine(vm)
    const addresses = await this.addressesOf(vm)
    const nics = machine.nics.map((nic, index) => (index === 0 ? { ...nic, addresses } : nic))
    const { owner: whose, lease } = machine.ownership ?? {}
    const owner = {
      ...(whose === undefined ? {} : { owner: whose }),
      ...(lease === undefined ? {} : { lease }),
    }
    return { ...machine, ...owner, host: this.name, nics, addresses, snapshots: snapshots.length }
  }

  async ownershipOf(vm: FoundVm): Promise<Ownership | undefined> {
    await this.#enter('ownershipOf')
    return this.#machine(vm).ownership
  }

  async setOwnership(vm: FoundVm, ownership: Ownership): Promise<void> {
    await this.#mutate('setOwnership', vm, (machine) => {
      machine.ownership = ownership
    })
  }

  async addressesOf(vm: FoundVm): Promise<string[]> {
    await this.#enter('addressesOf')
    const { state, addresses } = this.#machine(vm)
    return state === 'running' ? [...addresses] : []
  }

  async images(): Promise<ImageSummary[]> {
    await this.#enter('images')
    return this.#options.images ?? [anImage({ name: 'tiny.qcow2' })]
  }

  async profiles(): Promise<string[]> {
    await this.#enter('profiles')
    return this.#options.profiles ?? []
  }

  async pools(): Promise<PoolSummary[]> {
    await this.#enter('pools')
    return (
      this.#options.pools ?? [
        {
          name: 'default',
          state: 'running',
          type: 'dir',
          path: '/pool',
          capacityGiB: 200,
          availableGiB: 150,
        },
      ]
    )
  }

  async networks(): Promise<NetworkSummary[]> {
    await this.#enter('networks')
    return (
      this.#options.networks ?? [
        {
          name: 'default',
          active: true,
          autostart: true,
          bridge: 'virbr0',
          mode: 'nat',
          cidr: '192.168.122.0/24',
        },
      ]
    )
  }

  async orphansOf(name: string): Promise<string[]> {
    await this.#enter('orphansOf')
    return this.orphans.get(name) ?? []
  }

  async createVm(spec: VmSpec, control: WorkControl): Promise<FoundVm> {
    this.calls.push(`createVm ${spec.name}`)
    const before = this.#created.get(control.key)
    if (before !== undefined && this.machines.has(spec.name)) return before
    control.progress('creating')
    await this.#enter('createVm', control.signal)
    const orphans = this.orphans.get(spec.name) ?? []
    if (orphans.length > 0) {
      throw new UserError(
        'orphan-disk',
        `A disk of an earlier VM “${spec.name}” is in the way: ${orphans.join(', ')}.`,
        {
          fix: 'Delete it on the host, or choose another name.',
        },
      )
    }
    if (this.machines.has(spec.name)) {
      throw new UserError('name-taken', `There is already a VM “${spec.name}” on ${this.name}.`, {
        fix: 'Choose another name.',
      })
    }
    const vm = aVm({
      name: spec.name,
      uuid: uuidOf(`${spec.name}/${control.key}`),
      state: spec.start ? 'running' : 'shut off',
      cpus: spec.cpus,
      memoryMiB: spec.memoryMiB,
      disks: spec.disksGiB.map((capacityGiB, index) => ({
        target: `vd${'abcdefgh'[index] ?? 'z'}`,
        device: 'disk',
        source: `/${spec.pool}/${spec.name}_${index}.img`,
        format: 'qcow2',
        pool: spec.pool,
        capacityGiB,
        allocationGiB: 0.1,
      })),
      nics: spec.networks.map((network, index) => ({
        mac: macOf(`${spec.name}${index}`),
        network,
        model: 'virtio',
        addresses: [],
      })),
      addresses: this.#options.newVmAddresses ?? [`192.168.122.${10 + this.machines.size}`],
      createdAt: '2026-01-02T03:04:00.000Z',
      ...(spec.image === undefined ? {} : { image: spec.image }),
      ...(spec.profile === undefined ? {} : { profile: spec.profile }),
      ...(spec.owner === undefined ? {} : { kcliOwner: spec.owner }),
    })
    this.machines.set(vm.name, vm)
    this.#created.set(control.key, this.#found(vm))
    return this.#found(vm)
  }

  async start(vm: FoundVm): Promise<void> {
    await this.#mutate('start', vm, (machine) => {
      machine.state = 'running'
    })
  }

  async shutDown(
    vm: FoundVm,
    { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
  ): Promise<void> {
    await this.#mutate(
      'shutDown',
      vm,
      (machine) => {
        if (machine.ignoresShutdown && machine.state === 'running') {
          throw new UserError(
            'timeout',
            `${vm.name} is still running ${timeoutMs / 1000} s after it was asked to shut down.`,
            {
              fix: `Pull the plug: vm stop ${vm.name}@${this.name} --force`,
            },
          )
        }
        machine.state = 'shut off'
      },
      signal,
    )
  }

  async powerOff(vm: FoundVm): Promise<void> {
    await this.#mutate('powerOff', vm, (machine) => {
      machine.state = 'shut off'
    })
  }

  async reboot(vm: FoundVm): Promise<void> {
    await this.#mutate('reboot', vm, (machine) => {
      if (machine.state === 'running') return
      throw new UserError(
        'invalid-state',
        `${vm.name}@${this.name} is ${machine.state}; only a running VM can be restarted.`,
        {
          fix: `Start it: vm start ${vm.name}@${this.name}`,
        },
      )
    })
  }

  async screenshotOf(vm: FoundVm): Promise<Uint8Array> {
    await this.#enter('screenshotOf')
    this.#machine(vm)
    return Buffer.from(onePixel, 'base64')
  }

  async impactOf(vm: FoundVm): Promise<VmImpact> {
    await this.#enter('impactOf')
    return this.#machine(vm).impact ?? {}
  }

  async deletionOf(vm: FoundVm): Promise<DeletionPlan> {
    await this.#enter('deletionOf')
    const machine = this.#machine(vm)
    const disks = machine.disks.filter(({ source }) => source !== undefined)
    return {
      vm: this.#found(machine),
      state: machine.state,
      removes: disks.flatMap(({ source, pool, capacityGiB }) =>
        source === undefined || pool === undefined
          ? []
          : [{ path: source, pool, ...(capacityGiB === undefined ? {} : { capacityGiB }) }],
      ),
      keeps: disks.flatMap(({ source, pool }) =>
        source !== undefined && pool === undefined ? [{ path: source, why: 'it is in no storage pool' }] : [],
      ),
      snapshots: machine.snapshots.map(({ name }) => name),
    }
  }

  async deleteVm(plan: DeletionPlan): Promise<void> {
    this.calls.push(`deleteVm ${plan.vm.name}`)
    await this.#enter('deleteVm')
    this.machines.delete(plan.vm.name)
  }

  async snapshots(vm: FoundVm): Promise<SnapshotSummary[]> {
    await this.#enter('snapshots')
    return [...this.#machine(vm).snapshots]
  }

  async createSnapshot(
    vm: FoundVm,
    { name, description, key }: { name: string; description?: string; key?: string },
  ): Promise<SnapshotSummary> {
    let made: SnapshotSummary | undefined
    await this.#mutate('createSnapshot', vm, (machine) => {
      const request = `${machine.uuid}/${name}`
      const taken = machine.snapshots.find((each) => each.name === name)
      if (taken !== undefined && key !== undefined && this.#snapshotKeys.get(request) === key) {
        made = taken
        return
      }
      if (taken !== undefined) {
        throw new UserError('name-taken', `${vm.name} already has a snapshot “${name}”.`, {
          fix: 'Choose another name.',
        })
      }
      if (key !== undefined) this.#snapshotKeys.set(request, key)
      const parent = machine.snapshots.find(({ current }) => current)
      made = aSnapshot({
        name,
        state: machine.state,
        current: true,
        ...(parent === undefined ? {} : { parent: parent.name }),
        ...(description === undefined ? {} : { description }),
      })
      for (const each of machine.snapshots) each.current = false
      machine.snapshots.push(made)
    })
    if (made === undefined) throw new Error('unreachable')
    return made
  }

  async revertSnapshot(vm: FoundVm, name: string): Promise<VmState> {
    await this.#mutate('revertSnapshot', vm, (machine) => {
      const wanted = this.#snapshot(machine, name)
      for (const each of machine.snapshots) each.current = each === wanted
      machine.state = wanted.state === 'running' ? 'running' : 'shut off'
    })
    return this.#machine(vm).state
  }

  async deleteSnapshot(vm: FoundVm, name: string): Promise<void> {
    await this.#mutate('deleteSnapshot', vm, (machine) => {
      machine.snapshots = machine.snapshots.filter((each) => each.name !== name)
    })
  }

  async #enter(verb: Verb, signal?: AbortSignal): Promise<void> {
    if (this.#down !== undefined) throw this.#down
    const failure = this.#failures.get(verb)?.shift()
    if (failure !== undefined) throw failure
    await Promise.race([this.#holds.get(verb), ...(signal === undefined ? [] : [aborted(signal)])])
    if (this.#down !== undefined) throw this.#down
  }

  async #mutate(
    verb: Verb,
    vm: FoundVm,
    change: (machine: FakeVm) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    this.calls.push(`${verb} ${vm.name}`)
    await this.#enter(verb, signal)
    change(this.#machine(vm))
  }

  #machine({ name, uuid }: FoundVm): FakeVm {
    const machine = this.machines.get(name)
    if (machine !== undefined && machine.uuid === uuid) return machine
    throw new UserError('unknown-vm', `There is no VM “${name}@${this.name}” any more.`, {
      fix: 'See what there is: vm list',
    })
  }

  #snapshot(machine: FakeVm, name: string): SnapshotSummary {
    const snapshot = machine.snapshots.find((each) => each.name === name)
    if (snapshot !== undefined) return snapshot
    throw new UserError('unknown-snapshot', `${machine.name}@${this.name} has no snapshot “${name}”.`, {
      fix: `See what there is: snapshot list ${machine.name}@${this.name}`,
    })
  }

  #capacity(): Capacity {
    return { availableMemoryMiB: 8192, totalMemoryMiB: 16384, cpus: 8, ...this.#options.capacity }
  }

  #found({ name, uuid }: FakeVm): FoundVm {
    return { name, host: this.name, uuid }
  }

  #summaryOf(vm: FakeVm): VmSummary {
    return {
      ...this.#found(vm),
      state: vm.state,
      ...(vm.reason === undefined ? {} : { reason: vm.reason }),
      ...(vm.ownership === undefined ? {} : { owner: vm.ownership.owner }),
      ...(vm.ownership?.lease === undefined ? {} : { lease: vm.ownership.lease }),
      ...(vm.isOwnerUncertain === undefined ? {} : { isOwnerUncertain: vm.isOwnerUncertain }),
    }
  }
}

/** A PNG. */
const onePixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

function uuidOf(seed: string): string {
  const hex = createHash('sha256').update(seed).digest('hex')
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-')
}

function macOf(seed: string): string {
  const hex = createHash('sha256').update(seed).digest('hex')
  return `52:54:00:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4, 6)}`
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.throwIfAborted()
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  })
}

function promiseWithResolvers(): { promise: Promise<void>; resolve(): void } {
  let resolve = (): void => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}
