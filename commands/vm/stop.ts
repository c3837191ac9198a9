import { z } from 'zod'
import {
  defineCommand,
  duration,
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
import { showDuration } from '../../src/report/index.js'

/** kcli's own limit for a soft stop; guests that listen to the power button are off well before. */
const shutDownWithinMs = 240_000

export default defineCommand({
  summary: 'Shut a VM down, or pull its plug with --force',
  details: [
    'Without --force the guest is asked to shut down, as by its power button, and has --timeout to do it. A guest that does not listen stays up, and the job says so.',
    'With --force the VM is switched off at once. What the guest had not written to its disks is lost.',
  ],
  examples: ['vm stop web1', 'vm stop web1 --timeout 10m', 'vm stop web1 --force'],
  risk: 'change',
  args: z.object({
    vm: vmRef().describe('The VM to stop'),
    force: flag().default(false).describe('Pull the plug: unsaved data in the guest is lost'),
    timeout: duration({ maxMs: 3_600_000 })
      .default(shutDownWithinMs)
      .describe('How long the guest may take to shut down'),
  }),
  positional: ['vm'],
  aliases: { f: 'force' },

  async plan({ vm: typed, force, timeout }, { fleet }) {
    const vm = await fleet.find(typed)
    const agent = fleet.agent(vm.host)
    const [{ state, persistent, memoryMiB }, impact] = await Promise.all([
      agent.detailOf(vm),
      agent.impactOf(vm),
    ])
    const roomy = isOff(state) ? undefined : await hostsWithRoom(fleet, { host: vm.host, memoryMiB })
    const word = vmWord(vm)
    const plan = planOn(
      vm.host,
      force ? `Pull the plug of VM ${vm.name} on ${vm.host}` : `Shut down VM ${vm.name} on ${vm.host}`,
    ).change('State', state, 'shut off')
    if (force) plan.warn('Data that the guest has not written to its disks yet is lost.')
    else plan.fact('Time to shut down', showDuration(timeout))
    plan.facts(touched(impact, roomy)).warn(usersWarning(vm, impact))
    if (!persistent) plan.warn(`${vm.name} is transient: once it is off, its definition is gone.`)
    if (isOff(state)) {
      plan.block(
        new UserError('invalid-state', `VM ${word} is off already.`, { fix: `Start it: vm start ${word}` }),
      )
    } else if (!force && state !== 'running') {
      plan.block(
        new UserError(
          'invalid-state',
          `VM ${word} is ${state}; a guest that does not run cannot shut down.`,
          {
            fix: `Let it go on (vm start ${word}) or pull the plug (vm stop ${word} --force).`,
          },
        ),
      )
    }
    return plan.done({ vm, force, timeout }, [vmLock(vm)])
  },

  async run({ vm: planned, force, timeout }, { agent, step }) {
    const vm = pinned(planned)
    if (force) await step('power off', () => agent(vm.host).powerOff(vm))
    else {
      await step('shut down', ({ signal, progress }) => {
        progress(`waiting up to ${showDuration(timeout)} for the guest`)
        return agent(vm.host).shutDown(vm, { timeoutMs: timeout, signal })
      })
    }
    return {
      title: `${vm.name} is shut off`,
      tone: 'ok',
      facts: [
        { label: 'Host', value: vm.host },
        { label: 'How', value: force ? 'the plug was pulled' : 'the guest shut down by itself' },
      ],
      actions: vmActions(vm, 'shut off'),
    }
  },
})
