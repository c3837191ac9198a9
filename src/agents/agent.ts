/** What the rest of the house sees of a host: one Agent per host, the Fleet over all of them. Implementations beside. */
import type { ErrorNote } from '../errors.js'
import type { Finding } from '../report/index.js'

/** A VM as a person or a plan names it. `host` when chosen or found; `uuid` once it was looked up, so that a VM that was
 * deleted and made again under the same name is noticed. */
export interface VmRef {
  name: string
  host?: string
  uuid?: string
}

/** A VM that was looked up: all three are known. */
export interface FoundVm extends VmRef {
  host: string
  uuid: string
}

/** libvirt's states in libvirt's words (reference: libvirt-rpc §5). */
export type VmState =
  | 'no state'
  | 'running'
  | 'blocked'
  | 'paused'
  | 'shutting down'
  | 'shut off'
  | 'crashed'
  | 'suspended'

/** One line of a list; cheap to read (no guest or monitor is asked). */
export interface VmSummary extends FoundVm {
  state: VmState
  /** Why it is in that state, e.g. "booted", "I/O error"; absent when libvirt does not say. */
  reason?: string
  /** Whose it is, by Slack id or `terminal:<OS user>`; absent for VMs made elsewhere that nobody adopted. */
  owner?: string
  /** How long it may run; only one that is somebody's has it. */
  lease?: Lease
  /** The host did not say in time whose its VMs are; `owner` and `lease`, if there, are as last known. */
  isOwnerUncertain?: true
}

/** A VM's time to live, both ends ISO 8601. */
export interface Lease {
  /** When it was given. */
  from: string
  until: string
}

/** Whose a VM is, as its own metadata says. It is kept with the VM, so it survives the bot and `virsh dumpxml` shows it. */
export interface Ownership {
  /** Slack id or `terminal:<OS user>`. */
  owner: string
  /** Who asked for the VM, or adopted it. */
  requester: string
  /** What the work is done for: "ABC-1". */
  ticket?: string
  /** ISO 8601: when it was made through the bot. */
  createdAt?: string
  /** ISO 8601: when it was taken over; only for VMs made elsewhere. */
  adoptedAt?: string
  /** Absent where it may run for ever. */
  lease?: Lease
  /** The job that wrote this last. */
  job: string
}

export interface VmDisk {
  /** Target in the guest, e.g. "vda". */
  target: string
  /** "disk" or "cdrom". */
  device: string
  /** Path on the host; absent for an empty drive. */
  source?: string
  format?: string
  pool?: string
  /** GiB, two decimals at most; absent when the volume cannot be read. */
  capacityGiB?: number
  allocationGiB?: number
}

export interface VmNic {
  mac: string
  network?: string
  bridge?: string
  model?: string
  addresses: string[]
}

export interface VmDetail extends VmSummary {
  cpus: number
  memoryMiB: number
  autostart: boolean
  persistent: boolean
  disks: VmDisk[]
  nics: VmNic[]
  /** All addresses of all NICs, IPv4 first. */
  addresses: string[]
  snapshots: number
  /** Absent for VMs made elsewhere that nobody adopted. */
  ownership?: Ownership
  /** From kcli's metadata when it made the VM. */
  image?: string
  profile?: string
  /** kcli's plan that it belongs to. */
  kcliPlan?: string
  /** Whom kcli was told as its owner, in whatever words. */
  kcliOwner?: string
  createdAt?: string
}

/** What one VM takes, as quotas count it. */
export interface VmHolding extends FoundVm {
  /** As its metadata says, else whom kcli was told; so that a VM counts whose owner could not be recorded. */
  owner?: string
  /** It is in memory: running, paused, or anything but off. */
  runs: boolean
  cpus: number
  memoryMiB: number
  /** Capacities of all disks together; a disk whose volume is not told counts nothing. */
  diskGiB: number
  snapshots: string[]
}

export interface SnapshotSummary {
  name: string
  /** ISO 8601. */
  createdAt: string
  /** State of the VM when it was taken. */
  state: string
  current: boolean
  kind: 'internal' | 'external'
  parent?: string
  description?: string
}

