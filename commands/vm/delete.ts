import { z } from 'zod'
import type { DeletionPlan } from '../../src/agents/index.js'
import {
  asData,
  defineCommand,
  isOff,
  pinned,
  planOn,
  touched,
  usersWarning,
  vmRef,
} from '../../src/command/index.js'
import { UserError } from '../../src/errors.js'
import { vmLock } from '../../src/jobs/index.js'
import { count, type Plan, showMiB } from '../../src/report/index.js'

export default defineCommand({
  summary: 'Delete a VM with its disks and snapshots',
  details: [
    'The plan lists every volume that goes and every one that stays, worked out from the host. Exactly that is deleted: a disk that appeared since is not.',
  ],
  examples: ['vm delete web1', 'vm delete web1@kvm1'],
  risk: 'destructive',
  args: z.object({ vm: vmRef().describe('The VM to delete') }),
  positional: ['vm'],

  async plan({ vm: typed }, { fleet }) {
    const vm = await fleet.find(typed)
    const agent = fleet.agent(vm.host)
    const [deletion, impact] = await Promise.all([
      agent.deletionOf(vm),
      agent.impactOf(vm, { storage: true }),
    ])
    const plan = planOn(vm.host, `Delete VM ${vm.name} on ${vm.host}`).remove(`VM ${vm.name}`, deletion.state)
    for (const { path, pool, capacityGiB } of deletion.removes) {
      const size = capacityGiB === undefined ? '' : `${showMiB(capacityGiB * 1024)}, `
      plan.remove(volume(path), `${size}pool ${pool}`)
    }
    for (const snapshot of deletion.snapshots) plan.remove(`Snapshot ${snapshot}`, 'its state of the VM')
    for (const { path, why } of deletion.keeps) plan.fact(`Stays: ${path}`, why)
    plan.fact('UUID', vm.uuid).facts(touched(impact)).warn(usersWarning(vm, impact))
    if (!isOff(deletion.state)) {
      plan.warn(`${vm.name} is ${deletion.state}: its plug is pulled first. What runs in it ends.`)
    }
    plan.warn('This cannot be undone.')
    return plan.done({ vm }, [vmLock(vm)])
  },

  async run(args, { agent, step, job }) {
    const vm = pinned(args.vm)
    // Journalled before anything goes, so that after a crash in the middle the rest of it is still known.
    const deletion = await step('check what goes', async () => {
      const now = await agent(vm.host).deletionOf(vm)
      mustBeAsPlanned(job.plan, now)
      return asData(now)
    })
    await step('delete', () => agent(vm.host).deleteVm(deletion))
    return {
      title: `${vm.name} is deleted`,
      tone: 'ok',
      facts: [
        { label: 'Host', value: vm.host },
        { label: 'Deleted', value: deletion.removes.map(({ path }) => path).join(', ') || 'no volume' },
        ...(deletion.snapshots.length > 0
          ? [{ label: 'Snapshots lost', value: deletion.snapshots.join(', ') }]
          : []),
        ...deletion.keeps.map(({ path, why }) => ({ label: `Stays: ${path}`, value: why })),
      ],
      actions: [{ label: 'VMs', command: `vm list ${vm.host}` }],
    }
  },
})

function volume(path: string): string {
  return `Volume ${path}`
}

/** Less than was planned may go, more may not. */
function mustBeAsPlanned(plan: Plan | undefined, now: DeletionPlan): void {
  const planned = new Set(plan?.changes.map(({ what }) => what))
  const others = [
    ...now.removes.map(({ path }) => volume(path)),
    ...now.snapshots.map((snapshot) => `Snapshot ${snapshot}`),
  ].filter((what) => !planned.has(what))
  if (others.length === 0) return
  throw new UserError(
    'changed-since',
    `Since the plan was made, ${count(others.length, 'more thing')} would be lost with ${now.vm.name}: ${others.join(', ')}. Nothing was deleted.`,
    { fix: `Ask again and look at the new plan: vm delete ${now.vm.name}@${now.vm.host}` },
  )
}
