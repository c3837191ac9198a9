import { z } from 'zod'
import {
  choice,
  defineCommand,
  hostCount,
  hostName,
  ownerId,
  ownerRef,
  silence,
  timeLeft,
} from '../../src/command/index.js'
import { count } from '../../src/report/index.js'

export default defineCommand({
  summary: 'List VMs of all hosts, or of one',
  examples: ['vm list', 'vm list kvm1', 'vm list --state running', 'vm list --owner me'],
  risk: 'read',
  args: z.object({
    host: hostName().optional().describe('Only VMs of this host'),
    state: choice('running', 'off').optional().describe('Only VMs that run, or that do not'),
    owner: ownerRef().optional().describe('Only VMs of this person'),
  }),
  positional: ['host'],

  async run({ host, state, owner }, { fleet, caller }) {
    const { vms, unreachable } =
      host === undefined ? await fleet.vms() : { vms: await fleet.agent(host).vms(), unreachable: [] }
    const whose = owner === undefined ? undefined : ownerId(owner, caller)
    const shown = vms
      .filter((vm) => state === undefined || (vm.state === 'running') === (state === 'running'))
      .filter((vm) => whose === undefined || vm.owner === whose)
    const uncertain = new Set(vms.filter((vm) => vm.isOwnerUncertain).map((vm) => vm.host))
    const isOwned = shown.some((vm) => vm.owner !== undefined)
    const isLeased = shown.some((vm) => vm.lease !== undefined)
    const now = Date.now()
    const running = shown.filter((vm) => vm.state === 'running').length
    const where = host ?? hostCount(fleet, unreachable.length)
    return {
      title: `${counted(shown.length, state)}${whose === undefined ? '' : ` of ${whose}`} on ${where}`,
      tone: unreachable.length > 0 ? 'warn' : 'info',
      ...(shown.length > 0 && state === undefined ? { summary: `${running} running.` } : {}),
      table: {
        columns: ['VM', 'State', 'Host', ...(isOwned ? ['Owner'] : []), ...(isLeased ? ['Time left'] : [])],
        rows: shown.map((vm) => [
          vm.name,
          vm.reason ? `${vm.state} (${vm.reason})` : vm.state,
          vm.host,
          ...(isOwned ? [vm.owner ?? ''] : []),
          ...(isLeased ? [vm.lease === undefined ? '' : timeLeft(vm.lease, now)] : []),
        ]),
      },
      notes: [
        ...unreachable.map(({ name, problem }) =>
          silence({ host: name, error: { message: problem?.message ?? 'no reason given' } }),
        ),
        ...(whose === undefined
          ? []
          : [...uncertain].map(
              (name) => `${name} did not say in time whose its VMs are; there may be more.`,
            )),
        ...(shown.length === 0 && unreachable.length === 0 ? ['Make one: vm create web1 --image …'] : []),
      ],
    }
  },
})

function counted(vms: number, state: 'running' | 'off' | undefined): string {
  if (state === undefined) return count(vms, 'VM')
  return state === 'running' ? count(vms, 'running VM') : count(vms, 'VM that is off', 'VMs that are off')
}
