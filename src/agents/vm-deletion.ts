/** Deleting a VM: what would go is worked out from the whole host, shown and approved; then exactly that goes. */
import { UserError } from '../errors.js'
import {
  type Connection,
  deleteVolume,
  destroyDomain,
  domainXml,
  findDomain,
  findVolume,
  isNotFound,
  LibvirtError,
  listDomains,
  listSnapshots,
  readDomainXml,
  undefineDomain,
  type VolumePlace,
} from '../libvirt/index.js'
import type { DeletionPlan, FoundVm } from './agent.js'
import { type AttachedDisk, isFileOf, sortVolumes } from './deletion-plan.js'
import { askingOf, type HostContext, workingOn } from './host-context.js'
import { mapStorage, mustAllAnswer, type StorageMap } from './host-storage.js'
import { shellWord } from './shell-word.js'
import { gib, optional, pathOf, stateOfVm } from './vm-reading.js'

const deleteVolumeWithinMs = 10 * 60_000

export function planDeletion(context: HostContext, vm: FoundVm): Promise<DeletionPlan> {
  return askingOf(context, 'work out the deletion of VM', vm, (libvirt) => planOn(context, libvirt, vm))
}

/**
 * Looks first, so that it may run again after a crash in the middle: a VM that is gone already is not asked for, volumes
 * that are gone are done. Refuses with `changed-since`, before anything is touched, when a volume of the plan has come
 * into somebody else's use.
 */
export function deletePlanned(context: HostContext, plan: DeletionPlan): Promise<void> {
  return workingOn(context, 'delete VM', plan.vm, async ({ quick, slow }) => {
    const exists = await stillExists(quick, plan.vm)
    if (exists) await mustStillHold(context, quick, plan)
    else await mustBeUnused(context, quick, plan)
    if (exists) await removeDefinition(quick, plan.vm)
    const left = await removeVolumes(slow, quick, plan.removes)
    if (left.length === 0) return
    throw new UserError(
      'libvirt-failed',
      `VM ${plan.vm.name} is deleted, and ${left.length === 1 ? 'this volume' : 'these volumes'} could not be: ${left.join('; ')}.`,
      {
        fix: `Delete by hand on ${plan.vm.host}: ${left.map((each) => `virsh vol-delete ${shellWord(each.split(' (')[0] ?? '')}`).join(' && ')}`,
      },
    )
  })
}

/** Removes a VM of this name and the files that kcli makes for one, where nobody else uses them. Only for who knows that
 * they are its own. Returns what could not be removed. */
export function removeLeftovers(context: HostContext, name: string): Promise<string[]> {
  const { name: host } = context.settings
  return workingOn(
    context,
    'remove what was left of VM',
    { name, host, uuid: '' },
    async ({ quick, slow }) => {
      const found = await findDomain(quick, name)
      if (found !== undefined) await removeDefinition(quick, { ...found, host })
      const { volumes, users } = await mapStorage(context, quick)
      const removes = volumes.filter(({ path }) => isFileOf(name, path) && !users.has(path))
      return removeVolumes(slow, quick, removes)
    },
  )
}

async function planOn(context: HostContext, libvirt: Connection, vm: FoundVm): Promise<DeletionPlan> {
  const [live, inactive, { state }, snapshots, storage] = await Promise.all([
    domainXml(libvirt, vm.uuid),
    domainXml(libvirt, vm.uuid, { inactive: true }),
    stateOfVm(libvirt, vm),
    listSnapshots(libvirt, vm.uuid),
    mapStorage(context, libvirt),
  ])
  mustAllAnswer(context, storage.silent)
  const disks = [...disksOf(live, storage), ...disksOf(inactive, storage)]
  return { vm, state, ...sorted(vm, disks, storage), snapshots: snapshots.map(({ name }) => name) }
}

function disksOf(xml: string, { pools }: StorageMap): AttachedDisk[] {
  const directories = new Map(pools.flatMap(({ name, path }) => (path === undefined ? [] : [[name, path]])))
  return readDomainXml(xml).disks.map((disk) => ({
    device: disk.device,
    readOnly: disk.readOnly,
    ...optional({ path: pathOf(disk, directories) }),
  }))
}

