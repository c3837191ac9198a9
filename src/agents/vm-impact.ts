/** What a stop, a revert or a deletion of a VM would touch beside itself, as far as that is told soon. Good to know before
 * saying yes, and nothing that a plan waits for. */
import { UserError } from '../errors.js'
import { domainXml, LibvirtError, readDomainXml } from '../libvirt/index.js'
import type { FoundVm, VmImpact } from './agent.js'
import type { HostContext } from './host-context.js'
import { mapStorage, type StorageMap } from './host-storage.js'
import { optional } from './vm-reading.js'

/** Milliseconds for which it may hold up a plan. */
const toldWithinMs = 1500

/** Never rejects for what a host or a guest does; what is not told in time is left out. */
export async function impactOfVm(
  context: HostContext,
  vm: FoundVm,
  { storage = false, withinMs = toldWithinMs }: { storage?: boolean; withinMs?: number } = {},
): Promise<VmImpact> {
  const soon = <T>(work: () => Promise<T>) => toldWithin(context, withinMs, work)
  const [users, uptimeMs, shares] = await Promise.all([
    soon(() => usersIn(context, vm, withinMs)),
    soon(() => uptimeOf(context, vm)),
    storage
      ? soon(async () => sharesOf(vm.name, await mapStorage(context, await context.link.quick())))
      : undefined,
  ])
  return optional({ users, uptimeMs, shares })
}

async function usersIn(
  { guests, link }: HostContext,
  { uuid }: FoundVm,
  withinMs: number,
): Promise<string[] | undefined> {
  const { agentConnected } = readDomainXml(await domainXml(await link.quick(), uuid))
  return agentConnected ? guests.usersOf(uuid, withinMs) : undefined
}

/** libvirt does not tell since when a VM runs; its QEMU wrote this file when it started. What /proc/self shows is now, by
 * the clock of the host. */
async function uptimeOf({ link }: HostContext, { name }: FoundVm): Promise<number | undefined> {
  const file = `/run/libvirt/qemu/${name}.pid`
  const { exitCode, stdout } = await link.transport.exec(['stat', '-c', '%Y', '--', '/proc/self/', file], {
    timeoutMs: 5000,
    maxOutputBytes: 1000,
  })
  const [now, began] = stdout.split('\n').map(Number)
  if (exitCode !== 0 || now === undefined || began === undefined || !(now >= began)) return undefined
  return (now - began) * 1000
}

/** Other VMs whose disks stand on a file that this one's disks are or stand on. */
export function sharesOf(
  vm: string,
  { volumes, users }: Pick<StorageMap, 'volumes' | 'users'>,
): VmImpact['shares'] {
  const backingOf = new Map(volumes.map(({ path, backing }) => [path, backing]))
  const chainOf = (path: string): string[] => {
    const chain = [path]
    // A chain that goes in a circle is damaged, and ends where it began.
    for (
      let next = backingOf.get(path);
      next !== undefined && !chain.includes(next);
      next = backingOf.get(next)
    ) {
      chain.push(next)
    }
    return chain
  }
  const own = new Set<string>()
  for (const [path, names] of users) if (names.has(vm)) for (const file of chainOf(path)) own.add(file)
  const shares = new Map<string, Set<string>>()
  for (const [path, names] of users) {
    const file = chainOf(path).find((each) => own.has(each))
    if (file === undefined) continue
    for (const name of names) if (name !== vm) shares.set(file, (shares.get(file) ?? new Set()).add(name))
  }
  return [...shares].map(([path, names]) => ({ path, vms: [...names].sort() }))
}

async function toldWithin<T>(
  { log }: HostContext,
  ms: number,
  work: () => Promise<T>,
): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ms, undefined)
  })
  const told = work().catch((error: unknown) => {
    if (!(error instanceof UserError || error instanceof LibvirtError)) throw error
    log.debug({ err: error }, 'a part of what would be touched is not told')
    return undefined
  })
  try {
    return await Promise.race([told, late])
  } finally {
    clearTimeout(timer)
  }
}
