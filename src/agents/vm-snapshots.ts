/**
 * Snapshots. Ours are internal: they live in the VM's qcow2 disks, with its memory when it runs.
 *
 * | disks | snapshots it has | create   | revert, delete |
 * |-------|------------------|----------|----------------|
 * | qcow2 | none or internal | internal | of internal    |
 * | other | any              | refused  | of internal    |
 * | any   | some external    | refused  | of internal    |
 *
 * External ones are shown and left alone: mixing the kinds has cost people their data, and libvirt before 9.9 cannot
 * revert to them.
 */
import { UserError } from '../errors.js'
import {
  type Connection,
  createSnapshot,
  deleteSnapshot,
  domainXml,
  isNotFound,
  listSnapshots,
  readDomainXml,
  revertToSnapshot,
  type SnapshotListing,
  snapshotXml,
} from '../libvirt/index.js'
import type { FoundVm, SnapshotSummary, VmState } from './agent.js'
import { askingOf, type HostContext, workingOn } from './host-context.js'
import { shellWord } from './shell-word.js'
import { readOwnership, writeOwnership } from './vm-ownership.js'
import { optional, stateOfVm } from './vm-reading.js'

/** Memory is written to or read from the disk; a large guest on a slow disk takes minutes. */
const workWithinMs = 30 * 60_000

export function listVmSnapshots(context: HostContext, vm: FoundVm): Promise<SnapshotSummary[]> {
  return askingOf(context, 'list the snapshots of VM', vm, async (libvirt) =>
    oldestFirst(await listSnapshots(libvirt, vm.uuid)).map(summaryOf),
  )
}

export function createVmSnapshot(
  context: HostContext,
  vm: FoundVm,
  snapshot: { name: string; description?: string; key?: string },
): Promise<SnapshotSummary> {
  return workingOn(context, `take a snapshot of VM`, vm, async ({ slow, quick }) => {
    const existing = await listSnapshots(quick, vm.uuid)
    const taken = existing.find(({ name }) => name === snapshot.name)
    if (taken !== undefined) return sameRequest(vm, taken, snapshot.key)
    const external = existing.find(({ kind }) => kind === 'external')
    if (external !== undefined) throw wouldMix(vm, external.name)
    await mustHoldSnapshots(quick, vm)
    const { name, key } = snapshot
    const description = withKey(snapshot.description, key)
    await createSnapshot(slow, vm.uuid, snapshotXml({ name, ...optional({ description }) }), {
      timeoutMs: workWithinMs,
    })
    const made = (await listSnapshots(quick, vm.uuid)).find((each) => each.name === name)
    if (made !== undefined) return summaryOf(made)
    throw new UserError(
      'libvirt-failed',
      `libvirt took the snapshot “${name}” of VM ${at(vm)}, and it is not there.`,
      {
        fix: `Look: snapshot list ${at(vm)}`,
      },
    )
  })
}

export function revertVmSnapshot(context: HostContext, vm: FoundVm, name: string): Promise<VmState> {
  return workingOn(context, `revert to snapshot “${name}” of VM`, vm, async ({ slow, quick }) => {
    const wanted = await snapshotNamed(quick, vm, name)
    if (wanted.kind === 'external') throw notOurs(vm, name, 'reverted to')
    const ownership = await readOwnership(quick, vm.uuid)
    await revertToSnapshot(slow, vm.uuid, name, { timeoutMs: workWithinMs })
    // The definition is that of the snapshot now, its owner included; it may have been adopted or handed over since.
    if (ownership !== undefined) await writeOwnership(quick, vm.uuid, ownership)
    const [{ state }, after] = await Promise.all([stateOfVm(quick, vm), snapshotNamed(quick, vm, name)])
    const expected = stateIn(wanted.state)
    if (after.current && (expected === undefined || state === expected)) return state
    throw new UserError(
      'libvirt-failed',
      `VM ${at(vm)} was reverted to “${name}” (${wanted.state}) and is ${state}${after.current ? '' : ', with another snapshot as its current one'}.`,
      { fix: `Look at it: vm show ${at(vm)}` },
    )
  })
}

