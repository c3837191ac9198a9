/** What every VM of a host takes, for quotas: asked anew each time, for sizes change without an event. */
import {
  type Connection,
  type DomainDescription,
  domainOf,
  domainXml,
  isNotFound,
  listDomains,
  procedures,
  readDomainXml,
} from '../libvirt/index.js'
import type { VmHolding } from './agent.js'
import { asking, type HostContext } from './host-context.js'
import { readOwnership } from './vm-ownership.js'
import { gib, optional } from './vm-reading.js'

/** Reading one definition takes a millisecond of ours; most have not changed since the last time. */
const described = new WeakMap<HostContext, Map<string, { xml: string; domain: DomainDescription }>>()

export function readHoldings(context: HostContext): Promise<VmHolding[]> {
  return asking(context, 'tell what its VMs take', async (libvirt) => {
    const known = described.get(context) ?? new Map()
    described.set(context, known)
    const listed = await listDomains(libvirt)
    const uuids = new Set(listed.map(({ uuid }) => uuid))
    for (const uuid of known.keys()) if (!uuids.has(uuid)) known.delete(uuid)
    const holdings = await Promise.all(
      listed.map(async ({ uuid, state }) => {
        try {
          // What the next start will use: what was changed for it counts already.
          const [xml, ownership, snapshots] = await Promise.all([
            domainXml(libvirt, uuid, { inactive: true }),
            readOwnership(libvirt, uuid),
            snapshotNames(libvirt, uuid),
          ])
          const last = known.get(uuid)
          const domain = last?.xml === xml ? last.domain : readDomainXml(xml)
          known.set(uuid, { xml, domain })
          return {
            name: domain.name,
            host: context.settings.name,
            uuid,
            ...optional({ owner: ownership?.owner ?? domain.kcli?.owner }),
            runs: state !== 'shut off' && state !== 'crashed',
            cpus: domain.vcpus,
            memoryMiB: Math.round(domain.memoryKiB / 1024),
            diskGiB: await diskGiB(context, domain),
            snapshots,
          }
        } catch (error) {
          if (isNotFound(error)) return undefined
          throw error
        }
      }),
    )
    return holdings.filter((holding) => holding !== undefined)
  })
}

async function snapshotNames(libvirt: Connection, uuid: string): Promise<string[]> {
  const args = { dom: domainOf(uuid), needResults: 1, flags: 0 }
  const { snapshots } = await libvirt.call(procedures.domainListAllSnapshots, args)
  // libvirt lists them in no order.
  return snapshots.map(({ name }) => name).sort()
}

async function diskGiB({ volumes }: HostContext, { disks }: DomainDescription): Promise<number> {
  const sizes = await Promise.all(
    disks
      .filter(({ device }) => device === 'disk')
      .map(async ({ source }) => (source === undefined ? undefined : await volumes.at(source))),
  )
  return gib(sizes.reduce((sum, volume) => sum + (volume?.capacity ?? 0), 0))
}
