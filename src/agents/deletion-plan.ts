/** Which volumes go with a VM and which stay, by exact paths. Pure: the caller brings what libvirt said of the whole host. */
import { basename } from 'node:path'
import type { DeletionPlan } from './agent.js'

/** A disk or drive of a VM as its configuration has it. */
export interface AttachedDisk {
  /** Absent for an empty drive. */
  path?: string
  /** "disk", "cdrom", "floppy", "lun". */
  device: string
  readOnly: boolean
}

/** A volume of an active pool. */
export interface KnownVolume {
  path: string
  pool: string
  capacityGiB: number
  /** Path of the volume it is based on. */
  backing?: string
}

export interface StorageView {
  vm: string
  /** All disks of the VM in all its configurations: running and persistent. */
  disks: readonly AttachedDisk[]
  volumes: readonly KnownVolume[]
  /** Names of the other VMs on the host that use a path. */
  usersOf(path: string): string[]
}

/**
 * disk, in a pool, nobody else uses it, nothing is based on it → goes
 * what it is based on, when that is a disk that kcli made for this very VM or a snapshot of one → goes too
 * kcli's own cloud-init drive `<vm>.ISO` → goes, attached or ejected
 * everything else that is attached → stays, with the reason
 */
export function sortVolumes({
  vm,
  disks,
  volumes,
  usersOf,
}: StorageView): Pick<DeletionPlan, 'removes' | 'keeps'> {
  const byPath = new Map(volumes.map((volume) => [volume.path, volume]))
  const removes = new Map<string, KnownVolume>()
  const keeps = new Map<string, string>()

  const whyKept = (path: string): string | undefined => {
    const others = usersOf(path)
    if (others.length > 0) return `${others.join(', ')} ${others.length === 1 ? 'uses' : 'use'} it too`
    const based = volumes.find(({ path: other, backing }) => backing === path && !removes.has(other))
    return based === undefined ? undefined : `${based.path} is based on it`
  }

  // A disk before its base: the base is free once all that is based on it goes.
  const visit = (path: string): void => {
    const volume = byPath.get(path)
    const why = volume === undefined ? 'it is in no active storage pool' : whyKept(path)
    if (volume === undefined || why !== undefined) {
      keeps.set(path, why ?? '')
      return
    }
    removes.set(path, volume)
    const { backing } = volume
    if (backing !== undefined && isInChainOf(vm, backing) && !removes.has(backing) && byPath.has(backing))
      visit(backing)
  }

  for (const { path, device, readOnly } of disks) {
    if (path === undefined || removes.has(path) || keeps.has(path)) continue
    if (basename(path) === `${vm}.ISO`) visit(path)
    else if (device !== 'disk') keeps.set(path, `it is a ${device} image, which other VMs may want`)
    else if (readOnly) keeps.set(path, 'it is attached read-only')
    else visit(path)
  }
  for (const { path } of volumes) {
    if (basename(path) === `${vm}.ISO` && !keeps.has(path) && usersOf(path).length === 0) visit(path)
  }
  // A disk that was kept only because another disk of the same VM, visited later, is based on it.
  for (const path of [...keeps.keys()]) {
    if (!isInChainOf(vm, path) || !byPath.has(path) || whyKept(path) !== undefined) continue
    keeps.delete(path)
    visit(path)
  }
  return {
    removes: [...removes.values()].map(({ path, pool, capacityGiB }) => ({ path, pool, capacityGiB })),
    keeps: [...keeps].map(([path, why]) => ({ path, why })),
  }
}

/** kcli names the disks of a VM `<vm>_<number>.img`. */
export function isDiskOf(vm: string, path: string): boolean {
  const name = basename(path)
  return name.startsWith(`${vm}_`) && /^\d+\.img$/.test(name.slice(vm.length + 1))
}

/** Such a disk, or what an external snapshot of it made: `<vm>_<number>.<snapshot>`, as libvirt names those. */
function isInChainOf(vm: string, path: string): boolean {
  const name = basename(path)
  return name.startsWith(`${vm}_`) && /^\d+\.[^/]+$/.test(name.slice(vm.length + 1))
}

/** Files that kcli would make, or reuse unasked, for a VM of this name. */
export function isFileOf(vm: string, path: string): boolean {
  return isDiskOf(vm, path) || basename(path) === `${vm}.ISO`
}