/** Resolves also when it is gone already. */
export function deleteVmSnapshot(context: HostContext, vm: FoundVm, name: string): Promise<void> {
  return workingOn(context, `delete snapshot “${name}” of VM`, vm, async ({ slow, quick }) => {
    const doomed = (await listSnapshots(quick, vm.uuid)).find((each) => each.name === name)
    if (doomed === undefined) return
    if (doomed.kind === 'external') throw notOurs(vm, name, 'deleted')
    try {
      await deleteSnapshot(slow, vm.uuid, name, { timeoutMs: workWithinMs })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
    if ((await listSnapshots(quick, vm.uuid)).every((each) => each.name !== name)) return
    throw new UserError(
      'libvirt-failed',
      `Snapshot “${name}” of VM ${at(vm)} was deleted and is still there.`,
      {
        fix: `Look: snapshot list ${at(vm)}`,
      },
    )
  })
}

async function mustHoldSnapshots(libvirt: Connection, vm: FoundVm): Promise<void> {
  const { disks } = readDomainXml(await domainXml(libvirt, vm.uuid))
  const other = disks.find(
    ({ device, readOnly, format }) => device === 'disk' && !readOnly && format !== 'qcow2',
  )
  if (other === undefined) return
  throw new UserError(
    'unsupported',
    `Disk ${other.target} of VM ${at(vm)} has the format ${other.format ?? 'unknown'}; snapshots need qcow2 disks.`,
    { fix: 'Detach that disk or convert it to qcow2 (qemu-img convert) while the VM is off.' },
  )
}

async function snapshotNamed(libvirt: Connection, vm: FoundVm, name: string): Promise<SnapshotListing> {
  const snapshot = (await listSnapshots(libvirt, vm.uuid)).find((each) => each.name === name)
  if (snapshot !== undefined) return snapshot
  throw new UserError('unknown-snapshot', `VM ${at(vm)} has no snapshot “${name}”.`, {
    fix: `See what there is: snapshot list ${at(vm)}`,
  })
}

/** The words of snapshot XML for states that a VM can be put back into. */
function stateIn(state: string): VmState | undefined {
  return { running: 'running', paused: 'paused', shutoff: 'shut off' }[state] as VmState | undefined
}

function summaryOf({
  name,
  createdS,
  state,
  current,
  kind,
  parent,
  description,
}: SnapshotListing): SnapshotSummary {
  return {
    name,
    createdAt: new Date(createdS * 1000).toISOString(),
    state: stateIn(state) ?? state,
    current,
    kind,
    ...optional({ parent, description: withoutKey(description) }),
  }
}

/** libvirt's times are whole seconds; within one, a parent comes before its children. */
export function oldestFirst(snapshots: SnapshotListing[]): SnapshotListing[] {
  const byName = new Map(snapshots.map((each) => [each.name, each]))
  const depth = (snapshot: SnapshotListing): number => {
    let above = byName.get(snapshot.parent ?? '')
    let steps = 0
    // A host may say anything, also that two are each other's parents.
    while (above !== undefined && steps < snapshots.length) {
      above = byName.get(above.parent ?? '')
      steps += 1
    }
    return steps
  }
  return snapshots.toSorted((a, b) => a.createdS - b.createdS || depth(a) - depth(b))
}

/** The key of the request stands at the end of the description: it tells after a crash whose snapshot this is. */
function withKey(description: string | undefined, key: string | undefined): string | undefined {
  return key === undefined ? description : `${description ?? ''} [qnav ${key}]`.trim()
}

function withoutKey(description: string | undefined): string | undefined {
  const text = description?.replace(/ ?\[qnav [^\]]*\]$/, '')
  return text === '' ? undefined : text
}

function sameRequest(vm: FoundVm, taken: SnapshotListing, key: string | undefined): SnapshotSummary {
  if (key !== undefined && taken.description?.endsWith(`[qnav ${key}]`) === true) return summaryOf(taken)
  throw new UserError('name-taken', `VM ${at(vm)} already has a snapshot “${taken.name}”.`, {
    fix: `Choose another name, or delete that one: snapshot delete ${at(vm)} ${taken.name}`,
  })
}

function wouldMix(vm: FoundVm, external: string): UserError {
  return new UserError(
    'unsupported',
    `VM ${at(vm)} has the external snapshot “${external}”; an internal one beside it could cost data.`,
    {
      fix: `Delete the external ones first, with the tool that made them: virsh snapshot-delete ${shellWord(vm.name)} ${shellWord(external)}`,
    },
  )
}

function notOurs(vm: FoundVm, name: string, done: string): UserError {
  return new UserError(
    'unsupported',
    `Snapshot “${name}” of VM ${at(vm)} is external; only internal ones can be ${done} here.`,
    {
      fix: 'Use the tool that made it.',
    },
  )
}

function at({ name, host }: FoundVm): string {
  return `${name}@${host}`
}
