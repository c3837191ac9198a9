import { z } from 'zod'
import { defineCommand, vmRef, vmWord } from '../../src/command/index.js'
import { count, timeInWords } from '../../src/report/index.js'

export default defineCommand({
  summary: 'List the snapshots of a VM',
  examples: ['snapshot list web1'],
  risk: 'read',
  args: z.object({ vm: vmRef().describe('The VM') }),
  positional: ['vm'],

  async run({ vm: typed }, { fleet }) {
    const vm = await fleet.find(typed)
    const snapshots = await fleet.agent(vm.host).snapshots(vm)
    const word = vmWord(vm)
    return {
      title: `${vm.name} on ${vm.host}: ${count(snapshots.length, 'snapshot')}`,
      tone: 'info',
      table: {
        columns: ['Snapshot', 'Taken', 'State then', 'Kind', 'Description'],
        rows: snapshots.map(({ name, createdAt, state, kind, current, description }) => [
          current ? `${name} (current)` : name,
          timeInWords(createdAt),
          state,
          kind,
          description ?? '',
        ]),
      },
      actions: [{ label: 'Take one', command: `snapshot create ${word}` }],
    }
  },
})
