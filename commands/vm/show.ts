import { z } from 'zod'
import type { VmDisk, VmNic } from '../../src/agents/index.js'
import { defineCommand, timeLeft, vmActions, vmRef, vmWord } from '../../src/command/index.js'
import { count, type Fact, showMiB, timeInWords } from '../../src/report/index.js'

export default defineCommand({
  summary: 'Show one VM: state, addresses, disks, networks',
  examples: ['vm show web1', 'vm show web1@kvm1'],
  risk: 'read',
  args: z.object({ vm: vmRef().describe('The VM to show') }),
  positional: ['vm'],

  async run({ vm }, { fleet }) {
    const found = await fleet.find(vm)
    const detail = await fleet.agent(found.host).detailOf(found)
    const { ownership, kcliOwner, lease } = detail
    const optional: [string, string | undefined][] = [
      ['Owner', ownership?.owner],
      ['Asked for by', ownership?.requester === ownership?.owner ? undefined : ownership?.requester],
      ['Lease', lease && `until ${timeInWords(lease.until)}, ${timeLeft(lease, Date.now())}`],
      ['Ticket', ownership?.ticket],
      ['Job', ownership?.job],
      ['Adopted', ownership?.adoptedAt && timeInWords(ownership.adoptedAt)],
      ['Owner in kcli', kcliOwner === ownership?.owner ? undefined : kcliOwner],
      ['kcli plan', detail.kcliPlan],
      ['Image', detail.image],
      // kcli names the image as the profile when there is none.
      ['Profile', detail.profile === detail.image ? undefined : detail.profile],
      ['Created', detail.createdAt && timeInWords(detail.createdAt)],
    ]
    const facts: Fact[] = [
      { label: 'State', value: detail.reason ? `${detail.state} (${detail.reason})` : detail.state },
      { label: 'Host', value: detail.host },
      { label: 'Addresses', value: detail.addresses.join(', ') || 'none known' },
      { label: 'CPUs', value: String(detail.cpus) },
      { label: 'Memory', value: showMiB(detail.memoryMiB) },
      ...detail.disks.map((disk) => ({ label: `Disk ${disk.target}`, value: diskText(disk) })),
      ...detail.nics.map((nic) => ({ label: `NIC ${nic.mac}`, value: nicText(nic) })),
      { label: 'Snapshots', value: count(detail.snapshots, 'snapshot') },
      { label: 'Starts with the host', value: detail.autostart ? 'yes' : 'no' },
      ...optional.flatMap(([label, value]) => (value === undefined ? [] : [{ label, value }])),
      { label: 'UUID', value: detail.uuid },
    ]
    return {
      title: `${found.name} on ${found.host}`,
      tone: detail.state === 'crashed' ? 'fail' : 'info',
      facts,
      notes: [
        ...(detail.persistent ? [] : ['It is transient: once it is off, it is gone.']),
        ...(ownership === undefined
          ? [`It is nobody's: made elsewhere and not adopted. Take it over: vm adopt ${vmWord(found)}`]
          : []),
      ],
      actions: vmActions(found, detail.state).filter(({ label }) => label !== 'Show'),
    }
  },
})

function diskText({ device, source, format, pool, capacityGiB, allocationGiB }: VmDisk): string {
  if (source === undefined) return `empty ${device} drive`
  const size = capacityGiB === undefined ? [] : [showMiB(capacityGiB * 1024)]
  const used = allocationGiB === undefined ? [] : [`${showMiB(allocationGiB * 1024)} used`]
  const kind = [...(device === 'disk' ? [] : [device]), ...(format === undefined ? [] : [format])]
  const place = pool === undefined ? source : `${source} in pool ${pool}`
  return [...size, ...used, ...kind, place].join(', ')
}

function nicText({ network, bridge, model, addresses }: VmNic): string {
  const to =
    network !== undefined ? `network ${network}` : bridge !== undefined ? `bridge ${bridge}` : 'no network'
  return [to, ...(model === undefined ? [] : [model]), ...addresses].join(', ')
}
