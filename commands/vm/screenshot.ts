import { z } from 'zod'
import { defineCommand, isOff, vmActions, vmRef, vmWord } from '../../src/command/index.js'
import { UserError } from '../../src/errors.js'

export default defineCommand({
  summary: 'Show what is on the screen of a VM',
  details: [
    'What is on a screen is its owner’s: they may see it, and whoever may change VMs everywhere. Who looked is in the audit log. The picture is in the thread of the answer.',
  ],
  examples: ['vm screenshot web1', 'vm screenshot web1@kvm1'],
  risk: 'read',
  audited: true,
  args: z.object({ vm: vmRef().describe('The VM') }),
  positional: ['vm'],

  async run({ vm: typed }, { fleet, caller, mayAsk }) {
    const vm = await fleet.find(typed)
    const word = vmWord(vm)
    const agent = fleet.agent(vm.host)
    const { state, owner } = await agent.detailOf(vm)
    const changes = mayAsk({ path: 'vm stop', risk: 'change' })
    const isForAll = changes.answer !== 'no' && changes.where === undefined
    if (owner !== caller.id && !isForAll) {
      throw new UserError('not-allowed', `Not allowed: the screen of ${word} is its owner’s to see.`, {
        fix: owner === undefined ? `Take it over first: vm adopt ${word}` : `Ask ${owner}, or an operator.`,
      })
    }
    if (isOff(state)) {
      throw new UserError('invalid-state', `VM ${word} is off: there is nothing on its screen.`, {
        fix: `Start it: vm start ${word}`,
      })
    }
    const png = await agent.screenshotOf(vm)
    return {
      title: `The screen of ${vm.name}`,
      tone: 'info',
      facts: [
        { label: 'Host', value: vm.host },
        { label: 'State', value: state },
      ],
      picture: { file: `${vm.name}.png`, alt: `The screen of ${vm.name} on ${vm.host}`, png },
      actions: [
        { label: 'Again', command: `vm screenshot ${word}` },
        ...vmActions(vm, state).filter(({ label }) => label !== 'Screenshot'),
      ],
    }
  },
})
