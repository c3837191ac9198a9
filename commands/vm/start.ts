import { z } from 'zod'
import {
  defineCommand,
  hasEnded,
  isOff,
  pinned,
  planOn,
  vmActions,
  vmRef,
  vmWord,
} from '../../src/command/index.js'
import { UserError } from '../../src/errors.js'
import { vmLock } from '../../src/jobs/index.js'
import { showMiB, timeInWords } from '../../src/report/index.js'

export default defineCommand({
  summary: 'Start a VM, or let a paused one go on',
  examples: ['vm start web1', 'vm start web1@kvm1'],
  risk: 'change',
  args: z.object({ vm: vmRef().describe('The VM to start') }),
  positional: ['vm'],

  async plan({ vm: typed }, { fleet }) {
    const vm = await fleet.find(typed)
    const agent = fleet.agent(vm.host)
    const [{ state, memoryMiB, lease }, { availableMemoryMiB }] = await Promise.all([
      agent.detailOf(vm),
      agent.capacity(),
    ])
    const plan = planOn(vm.host, `Start VM ${vm.name} on ${vm.host}`)
      .change('State', state, 'running')
      .fact('Memory of the VM', showMiB(memoryMiB))
      .fact(`Memory available on ${vm.host}`, showMiB(availableMemoryMiB))
    if (state === 'running') plan.block(alreadyRunning(vmWord(vm)))
    if (state !== 'running' && lease !== undefined && hasEnded(lease, Date.now())) {
      plan.block(leaseEnded(vmWord(vm), lease.until))
    }
    // What the kernel makes of an overcommitted host is its own business: worth a word, not a refusal.
    if (isOff(state) && memoryMiB > availableMemoryMiB) {
      plan.warn(`The VM may use ${showMiB(memoryMiB)}, and ${vm.host} has less available now.`)
    }
    plan.grows({ vm, runs: true })
    return plan.done({ vm }, [vmLock(vm)])
  },

  async run(args, { agent, step }) {
    const vm = pinned(args.vm)
    await step('start', () => agent(vm.host).start(vm))
    const { state, addresses } = await agent(vm.host).detailOf(vm)
    return {
      title: `${vm.name} is ${state}`,
      tone: state === 'running' ? 'ok' : 'warn',
      facts: [
        { label: 'Host', value: vm.host },
        { label: 'State', value: state },
        { label: 'Addresses', value: addresses.join(', ') || `none yet; look again: vm show ${vmWord(vm)}` },
      ],
      actions: vmActions(vm, state),
    }
  },
})

function alreadyRunning(word: string): UserError {
  return new UserError('invalid-state', `VM ${word} is running already.`, {
    fix: `Look at it: vm show ${word}`,
  })
}

function leaseEnded(word: string, until: string): UserError {
  return new UserError('invalid-state', `The lease of VM ${word} ended at ${timeInWords(until)}.`, {
    fix: `Give it a new one, then start it: vm lease ${word} --for 7d`,
  })
}
