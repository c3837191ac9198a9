import { z } from 'zod'
import type { HostSummary } from '../../src/agents/index.js'
import { defineCommand } from '../../src/command/index.js'
import { count } from '../../src/report/index.js'

export default defineCommand({
  summary: 'List the KVM hosts and whether they answer',
  examples: ['host list'],
  risk: 'read',
  args: z.object({}),

  async run(_args, { fleet }) {
    const hosts = await Promise.all(fleet.agents.map((agent) => agent.summary()))
    const silent = hosts.filter(({ status }) => status === 'unreachable')
    return {
      title: count(hosts.length, 'host'),
      tone: silent.length === 0 ? 'info' : silent.length === hosts.length ? 'fail' : 'warn',
      table: {
        columns: ['Host', 'Status', 'VMs', 'Labels'],
        rows: hosts.map((host) => [host.name, host.status, vmsOf(host), labelsOf(host)]),
      },
      notes: silent.map(({ name, problem }) => `${name}: ${problem?.message} ${problem?.fix}`),
      ...(silent.length > 0 ? { actions: [{ label: 'Check hosts', command: 'host check' }] } : {}),
    }
  },
})

function vmsOf({ vms }: HostSummary): string {
  return vms === undefined ? '' : `${vms.running} of ${vms.total} running`
}

function labelsOf({ labels }: HostSummary): string {
  return Object.entries(labels)
    .map(([label, value]) => `${label}=${value}`)
    .join(', ')
}
