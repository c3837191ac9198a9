/** Whose a VM is: written into the domain's metadata, in a namespace of our own. */
import { UserError } from '../errors.js'
import {
  type Connection,
  domainMetadata,
  fieldsXml,
  LibvirtError,
  readFields,
  setDomainMetadata,
} from '../libvirt/index.js'
import type { FoundVm, Lease, Ownership } from './agent.js'
import { askingOf, type HostContext, workingOn } from './host-context.js'

/** Names what is in the element, and never changes: a form that old readers would misread gets a new one. */
export const ownershipNamespace = 'https://qnav.dev/xmlns/vm/1'
const prefix = 'qnav'
const root = 'vm'

export function ownershipOfVm(context: HostContext, vm: FoundVm): Promise<Ownership | undefined> {
  return askingOf(context, 'read whose it is: VM', vm, (libvirt) => readOwnership(libvirt, vm.uuid))
}

export function setVmOwnership(context: HostContext, vm: FoundVm, ownership: Ownership): Promise<void> {
  return workingOn(context, 'record whose it is: VM', vm, async ({ quick }) => {
    await writeOwnership(quick, vm.uuid, ownership)
    const seen = await readOwnership(quick, vm.uuid)
    if (seen !== undefined && isSame(seen, ownership)) return
    throw new UserError(
      'libvirt-failed',
      `libvirt on ${vm.host} took the owner of VM ${vm.name}, and says ${seen === undefined ? 'that it has none' : `${seen.owner}, recorded by ${seen.job}`}.`,
      { fix: `Look at it, then take it over: vm adopt ${vm.name}@${vm.host}` },
    )
  })
}

/** Undefined too for what others put into our namespace, and for what names no owner: then it is nobody's. */
export async function readOwnership(
  libvirt: Connection,
  uuid: string,
  options?: { timeoutMs: number },
): Promise<Ownership | undefined> {
  const xml = await domainMetadata(libvirt, uuid, ownershipNamespace, options)
  try {
    return xml === undefined ? undefined : ownershipIn(xml)
  } catch (error) {
    if (error instanceof LibvirtError && error.kind === 'bad-xml') return undefined
    throw error
  }
}

export async function writeOwnership(libvirt: Connection, uuid: string, ownership: Ownership): Promise<void> {
  const element = ownershipXml(ownership)
  await setDomainMetadata(libvirt, uuid, { namespace: ownershipNamespace, prefix, element })
}

export function ownershipXml({
  owner,
  requester,
  ticket,
  createdAt,
  adoptedAt,
  lease,
  job,
}: Ownership): string {
  return fieldsXml(root, {
    owner,
    requester,
    ...(ticket === undefined ? {} : { ticket }),
    ...(createdAt === undefined ? {} : { created: createdAt }),
    ...(adoptedAt === undefined ? {} : { adopted: adoptedAt }),
    ...(lease === undefined ? {} : { leased: lease.from, lease: lease.until }),
    job,
  })
}

export function ownershipIn(xml: string): Ownership | undefined {
  const { owner, requester, ticket, created, adopted, leased, lease: until, job } = readFields(xml, root)
  if (owner === undefined) return undefined
  const lease = leaseOf(leased, until)
  return {
    owner,
    requester: requester ?? owner,
    ...(ticket === undefined ? {} : { ticket }),
    ...(created === undefined ? {} : { createdAt: created }),
    ...(adopted === undefined ? {} : { adoptedAt: adopted }),
    ...(lease === undefined ? {} : { lease }),
    job: job ?? '',
  }
}

/** Nothing is ended because of a time that is none: then there is no lease. */
function leaseOf(from: string | undefined, until: string | undefined): Lease | undefined {
  return isTime(from) && isTime(until) ? { from, until } : undefined
}

function isTime(text: string | undefined): text is string {
  return text !== undefined && /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(text) && !Number.isNaN(Date.parse(text))
}

function isSame(a: Ownership, b: Ownership): boolean {
  return ownershipXml(a) === ownershipXml(b)
}