export interface ImageSummary {
  /** File name in the pool, as `vm create --image` takes it. */
  name: string
  pool: string
  path: string
  /** Virtual size: the smallest disk a VM made from it can have. */
  capacityGiB: number
}

export interface PoolSummary {
  name: string
  state: 'inactive' | 'building' | 'running' | 'degraded' | 'inaccessible'
  type: string
  path?: string
  capacityGiB: number
  availableGiB: number
  /** ISO 8601; there when the pool did not answer just now: state and room are of that time. */
  asOf?: string
}

export interface NetworkSummary {
  name: string
  active: boolean
  autostart: boolean
  bridge?: string
  /** e.g. "nat", "route", "bridge", "isolated". */
  mode: string
  cidr?: string
}

export interface HostSummary {
  name: string
  labels: Record<string, string>
  /** `reachable` means that libvirt answered. */
  status: 'reachable' | 'unreachable'
  /** When unreachable: what happened and what to do. */
  problem?: { code: string; message: string; fix: string }
  vms?: { total: number; running: number }
}

export interface HostDetail extends HostSummary {
  hostname: string
  transport: 'local' | 'ssh'
  address?: string
  libvirtVersion: string
  hypervisorVersion: string
  cpuModel: string
  cpus: number
  memoryMiB: number
  freeMemoryMiB: number
  /** Whether guests of type kvm can be used here, or only emulation. */
  virtType: 'kvm' | 'qemu'
  kcliVersion?: string
  pools: PoolSummary[]
  networks: NetworkSummary[]
}

/** Room on a host, as `vm create` weighs it. */
export interface Capacity {
  /** MiB that a new VM can take without swapping: MemAvailable. */
  availableMemoryMiB: number
  totalMemoryMiB: number
  cpus: number
}

/** How much room there is, at a glance. */
export interface HostRoom {
  availableMemoryMiB: number
  totalMemoryMiB: number
  /** Of all pools that run, together. */
  freeGiB: number
  /** What is scarce by the thresholds of `host check`, a short sentence each. */
  alerts: string[]
}

/** A VM to be made. Everything is validated and resolved: exact image, pool and network names. */
export interface VmSpec {
  name: string
  image?: string
  profile?: string
  cpus: number
  memoryMiB: number
  /** GiB, the first is the root disk. */
  disksGiB: number[]
  networks: string[]
  pool: string
  sshKeys: string[]
  start: boolean
  /** Slack id of the owner, kept in kcli's metadata. */
  owner?: string
}

/** What long work tells and obeys while it runs. */
export interface WorkControl {
  /** Names the work across restarts of the bot: the same key re-attaches instead of running twice. */
  key: string
  signal: AbortSignal
  /** A short line for the card: "downloading", "booting". */
  progress(line: string): void
}

/** What work on a VM touches beside it; what was not told in time is absent. */
export interface VmImpact {
  /** Names of those who are logged in to the guest, as its agent says. */
  users?: string[]
  /** Milliseconds since it was started. */
  uptimeMs?: number
  /** Other VMs on the host that stand on a file that this one is or stands on, by that file. */
  shares?: { path: string; vms: string[] }[]
}

/** What a deletion removes and what it leaves, computed from the live host. */
export interface DeletionPlan {
  vm: FoundVm
  state: VmState
  /** Volumes that go with the VM. */
  removes: { path: string; pool: string; capacityGiB?: number }[]
  /** Attached storage that stays, each with the reason. */
  keeps: { path: string; why: string }[]
  snapshots: string[]
}

/** All verbs on one host. Every method rejects with a UserError (host down, unknown VM, invalid state, …) and has a
 * deadline of its own. Mutations verify through libvirt that the wanted state was reached before they resolve. */
export interface Agent {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  /** From qnav.yml: what a new VM gets when nothing is named; both "default" when absent. */
  readonly defaults?: Readonly<{ pool: string; network: string }>
  /** Why every change on this host is refused; absent where it may be changed. */
  readonly changesRefused?: Readonly<ErrorNote>

  /** Calls back after each event of the host until the returned function is called. Absent where nothing tells of events. */
  onChange?(listener: () => void): () => void

