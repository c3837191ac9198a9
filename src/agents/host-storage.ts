/** Pools, volumes and images of a host, and which VM uses what. */
import { basename } from 'node:path'
import { UserError } from '../errors.js'
import {
  type Connection,
  domainXml,
  isNotFound,
  LibvirtError,
  listDomains,
  listVolumes,
  readDomainXml,
  type VolumeDescription,
} from '../libvirt/index.js'
import type { ImageSummary, NetworkSummary, PoolSummary } from './agent.js'
import { isFileOf } from './deletion-plan.js'
import { asking, type HostContext } from './host-context.js'
import { shellWord } from './shell-word.js'
import { gib, pathOf } from './vm-reading.js'

export function describePools(context: HostContext): Promise<PoolSummary[]> {
  return asking(context, 'list its storage pools', () => context.inventory.pools())
}

export function describeNetworks(context: HostContext): Promise<NetworkSummary[]> {
  return asking(context, 'list its networks', () => context.inventory.networks())
}

/** Whole storage of a host at one moment. */
export interface StorageMap {
  pools: PoolSummary[]
  /** Volumes of all active pools that answer. */
  volumes: VolumeDescription[]
  /** Names of VMs by the path that they use, running or configured. */
  users: Map<string, Set<string>>
  /** Active pools that did not answer in time; nothing is known of their files. */
  silent: string[]
}

/** Looks at the pools' files afresh, then lists volumes and who uses them. */
export async function mapStorage(context: HostContext, libvirt: Connection): Promise<StorageMap> {
  const pools = await context.inventory.pools()
  // One that did not answer just now may be busy with an earlier refresh; the next one tells.
  const active = pools
    .filter(({ state, asOf }) => state === 'running' || asOf !== undefined)
    .map(({ name }) => name)
  const answering = await context.pools.refresh(active)
  const storage = await context.link.volumes()
  const [volumes, users] = await Promise.all([
    Promise.all(answering.map((name) => volumesOf(storage, name))),
    usersOfPaths(libvirt, pools),
  ])
  const silent = active.filter((name) => !answering.includes(name))
  return { pools, volumes: volumes.flat(), users, silent }
}

/** What `vm create --image` can name: a volume that kcli sees as an image and that is not the disk of a VM. kcli takes a
 * file of a pool as an image when its name ends in qcow2 or qc2 or has no dot. */
export function listImages(context: HostContext): Promise<ImageSummary[]> {
  return asking(context, 'list its images', async (libvirt) => {
    const { pools, volumes, users } = await mapStorage(context, libvirt)
    const dirPools = new Set(pools.filter(({ type }) => type === 'dir').map(({ name }) => name))
    return volumes
      .filter(({ pool, name, format }) => dirPools.has(pool) && format !== 'dir' && isImageName(name))
      .filter(({ path }) => !users.has(path))
      .map(({ name, pool, path, capacity }) => ({ name, pool, path, capacityGiB: gib(capacity) }))
      .sort((a, b) => a.name.localeCompare(b.name))
  })
}

/** A file that kcli would reuse or overwrite when it makes a VM of some name. */
export interface FileInTheWay {
  path: string
  /** VMs that use it, such as one that was renamed; empty for what an earlier VM left. */
  users: string[]
}

/** Files that kcli would take for those of a new VM of this name. Rejects with `timeout` when a pool does not answer: what
 * lies there decides what the new VM boots from. */
export function filesInTheWay(context: HostContext, vm: string): Promise<FileInTheWay[]> {
  return asking(context, `look for files of an earlier VM ${vm}`, async (libvirt) => {
    const { volumes, silent, users } = await mapStorage(context, libvirt)
    mustAllAnswer(context, silent)
    return volumes
      .filter(({ path }) => isFileOf(vm, path))
      .map(({ path }) => ({ path, users: [...(users.get(path) ?? [])].sort() }))
  })
}

/** Rejects with `timeout` when some do not: libvirt then finds no volume by its path, and who uses what is not known. */
export function mustAllAnswer({ settings: { name } }: HostContext, silent: readonly string[]): void {
  const [first] = silent
  if (first === undefined) return
  throw new UserError('timeout', `Storage on ${name} does not answer: ${silent.join(', ')}.`, {
    fix: `Look at what is behind it there (a file server?), or take it out of service: virsh pool-destroy ${shellWord(first)}`,
  })
}

export function isImageName(name: string): boolean {
  return /\.?(qcow2|qc2)$/.test(name) || !basename(name).includes('.')
}

async function volumesOf(libvirt: Connection, pool: string): Promise<VolumeDescription[]> {
  try {
    return await listVolumes(libvirt, pool)
  } catch (error) {
    // The pool was removed since it was listed, or libvirt stopped it because it could not be read.
    if (isNotFound(error) || (error instanceof LibvirtError && error.kind === 'invalid-state')) return []
    throw error
  }
}

async function usersOfPaths(
  libvirt: Connection,
  pools: readonly PoolSummary[],
): Promise<Map<string, Set<string>>> {
  const directories = new Map(pools.flatMap(({ name, path }) => (path === undefined ? [] : [[name, path]])))
  const users = new Map<string, Set<string>>()
  await Promise.all(
    (await listDomains(libvirt)).map(async ({ name, uuid }) => {
      for (const inactive of [false, true]) {
        for (const path of await pathsOf(libvirt, uuid, inactive, directories)) {
          users.set(path, (users.get(path) ?? new Set()).add(name))
        }
      }
    }),
  )
  return users
}

async function pathsOf(
  libvirt: Connection,
  uuid: string,
  inactive: boolean,
  directories: ReadonlyMap<string, string>,
): Promise<string[]> {
  try {
    const { disks } = readDomainXml(await domainXml(libvirt, uuid, { inactive }))
    return disks.map((disk) => pathOf(disk, directories)).filter((path) => path !== undefined)
  } catch (error) {
    // The VM was deleted since it was listed.
    if (isNotFound(error)) return []
    throw error
  }
}
