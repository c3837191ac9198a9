import { z } from 'zod'
import {
  defineCommand,
  flag,
  hostsWithRoom,
  isOff,
  pinned,
  planOn,
  touched,
  usersWarning,
  vmActions,
  vmRef,
  vmWord,
} from '../../src/command/index.js'
import { UserError } from '../../src/errors.js'
import { vmLock } from '../../src/jobs/index.js'

export default defineCommand({
  summary: 'Restart a VM, or reset it with --force',
  details: [
    'Without --force the guest is asked to restart. With --force the VM is switched off and started again; what the guest had not written to its disks is lost.',
  ],
  examples: ['vm restart web1', 'vm restart web1 --force'],
  risk: 'change',
  args: z.object({
    vm: vmRef().describe('The VM to restart'),
    force: flag().default(false).describe('Power off and start: unsaved data in the guest is lost'),
  }),
  positional: ['vm'],
  aliases: { f: 'force' },

  async plan({ vm: typed, force }, { fleet }) {
    const vm = await fleet.find(typed)
    const agent = fleet.agent(vm.host)
    const [{ state, persistent, memoryMiB }, impact] = await Promise.all([
      agent.detailOf(vm),
      agent.impactOf(vm),
    ])
    const roomy = isOff(state) ? undefined : await hostsWithRoom(fleet, { host: vm.host, memoryMiB })
    const word = vmWord(vm)
    const plan = planOn(vm.host, `Restart VM ${vm.name} on ${vm.host}${force ? ' by switching it off' : ''}`)
    plan.change('State', state, force ? 'shut off, then running' : 'running again')
    plan.facts(touched(impact, roomy)).warn(usersWarning(vm, impact))
    if (force) plan.warn('Data that the guest has not written to its disks yet is lost.')
    if (isOff(state)) {
      plan.block(new UserError('invalid-state', `VM ${word} is off.`, { fix: `Start it: vm start ${word}` }))
    } else if (!force && state !== 'running') {
      plan.block(
        new UserError('invalid-state', `VM ${word} is ${state}; a guest that does not run cannot restart.`, {
          fix: `Let it go on (vm start ${word}) or reset it (vm restart ${word} --force).`,
        }),
      )
    } else if (force && !persistent) {
      plan.block(
        new UserError(
          'unsupported',
          `VM ${word} is transient: switched off, it could not be started again.`,
          {
            fix: `Ask the guest instead: vm restart ${word}`,
          },
        ),
      )
    }
    return plan.done({ vm, force }, [vmLock(vm)])
  },

  async run({ vm: planned, force }, { agent, step }) {
    const vm = pinned(planned)
    if (force) {
      await step('power off', () => agent(vm.host).powerOff(vm))
      await step('start', () => agent(vm.host).start(vm))
    } else {
      await step('restart', () => agent(vm.host).reboot(vm))
    }
    const { state, addresses } = await agent(vm.host).detailOf(vm)
    return {
      title: `${vm.name} was restarted and is ${state}`,
      tone: state === 'running' ? 'ok' : 'warn',
      facts: [
        { label: 'Host', value: vm.host },
        { label: 'How', value: force ? 'switched off and started' : 'the guest restarted' },
        { label: 'Addresses', value: addresses.join(', ') || `none yet; look again: vm show ${vmWord(vm)}` },
      ],
      actions: vmActions(vm, state),
    }
  },
})
