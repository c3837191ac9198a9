import { z } from 'zod'
import {
  defineCommand,
  pinned,
  planOn,
  snapshotRef,
  unknownName,
  vmRef,
  vmWord,
} from '../../src/command/index.js'
import { UserError } from '../../src/errors.js'
import { vmLock } from '../../src/jobs/index.js'
import { timeInWords } from '../../src/report/index.js'

export default defineCommand({
  summary: 'Delete a snapshot of a VM; the VM itself stays as it is',
  examples: ['snapshot delete web1 before-upgrade'],
  risk: 'destructive',
  args: z.object({
    vm: vmRef().describe('The VM'),
    name: snapshotRef().describe('The snapshot to delete'),
  }),
  positional: ['vm', 'name'],

  async plan({ vm: typed, name }, { fleet }) {
    const vm = await fleet.find(typed)
    const snapshots = await fleet.agent(vm.host).snapshots(vm)
    const snapshot = snapshots.find((each) => each.name === name)
    const plan = planOn(vm.host, `Delete snapshot ${name} of VM ${vm.name} on ${vm.host}`)
    if (snapshot === undefined) {
      const names = snapshots.map((each) => each.name)
      plan.block(
        unknownName('unknown-snapshot', `VM ${vmWord(vm)} has no snapshot`, name, names, 'Its snapshots are'),
      )
      return plan.done({ vm, name }, [vmLock(vm)])
    }
    plan.remove(`Snapshot ${name}`, `taken ${timeInWords(snapshot.createdAt)}, ${snapshot.state}`)
    const others = snapshots.filter((each) => each !== snapshot).map((each) => each.name)
    plan.fact('Stays', [`VM ${vm.name} as it is now`, ...others].join(', '))
    plan.warn(`${vm.name} cannot be put back to this snapshot any more.`)
    if (snapshot.kind === 'external') {
      plan.block(
        new UserError(
          'unsupported',
          `Snapshot ${name} is external; only internal ones can be deleted here.`,
          {
            fix: 'Use the tool that made it.',
          },
        ),
      )
    }
    return plan.done({ vm, name }, [vmLock(vm)])
  },

  async run({ vm: planned, name }, { agent, step }) {
    const vm = pinned(planned)
    await step('delete snapshot', () => agent(vm.host).deleteSnapshot(vm, name))
    return {
      title: `Snapshot ${name} of ${vm.name} is deleted`,
      tone: 'ok',
      facts: [{ label: 'Host', value: vm.host }],
      actions: [
        { label: 'Snapshots', command: `snapshot list ${vmWord(vm)}` },
        { label: 'Show VM', command: `vm show ${vmWord(vm)}` },
      ],
    }
  },
})
