/** What reports about one VM have in common: how it is named in a command line, and what one may do next. */
import type { FoundVm, VmRef, VmState } from '../agents/agent.js'
import type { Action } from '../report/index.js'
import { quoteWord } from './words.js'

/** `web1@kvm1` as it is typed. */
export function vmWord({ name, host }: FoundVm): string {
  return quoteWord(`${name}@${host}`)
}

/** The VM that the plan settled on: `run` acts on this one and no other of the same name. */
export function pinned({ name, host, uuid }: VmRef): FoundVm {
  if (host === undefined || uuid === undefined) throw new Error(`the plan did not look up VM ${name}`)
  return { name, host, uuid }
}

/** Whether there is nothing to stop: the guest does not exist in memory. */
export function isOff(state: VmState): boolean {
  return state === 'shut off' || state === 'crashed'
}

/** What one may want to do with it now. */
export function vmActions(vm: FoundVm, state: VmState): Action[] {
  const word = vmWord(vm)
  const snapshot: Action = { label: 'Snapshot', command: `snapshot create ${word}` }
  if (!isOff(state)) {
    return [
      { label: 'Show', command: `vm show ${word}` },
      { label: 'Screenshot', command: `vm screenshot ${word}` },
      snapshot,
      { label: 'Stop', command: `vm stop ${word}`, confirm: `Shut ${vm.name} down?` },
    ]
  }
  return [
    { label: 'Start', command: `vm start ${word}`, style: 'primary' },
    snapshot,
    {
      label: 'Delete',
      command: `vm delete ${word}`,
      style: 'danger',
      confirm: `Delete ${vm.name} on ${vm.host} with its disks and snapshots? You see what goes before it is done.`,
    },
  ]
}
