import { z } from 'zod'
import type { NetworkSummary, PoolSummary } from '../../src/agents/index.js'
import { defineCommand, hostName, onlyHost, roomChart } from '../../src/command/index.js'
import { type Fact, showMiB, timeInWords } from '../../src/report/index.js'

export default defineCommand({
  summary: 'Show one host: memory, pools, networks, versions',
  examples: ['host show kvm1'],
  risk: 'read',
  args: z.object({ host: hostName().optional().describe('The host; may be left out when there is one') }),
  positional: ['host'],

  async run({ host: typed }, { fleet }) {
    const host = typed ?? onlyHost(fleet, 'host show')
    const detail = await fleet.agent(host).detail()
    const facts: Fact[] = [
      { label: 'Host name', value: detail.hostname },
      { label: 'Reached by', value: [detail.transport, detail.address].filter(Boolean).join(', ') },
      { label: 'VMs', value: `${detail.vms?.running ?? 0} of ${detail.vms?.total ?? 0} running` },
      { label: 'CPUs', value: `${detail.cpus}, ${detail.cpuModel}` },
      {
        label: 'Memory',
        value: `${showMiB(detail.freeMemoryMiB)} available of ${showMiB(detail.memoryMiB)}`,
      },
      {
        label: 'Guests',
        value: detail.virtType === 'kvm' ? 'hardware virtualization (KVM)' : 'emulation only',
      },
      ...detail.pools.map((pool) => ({ label: `Pool ${pool.name}`, value: poolText(pool) })),
      ...detail.networks.map((network) => ({
        label: `Network ${network.name}`,
        value: networkText(network),
      })),
      { label: 'libvirt', value: `${detail.libvirtVersion}, ${detail.hypervisorVersion}` },
      { label: 'kcli', value: detail.kcliVersion ?? 'not found' },
      ...Object.entries(detail.labels).map(([label, value]) => ({ label: `Label ${label}`, value })),
    ]
    return {
      title: `Host ${host}`,
      tone: 'info',
      facts,
      chart: roomChart(
        host,
        { availableMemoryMiB: detail.freeMemoryMiB, totalMemoryMiB: detail.memoryMiB },
        detail.pools,
      ),
      actions: [
        { label: 'Check', command: `host check ${host}` },
        { label: 'VMs', command: `vm list ${host}` },
        { label: 'Images', command: `image list ${host}` },
      ],
    }
  },
})

function poolText({ state, type, path, capacityGiB, availableGiB, asOf }: PoolSummary): string {
  const room = `${showMiB(availableGiB * 1024)} free of ${showMiB(capacityGiB * 1024)}`
  const age = asOf === undefined ? [] : [`does not answer; this is of ${timeInWords(asOf)}`]
  return [state, type, ...(path === undefined ? [] : [path]), room, ...age].join(', ')
}

function networkText({ active, mode, bridge, cidr }: NetworkSummary): string {
  return [active ? 'active' : 'inactive', mode, bridge, cidr].filter((part) => part !== undefined).join(', ')
}
