import { z } from 'zod'
import {
  defineCommand,
  isOff,
  pinned,
  planOn,
  snapshotRef,
  touched,
  unknownName,
  usersWarning,
  vmActions,
  vmRef,
  vmWord,
} from '../../src/command/index.js'
import { UserError } from '../../src/errors.js'
import { vmLock } from '../../src/jobs/index.js'
import { timeInWords } from '../../src/report/index.js'

export default defineCommand({
  summary: 'Put a VM back to a snapshot; everything since is lost',
  examples: ['snapshot revert web1 before-upgrade'],
  risk: 'destructive',
  args: z.object({
    vm: vmRef().describe('The VM'),
    name: snapshotRef().describe('The snapshot to go back to'),
  }),
  positional: ['vm', 'name'],

  async plan({ vm: typed, name }, { fleet }) {
    const vm = await fleet.find(typed)
    const agent = fleet.agent(vm.host)
    const [{ state }, snapshots, impact] = await Promise.all([
      agent.detailOf(vm),
      agent.snapshots(vm),
      agent.impactOf(vm),
    ])
    const snapshot = snapshots.find((each) => each.name === name)
    const plan = planOn(vm.host, `Put VM ${vm.name} on ${vm.host} back to snapshot ${name}`)
    if (snapshot === undefined) {
      const names = snapshots.map((each) => each.name)
      plan.block(
        unknownName('unknown-snapshot', `VM ${vmWord(vm)} has no snapshot`, name, names, 'Its snapshots are'),
      )
      return plan.done({ vm, name }, [vmLock(vm)])
    }
    const taken = timeInWords(snapshot.createdAt)
    plan
      .change('Disks', 'as they are now', `as of ${taken}`)
      .change('State', state, snapshot.state)
      .fact('Snapshot taken', taken)
    if (snapshot.description !== undefined) plan.fact('Description', snapshot.description)
    plan.warn(`Everything that ${vm.name} wrote to its disks since ${taken} is lost.`)
    if (!isOff(state)) plan.warn(`${vm.name} is ${state}: what runs in it now ends.`)
    plan.facts(touched(impact)).warn(usersWarning(vm, impact))
    const later = snapshots.filter(({ createdAt }) => createdAt > snapshot.createdAt)
    if (later.length > 0) {
      plan.fact('Later snapshots, which stay', later.map((each) => each.name).join(', '))
    }
    if (snapshot.kind === 'external') {
      plan.block(
        new UserError('unsupported', `Snapshot ${name} is external; only internal ones can be reverted to.`, {
          fix: 'Use the tool that made it.',
        }),
      )
    }
    return plan.done({ vm, name }, [vmLock(vm)])
  },

  async run({ vm: planned, name }, { agent, step }) {
    const vm = pinned(planned)
    const state = await step('revert', () => agent(vm.host).revertSnapshot(vm, name))
    return {
      title: `${vm.name} is back at ${name} and is ${state}`,
      tone: 'ok',
      facts: [
        { label: 'Host', value: vm.host },
        { label: 'Snapshot', value: name },
        { label: 'State', value: state },
      ],
      actions: vmActions(vm, state),
    }
  },
})
