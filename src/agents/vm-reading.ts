/** Reading VMs: the list, one by name, one in detail, its addresses. */
import { isIP } from 'node:net'
import {
  type Connection,
  type DiskDescription,
  type DomainDescription,
  domainOf,
  domainState,
  domainXml,
  hasAutostart,
  interfaceAddresses,
  isPersistent,
  LibvirtError,
  procedures,
  readDomainXml,
} from '../libvirt/index.js'
import type { FoundVm, VmDetail, VmDisk, VmNic, VmState, VmSummary } from './agent.js'
import { asking, askingOf, type HostContext } from './host-context.js'
import { readOwnership } from './vm-ownership.js'

/** Every VM with its state, from what is held of the host. */
export function listVms(context: HostContext): Promise<VmSummary[]> {
  return asking(context, 'list its VMs', () => context.inventory.vms())
}

export function findVm(context: HostContext, name: string): Promise<FoundVm | undefined> {
  return asking(context, `look for VM ${name}`, async () => {
    const found = await context.inventory.find(name)
    return found === undefined ? undefined : { name: found.name, host: found.host, uuid: found.uuid }
  })
}

export function stateOfVm(
  libvirt: Connection,
  { uuid }: FoundVm,
): Promise<{ state: VmState; reason: string | undefined }> {
  return domainState(libvirt, uuid)
}

export function describeVm(context: HostContext, vm: FoundVm): Promise<VmDetail> {
  return askingOf(context, 'describe VM', vm, async (libvirt) => {
    const [xml, { state, reason }, autostart, persistent, snapshots, ownership] = await Promise.all([
      domainXml(libvirt, vm.uuid),
      domainState(libvirt, vm.uuid),
      hasAutostart(libvirt, vm.uuid),
      isPersistent(libvirt, vm.uuid),
      countSnapshots(libvirt, vm),
      readOwnership(libvirt, vm.uuid),
    ])
    const domain = readDomainXml(xml)
    const [disks, found] = await Promise.all([
      Promise.all(domain.disks.map((disk) => describeDisk(context, disk))),
      addresses(context, libvirt, vm, domain, state),
    ])
    return {
      name: domain.name,
      host: vm.host,
      uuid: vm.uuid,
      state,
      ...optional({ reason }),
      cpus: domain.vcpus,
      memoryMiB: Math.round(domain.memoryKiB / 1024),
      autostart,
      persistent,
      disks,
      nics: domain.nics.map(({ mac, network, bridge, model }): VmNic => {
        const own = found.filter((each) => each.mac?.toLowerCase() === mac.toLowerCase())
        return { mac, ...optional({ network, bridge, model }), addresses: own.map(({ address }) => address) }
      }),
      addresses: sorted(found.map(({ address }) => address)),
      snapshots,
      ...kcliFacts(domain),
      ...optional({ ownership, owner: ownership?.owner, lease: ownership?.lease }),
      ...optional({ createdAt: ownership?.createdAt ?? isoOf(domain.kcli?.creationDate) }),
    }
  })
}

async function countSnapshots(libvirt: Connection, { uuid }: FoundVm): Promise<number> {
  return (await libvirt.call(procedures.domainSnapshotNum, { dom: domainOf(uuid), flags: 0 })).num
}

/** IPv4 first. From DHCP leases; from the guest's agent where there are none and it is connected. */
export function addressesOfVm(context: HostContext, vm: FoundVm): Promise<string[]> {
  return askingOf(context, 'read the addresses of VM', vm, async (libvirt) => {
    const [xml, { state }] = await Promise.all([domainXml(libvirt, vm.uuid), domainState(libvirt, vm.uuid)])
    const found = await addresses(context, libvirt, vm, readDomainXml(xml), state)
    return sorted(found.map(({ address }) => address))
  })
}

/** The path of a disk, also when it is given as pool and volume. */
export function pathOf(
  { source, volume }: DiskDescription,
  pools: ReadonlyMap<string, string>,
): string | undefined {
  if (source !== undefined) return source
  const directory = volume === undefined ? undefined : pools.get(volume.pool)
  return volume === undefined || directory === undefined ? undefined : `${directory}/${volume.name}`
}

interface Address {
  mac: string | undefined
  address: string
}

async function addresses(
  { guests }: HostContext,
  libvirt: Connection,
  { uuid }: FoundVm,
  { agentConnected }: DomainDescription,
  state: VmState,
): Promise<Address[]> {
  if (state !== 'running') return []
  const leased = (await noneIfRefused(interfaceAddresses(libvirt, uuid, 'lease'))).filter(isAddress)
  if (leased.length > 0 || !agentConnected) return leased
  const told = (await noneIfRefused(guests.addressesOf(uuid))) ?? []
  return told.filter(isAddress).filter(({ address }) => !isLocal(address))
}

/** It may stop, or its agent vanish, between one question and the next; then it has no addresses, which is no failure. */
async function noneIfRefused<T>(asked: Promise<T[] | undefined>): Promise<T[]> {
  try {
    return (await asked) ?? []
  } catch (error) {
    if (error instanceof LibvirtError && error.kind !== 'transport') return []
    throw error
  }
}

/** A guest tells its own, and people copy what they read: anything else is none. */
function isAddress({ address }: Address): boolean {
  return isIP(address) !== 0
}

/** Loopback and link-local addresses reach nobody else. */
function isLocal(address: string): boolean {
  return /^(127\.|169\.254\.|::1$|fe[89ab][0-9a-f]:)/i.test(address)
}

function sorted(addresses: string[]): string[] {
  const unique = [...new Set(addresses)]
  return [...unique.filter((each) => !each.includes(':')), ...unique.filter((each) => each.includes(':'))]
}

async function describeDisk({ volumes }: HostContext, disk: DiskDescription): Promise<VmDisk> {
  const { target, device, source, format } = disk
  const base = { target, device, ...optional({ source, format }) }
  if (source === undefined) return base
  const volume = await volumes.at(source)
  if (volume === undefined) return base
  return {
    ...base,
    pool: volume.pool,
    capacityGiB: gib(volume.capacity),
    allocationGiB: gib(volume.allocation),
  }
}

function kcliFacts({ kcli }: DomainDescription): Partial<VmDetail> {
  if (kcli === undefined) return {}
  const { image, profile, plan, owner } = kcli
  return optional({
    // kcli keeps the image as it was given, which may be a path.
    image: image?.split('/').at(-1),
    profile,
    // kcli's name for having none.
    kcliPlan: plan === 'kvirt' ? undefined : plan,
    kcliOwner: owner,
  })
}

/** kcli writes "DD-MM-YYYY HH:MM" in UTC; undefined for what is no time. */
function isoOf(creationDate: string | undefined): string | undefined {
  const match = /^(\d\d)-(\d\d)-(\d{4}) (\d\d):(\d\d)$/.exec(creationDate ?? '')
  if (match === null) return undefined
  const [, day, month, year, hour, minute] = match
  const iso = `${year}-${month}-${day}T${hour}:${minute}:00.000Z`
  return Number.isNaN(Date.parse(iso)) ? undefined : iso
}

/** GiB with two decimals at most. */
export function gib(bytes: number): number {
  return Math.round((bytes / 1024 ** 3) * 100) / 100
}

/** The object without its undefined values. */
export function optional<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}
