/** Power: each verb looks first, so that it may run again after a crash, and looks again before it says it is done. */
import { UserError } from '../errors.js'
import {
  type Connection,
  destroyDomain,
  LibvirtError,
  rebootDomain,
  resumeDomain,
  shutDownDomain,
  startDomain,
} from '../libvirt/index.js'
import type { FoundVm, VmState } from './agent.js'
import { type HostContext, workingOn } from './host-context.js'
import { stateOfVm } from './vm-reading.js'
import { waitUntil } from './waiting.js'

/** A start may have to load saved memory first. */
const startWithinMs = 120_000
const powerOffWithinMs = 30_000
const rebootWithinMs = 180_000
/** A guest that is still booting does not hear the power button. */
const pressAgainMs = 10_000

/** shut off, crashed → boots (or loads its saved memory) · paused → goes on · running → nothing to do */
export function startVm(context: HostContext, vm: FoundVm): Promise<void> {
  return workingOn(context, 'start VM', vm, async ({ slow, quick }) => {
    const { state } = await stateOfVm(quick, vm)
    if (state === 'paused') await resumeDomain(slow, vm.uuid)
    else if (state === 'shut off' || state === 'crashed')
      await unlessItRunsNow(quick, vm, startDomain(slow, vm.uuid, { timeoutMs: startWithinMs }))
    else if (state !== 'running')
      throw wrongState(vm, state, 'started', `Wait until it is off, then: vm start ${at(vm)}`)
    const after = await stateOfVm(quick, vm)
    if (after.state === 'running') return
    throw new UserError(
      'invalid-state',
      `VM ${at(vm)} was started and is ${after.state} now (${after.reason ?? 'no reason given'}).`,
      {
        fix: `Look at it: vm show ${at(vm)}`,
      },
    )
  })
}

export function shutDownVm(
  context: HostContext,
  vm: FoundVm,
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal },
): Promise<void> {
  return workingOn(context, 'shut down VM', vm, async ({ quick }) => {
    let pressedAt = Number.NEGATIVE_INFINITY
    await waitUntil(
      { events: context.events, uuid: vm.uuid, timeoutMs, signal, late: () => stillUp(vm, timeoutMs) },
      async () => {
        const { state } = await stateOrGone(quick, vm)
        if (state === 'shut off' || state === 'crashed') return true
        if (state === 'paused' || state === 'suspended') {
          throw wrongState(
            vm,
            state,
            'asked to shut down',
            `Let it go on (vm start ${at(vm)}) or pull the plug (vm stop ${at(vm)} --force).`,
          )
        }
        if (state === 'running' && Date.now() - pressedAt >= pressAgainMs) {
          pressedAt = Date.now()
          await unlessItIsOffNow(quick, vm, shutDownDomain(quick, vm.uuid))
        }
        return undefined
      },
    )
  })
}

export function powerOffVm(context: HostContext, vm: FoundVm): Promise<void> {
  return workingOn(context, 'stop VM', vm, async ({ quick }) => {
    const { state } = await stateOfVm(quick, vm)
    if (state !== 'shut off')
      await unlessItIsOffNow(quick, vm, destroyDomain(quick, vm.uuid, { timeoutMs: powerOffWithinMs }))
    const after = await stateOrGone(quick, vm)
    if (after.state === 'shut off') return
    throw new UserError('invalid-state', `VM ${at(vm)} is still ${after.state} after the plug was pulled.`, {
      fix: `Look at it: vm show ${at(vm)}`,
    })
  })
}

/** Done when the guest went through its reset, not when it was asked to. */
export function rebootVm(context: HostContext, vm: FoundVm): Promise<void> {
  return workingOn(context, 'restart VM', vm, async ({ quick }) => {
    const { state } = await stateOfVm(quick, vm)
    if (state !== 'running') throw wrongState(vm, state, 'restarted', `Start it: vm start ${at(vm)}`)
    let asked = false
    await waitUntil(
      { events: context.events, uuid: vm.uuid, timeoutMs: rebootWithinMs, late: () => notRestarted(vm) },
      async ({ rebooted }) => {
        if (!asked) {
          // Asked for only once the wait listens, so that no reset is missed.
          asked = true
          await rebootDomain(quick, vm.uuid)
          return undefined
        }
        const now = await stateOrGone(quick, vm)
        if (now.state === 'shut off')
          throw wrongState(vm, now.state, 'restarted: it went off instead', `Start it: vm start ${at(vm)}`)
        return rebooted && now.state === 'running' ? true : undefined
      },
    )
  })
}

/** A transient VM is gone once it is off. */
async function stateOrGone(libvirt: Connection, vm: FoundVm): Promise<{ state: VmState }> {
  try {
    return await stateOfVm(libvirt, vm)
  } catch (error) {
    if (error instanceof LibvirtError && error.kind === 'not-found') return { state: 'shut off' }
    throw error
  }
}

function unlessItRunsNow(libvirt: Connection, vm: FoundVm, work: Promise<void>): Promise<void> {
  return forgivenIf(work, async () => (await stateOrGone(libvirt, vm)).state === 'running')
}

function unlessItIsOffNow(libvirt: Connection, vm: FoundVm, work: Promise<void>): Promise<void> {
  return forgivenIf(work, async () => (await stateOrGone(libvirt, vm)).state === 'shut off')
}

/** Somebody else may have reached what we wanted in the moment between looking and acting. */
async function forgivenIf(work: Promise<void>, reached: () => Promise<boolean>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (
      error instanceof LibvirtError &&
      (error.kind === 'invalid-state' || error.kind === 'not-found') &&
      (await reached())
    )
      return
    throw error
  }
}

function at({ name, host }: FoundVm): string {
  return `${name}@${host}`
}

function wrongState(vm: FoundVm, state: VmState, done: string, fix: string): UserError {
  return new UserError('invalid-state', `VM ${at(vm)} is ${state} and cannot be ${done}.`, { fix })
}

function stillUp(vm: FoundVm, timeoutMs: number): UserError {
  const seconds = Math.round(timeoutMs / 1000)
  return new UserError(
    'timeout',
    `VM ${at(vm)} is still up ${seconds} s after it was asked to shut down; its guest may not listen.`,
    {
      fix: `Pull the plug: vm stop ${at(vm)} --force`,
    },
  )
}

function notRestarted(vm: FoundVm): UserError {
  const seconds = rebootWithinMs / 1000
  return new UserError(
    'timeout',
    `VM ${at(vm)} was asked to restart and has not within ${seconds} s; its guest may not listen.`,
    {
      fix: `Pull the plug and start it: vm stop ${at(vm)} --force, then vm start ${at(vm)}`,
    },
  )
}
