/** Reading the host itself: summary, detail, capacity, check. */
import { UserError } from '../errors.js'
import { describeHost, type HostListing, hostCapabilities } from '../libvirt/index.js'
import type { Capacity, HostDetail, HostSummary } from './agent.js'
import { unreachableHost } from './fleet.js'
import type { Measured } from './host-check.js'
import { asking, type HostContext } from './host-context.js'
import { type HostFacts, readHostFacts } from './host-facts.js'
import type { HostSettings } from './host-settings.js'
import { explaining } from './libvirt-errors.js'
import { listVms } from './vm-reading.js'

export async function summarizeHost(context: HostContext): Promise<HostSummary> {
  const { name, labels } = context.settings
  try {
    const vms = await listVms(context)
    const running = vms.filter(({ state }) => state === 'running').length
    return { name, labels, status: 'reachable', vms: { total: vms.length, running } }
  } catch (error) {
    if (error instanceof UserError) return unreachableHost({ name, labels }, error)
    throw error
  }
}

export async function readCapacity({ link }: HostContext): Promise<Capacity> {
  const { availableMemoryMiB, totalMemoryMiB, cpus } = await readHostFacts(link.transport)
  return { availableMemoryMiB, totalMemoryMiB, cpus }
}

export function readHypervisor(context: HostContext): Promise<HostListing> {
  return asking(context, 'describe itself', (libvirt) => describeHost(libvirt))
}

/** What guests of this host can be. Type kvm needs a processor that virtualizes (or another architecture, which has no
 * flag for it), /dev/kvm, and a libvirt that offers the type. /dev/kvm alone proves nothing: inside some VMs it is there
 * and guests hang in it. libvirt is asked last, because it may have to probe QEMU for half a minute first. */
export async function usableVirtType(context: HostContext, facts: HostFacts): Promise<'kvm' | 'qemu'> {
  const { virtType } = context.settings
  if (virtType !== 'auto') return virtType
  const x86 = /^(x86_64|i[3-6]86)$/.test(facts.arch)
  const processorCan = facts.virtualization !== undefined || !x86
  if (!processorCan || facts.kvmDevice === undefined) return 'qemu'
  const xml = await explaining(
    { host: context.settings.name, what: 'tell which guests it can run' },
    async () => hostCapabilities(await context.link.slow(), { timeoutMs: 120_000 }),
  )
  return /<domain type=['"]kvm['"]/.test(xml) ? 'kvm' : 'qemu'
}

export function hypervisorName({ libvirt }: HostSettings, { hypervisorVersion }: HostListing): string {
  return libvirt.uri === 'qemu:///system' ? `QEMU ${hypervisorVersion}` : `test driver ${hypervisorVersion}`
}

export function addressOf({ connection }: HostSettings): Pick<HostDetail, 'transport' | 'address'> {
  if (connection.transport === 'local') return { transport: 'local' }
  const { user, host, port } = connection
  return { transport: 'ssh', address: `${user}@${host}:${port}` }
}

export async function measured<T>(work: Promise<T>): Promise<Measured<T>> {
  try {
    return { value: await work }
  } catch (error) {
    if (error instanceof UserError) return { error }
    throw error
  }
}
