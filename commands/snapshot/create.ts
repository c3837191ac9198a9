import { z } from 'zod'
import {
  defineCommand,
  isOff,
  pinned,
  planOn,
  quoteWord,
  snapshotName,
  text,
  vmRef,
  vmWord,
} from '../../src/command/index.js'
import { UserError } from '../../src/errors.js'
import { vmLock } from '../../src/jobs/index.js'
import { showMiB, timeInWords } from '../../src/report/index.js'

export default defineCommand({
  summary: 'Take a snapshot of a VM',
  details: [
    'The snapshot lives in the disks of the VM. If the VM runs, its memory is saved too and the guest stands still meanwhile.',
  ],
  examples: [
    'snapshot create web1 before-upgrade',
    'snapshot create web1 --description "before the upgrade"',
  ],
  risk: 'change',
  args: z.object({
    vm: vmRef().describe('The VM'),
    name: snapshotName().optional().describe('Name of the snapshot; the time when it is left out'),
    description: text({ max: 200 }).optional().describe('What it is for'),
  }),
  positional: ['vm', 'name'],

  async plan({ vm: typed, name = nameOfNow(), description }, { fleet, caller }) {
    const vm = await fleet.find(typed)
    const agent = fleet.agent(vm.host)
    const [{ state, memoryMiB, disks }, snapshots] = await Promise.all([
      agent.detailOf(vm),
      agent.snapshots(vm),
    ])
    const word = vmWord(vm)
    const plan = planOn(vm.host, `Take snapshot ${name} of VM ${vm.name} on ${vm.host}`)
      .add(`Snapshot ${name}`, isOff(state) ? 'disks' : `disks and ${showMiB(memoryMiB)} of memory`)
      .fact('State of the VM', state)
      .fact('Snapshots it has', snapshots.map((each) => each.name).join(', ') || 'none')
      .fact('Asked by', caller.name ?? caller.id)
    if (!isOff(state)) plan.warn(`${vm.name} stands still while its memory is written to disk.`)
    if (snapshots.some((each) => each.name === name)) {
      plan.block(
        new UserError('name-taken', `VM ${word} already has a snapshot ${name}.`, {
          fix: `Choose another name, or delete that one: snapshot delete ${word} ${quoteWord(name)}`,
        }),
      )
    }
    const external = snapshots.find(({ kind }) => kind === 'external')
    if (external !== undefined) {
      plan.block(
        new UserError(
          'unsupported',
          `VM ${word} has the external snapshot ${external.name}; an internal one beside it could cost data.`,
          { fix: 'Delete the external one first, with the tool that made it.' },
        ),
      )
    }
    const other = disks.find(
      ({ device, source, format }) => device === 'disk' && source !== undefined && format !== 'qcow2',
    )
    if (other !== undefined) {
      plan.block(
        new UserError(
          'unsupported',
          `Disk ${other.target} of VM ${word} has the format ${other.format ?? 'unknown'}; snapshots need qcow2 disks.`,
          { fix: 'Detach that disk, or convert it to qcow2 while the VM is off (qemu-img convert).' },
        ),
      )
    }
    plan.grows({ vm, snapshots: [name] })
    const settled = { vm, name, ...(description === undefined ? {} : { description }) }
    return plan.done(settled, [vmLock(vm)])
  },

  async run({ vm: planned, name = '', description }, { agent, step }) {
    const vm = pinned(planned)
    const about = description === undefined ? {} : { description }
    const { createdAt, state } = await step('take snapshot', async ({ key }) => {
      const made = await agent(vm.host).createSnapshot(vm, { name, key, ...about })
      return { createdAt: made.createdAt, state: made.state }
    })
    const which = `${vmWord(vm)} ${quoteWord(name)}`
    return {
      title: `Snapshot ${name} of ${vm.name} is taken`,
      tone: 'ok',
      facts: [
        { label: 'Host', value: vm.host },
        { label: 'Taken', value: timeInWords(createdAt) },
        { label: 'State of the VM', value: state },
      ],
      actions: [
        {
          label: 'Revert',
          command: `snapshot revert ${which}`,
          style: 'danger',
          confirm: `Put ${vm.name} back to ${name}? Everything since then is lost.`,
        },
        { label: 'Snapshots', command: `snapshot list ${vmWord(vm)}` },
      ],
    }
  },
})

/** snap-20260102-030405, in UTC. */
function nameOfNow(): string {
  const digits = new Date().toISOString().replace(/\D/g, '')
  return `snap-${digits.slice(0, 8)}-${digits.slice(8, 14)}`
}