  summary(): Promise<HostSummary>
  detail(): Promise<HostDetail>
  check(): Promise<Finding[]>
  capacity(): Promise<Capacity>
  room(): Promise<HostRoom>

  vms(): Promise<VmSummary[]>
  /** What every VM takes, asked of libvirt now; a few questions for each. */
  holdings(): Promise<VmHolding[]>
  /** Exact name; undefined when there is none. */
  find(name: string): Promise<FoundVm | undefined>
  detailOf(vm: FoundVm): Promise<VmDetail>
  /** Whose the VM is, asked of libvirt now; undefined for one made elsewhere that nobody adopted. */
  ownershipOf(vm: FoundVm): Promise<Ownership | undefined>
  /** Writes it into the VM's metadata and reads it back. What is there already is replaced. */
  setOwnership(vm: FoundVm, ownership: Ownership): Promise<void>
  /** Addresses known now (DHCP leases, then the guest agent when it is connected); empty when none yet. */
  addressesOf(vm: FoundVm): Promise<string[]>

  images(): Promise<ImageSummary[]>
  profiles(): Promise<string[]>
  pools(): Promise<PoolSummary[]>
  networks(): Promise<NetworkSummary[]>

  /** Files that a VM of this name would reuse unasked, left by an earlier VM; empty when the way is free. */
  orphansOf(name: string): Promise<string[]>
  /** Makes the VM with kcli, verifies it, removes what a failed attempt left. Aborted with a `cancelled` UserError it ends
   * the work on the host and cleans up; aborted with anything else it lets go, and the same key finds the work again. */
  createVm(spec: VmSpec, control: WorkControl): Promise<FoundVm>
  start(vm: FoundVm): Promise<void>
  /** Asks the guest to shut down and waits; rejects with `timeout` when it does not in `timeoutMs`. */
  shutDown(vm: FoundVm, options: { timeoutMs: number; signal: AbortSignal }): Promise<void>
  /** Pulls the plug. */
  powerOff(vm: FoundVm): Promise<void>
  reboot(vm: FoundVm): Promise<void>
  /** Told within two seconds or left out; `storage` asks for `shares` too. Does not reject for a host that does not answer. */
  impactOf(vm: FoundVm, options?: { storage?: boolean }): Promise<VmImpact>
  /** What is on its first screen, as a PNG. Rejects with `unsupported` where that cannot be had. */
  screenshotOf(vm: FoundVm): Promise<Uint8Array>
  deletionOf(vm: FoundVm): Promise<DeletionPlan>
  /** Deletes the VM and exactly the volumes of `plan.removes`. Goes on where an attempt before it stopped. Rejects with
   * `changed-since`, before anything is touched, when a volume has come into other use. */
  deleteVm(plan: DeletionPlan): Promise<void>

  snapshots(vm: FoundVm): Promise<SnapshotSummary[]>
  /** `key` names the request: a step that runs again after a crash is given the snapshot that it made, instead of
   * `name-taken`. */
  createSnapshot(
    vm: FoundVm,
    snapshot: { name: string; description?: string; key?: string },
  ): Promise<SnapshotSummary>
  revertSnapshot(vm: FoundVm, name: string): Promise<VmState>
  /** Resolves also when it is gone already. */
  deleteSnapshot(vm: FoundVm, name: string): Promise<void>
}

export interface Fleet {
  /** All configured hosts, in the order of qnav.yml. */
  readonly agents: readonly Agent[]
  /** Rejects with `unknown-host`, naming the nearest. */
  agent(name: string): Agent
  /** The VM of that exact name (on `ref.host` when given). Rejects with `unknown-vm` (naming the nearest),
   * `ambiguous-vm` (naming every `vm@host`), `changed-since` (another uuid than `ref.uuid`), or `host-unreachable` when
   * a host that might hold it does not answer: any such host while the VM is found nowhere, else one that was last seen
   * with a VM of that name. */
  find(ref: VmRef): Promise<FoundVm>
  /** VMs of every reachable host, and the hosts that did not answer in time. */
  vms(): Promise<{ vms: VmSummary[]; unreachable: HostSummary[] }>
}