function sorted(
  { name }: FoundVm,
  disks: AttachedDisk[],
  { volumes, users }: StorageMap,
): Pick<DeletionPlan, 'removes' | 'keeps'> {
  return sortVolumes({
    vm: name,
    disks,
    volumes: volumes.map(({ path, pool, capacity, backing }) => ({
      path,
      pool,
      capacityGiB: gib(capacity),
      ...optional({ backing }),
    })),
    usersOf: (path) => [...(users.get(path) ?? [])].filter((user) => user !== name),
  })
}

async function stillExists(libvirt: Connection, vm: FoundVm): Promise<boolean> {
  const found = await findDomain(libvirt, vm.name)
  if (found === undefined) {
    const renamed = (await listDomains(libvirt)).find(({ uuid }) => uuid === vm.uuid)
    if (renamed !== undefined) throw changed(vm, `it is called ${renamed.name} now`)
    return false
  }
  if (found.uuid === vm.uuid) return true
  throw changed(vm, 'it was deleted and made again')
}

/** Everything that the plan removes would still be removed by a plan made now. */
async function mustStillHold(context: HostContext, libvirt: Connection, plan: DeletionPlan): Promise<void> {
  const now = await planOn(context, libvirt, plan.vm)
  const removable = new Set(now.removes.map(({ path }) => path))
  const held = now.keeps.find(({ path }) => plan.removes.some((each) => each.path === path))
  if (held !== undefined) throw changed(plan.vm, `${held.path} stays now: ${held.why}`)
  const detached = plan.removes.find(({ path }) => !removable.has(path))
  if (detached !== undefined) throw changed(plan.vm, `${detached.path} is not its own any more`)
}

/** The VM is gone, from an attempt before this one: its volumes must not have come into other hands meanwhile. */
async function mustBeUnused(context: HostContext, libvirt: Connection, plan: DeletionPlan): Promise<void> {
  const { volumes, users, silent } = await mapStorage(context, libvirt)
  mustAllAnswer(context, silent)
  const doomed = new Set(plan.removes.map(({ path }) => path))
  for (const path of doomed) {
    const [user] = users.get(path) ?? []
    if (user !== undefined) throw changed(plan.vm, `${path} is used by ${user} now`)
    const based = volumes.find((volume) => volume.backing === path && !doomed.has(volume.path))
    if (based !== undefined) throw changed(plan.vm, `${based.path} is based on ${path} now`)
  }
}

async function removeDefinition(libvirt: Connection, vm: FoundVm): Promise<void> {
  await ignoringGone(async () => {
    const { state } = await stateOfVm(libvirt, vm)
    if (state !== 'shut off') await unlessOff(() => destroyDomain(libvirt, vm.uuid, { timeoutMs: 60_000 }))
    await undefineDomain(libvirt, vm.uuid)
  })
  const left = (await listDomains(libvirt)).find(({ uuid }) => uuid === vm.uuid)
  if (left === undefined) return
  throw new UserError(
    'libvirt-failed',
    `VM ${vm.name}@${vm.host} was deleted and is still there (${left.state}).`,
    {
      fix: `Look at it: vm show ${vm.name}@${vm.host}`,
    },
  )
}

/** What could not be deleted, each with the reason. */
async function removeVolumes(
  slow: Connection,
  quick: Connection,
  volumes: readonly VolumePlace[],
): Promise<string[]> {
  const left: string[] = []
  for (const { pool, path } of volumes) {
    try {
      await deleteVolume(slow, { pool, path }, { timeoutMs: deleteVolumeWithinMs })
      if ((await findVolume(quick, { pool, path })) !== undefined) left.push(`${path} (still there)`)
    } catch (error) {
      if (!(error instanceof LibvirtError) || error.kind === 'transport') throw error
      left.push(`${path} (${error.message})`)
    }
  }
  return left
}

async function ignoringGone(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}

/** It may have gone off by itself between looking and pulling the plug. */
async function unlessOff(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof LibvirtError) || error.kind !== 'invalid-state') throw error
  }
}

function changed(vm: FoundVm, how: string): UserError {
  return new UserError(
    'changed-since',
    `VM ${vm.name}@${vm.host} is not what it was when this was asked: ${how}.`,
    {
      fix: `Look at it and ask again: vm show ${vm.name}@${vm.host}`,
    },
  )
}
