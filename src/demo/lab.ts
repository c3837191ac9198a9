/** A small real hypervisor on this machine: libvirt, a pool, a network with DHCP, kcli, and an image that boots in seconds. */
import { randomUUID } from 'node:crypto'
import { chmod, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UserError } from '../errors.js'
import { configureKcli, installKcli, type KcliEnvironment } from './kcli-environment.js'
import { kvmIsUsable, openKvmDevice } from './kvm-device.js'
import { ensureNetwork, mayMakeBridges, removeNetwork } from './lab-network.js'
import { endVms, ensurePool, placeImage, removePool } from './lab-pool.js'
import { Ledger } from './ledger.js'
import { ensureLibvirt, stopEverythingStarted, stopNetwork } from './libvirt-daemon.js'
import { withMachineLock } from './machine-lock.js'
import { markOf } from './process-mark.js'
import { ensureTinyImage, type TinyImage } from './tiny-image.js'
import { virsh } from './virsh.js'

const ledgerPath = '/run/qnav/lab.json'
const image = 'tiny.qcow2'

export interface LabOptions {
  /** Name of the pool and the network, e.g. "qnav-demo": 1 to 15 lower-case letters, digits and hyphens. */
  name: string
  say(line: string): void
  /** What happens to VMs in the pool at the end: powered off and kept, or deleted with their disks, pool and network. */
  vmsAtEnd: 'power off' | 'delete'
  /** Accounts of the group libvirt will use it, e.g. over SSH: polkit is started where it is not running. */
  accounts?: boolean
  /** Gives up between two steps, leaving nothing running. */
  signal?: AbortSignal
}

export interface Lab {
  pool: string
  poolPath: string
  network: string
  /** Name of the image in the pool, as `vm create --image` takes it. */
  image: string
  /** The files that the image was made of. */
  tiny: TinyImage
  kcli: KcliEnvironment
  virtType: 'kvm' | 'qemu'
  /**
   * Stops what was started, and only that: the last user of the lab ends its VMs and network, the last user of any lab
   * on this machine the daemons.
   */
  stop(): Promise<void>
}

/** Where downloads and built files are kept between runs; readable for everybody, because kcli may run as another user. */
export function labCache(): string {
  const home = process.env.XDG_CACHE_HOME ?? join(process.env.HOME ?? tmpdir(), '.cache')
  return process.getuid?.() === 0 ? '/var/cache/qnav' : join(home, 'qnav')
}

/**
 * Prepares all of it; what is there already is used as it is. Needs root and the parts of the purposes "hypervisor" and
 * "image". Throws when a part cannot be had, having stopped what it started.
 */
export async function prepareLab(options: LabOptions): Promise<Lab> {
  const { name, say, vmsAtEnd } = options
  if (!/^[a-z0-9][a-z0-9-]{0,14}$/.test(name)) throw new Error(`"${name}" is no name for a lab`)
  const poolPath = join('/var/lib/libvirt', name)
  const ticket = randomUUID()
  const locked = <T>(work: (ledger: Ledger) => Promise<T>) =>
    withMachineLock('qnav-lab', async () => work(await Ledger.open(ledgerPath)), { say })

  async function leave(ledger: Ledger): Promise<void> {
    await ledger.change((contents) => {
      contents.users = contents.users.filter((user) => user.ticket !== ticket)
    })
    try {
      if (ledger.usersOf(name) === 0 && (await virsh.attempt('uri')).exitCode === 0) await endLab(ledger)
    } finally {
      if (ledger.contents.users.length === 0) await stopEverythingStarted(ledger, say)
    }
  }

  async function endLab(ledger: Ledger): Promise<void> {
    const remove = vmsAtEnd === 'delete'
    const ended = await endVms(poolPath, { remove })
    if (ended.length > 0) say(`${remove ? 'Deleted' : 'Powered off'} ${ended.join(', ')}`)
    await stopNetwork(ledger, name)
    if (!remove) return
    await removeNetwork(name)
    await removePool(name, poolPath)
  }

  return locked(async (ledger) => {
    const { tiny, kcli, virtType } = await fetchParts(options)
    const user = { ticket, lab: name, process: await markOf(process.pid) }
    await ledger.change(({ users }) => users.push(user))
    try {
      await ensureLibvirt(ledger, { say, accounts: options.accounts ?? false })
      options.signal?.throwIfAborted()
      await ensurePool(name, poolPath)
      await placeImage(name, poolPath, tiny.qcow2, image)
      await ensureNetwork(name, ledger, say)
      options.signal?.throwIfAborted()
    } catch (error) {
      await leave(ledger).catch((second: unknown) => say(`Clearing up: ${String(second)}`))
      throw error
    }
    const stop = () => locked(leave)
    return { pool: name, poolPath, network: name, image, tiny, kcli, virtType, stop }
  })
}

type Parts = Pick<Lab, 'tiny' | 'kcli' | 'virtType'>

/** What takes long the first time and starts nothing. */
async function fetchParts({ name, say, signal }: LabOptions): Promise<Parts> {
  const cache = labCache()
  await mkdir(cache, { recursive: true })
  await chmod(cache, 0o755)
  if (!(await mayMakeBridges())) {
    throw new UserError('unsupported', 'This machine lets nobody make a network bridge, not even root.', {
      fix: 'In a container: give it NET_ADMIN (and /dev/kvm if there is one), or use a virtual machine.',
    })
  }
  await openKvmDevice(say)
  const both = await Promise.allSettled([ensureTinyImage(cache, say), installKcli(cache, say)])
  const [tiny, path] = [settled(both[0]), settled(both[1])]
  signal?.throwIfAborted()
  const virtType = (await kvmIsUsable(cache, tiny, say)) ? 'kvm' : 'qemu'
  const config = await configureKcli(cache, { pool: name, virtType })
  signal?.throwIfAborted()
  return { tiny, kcli: { path, config }, virtType }
}

function settled<T>(result: PromiseSettledResult<T>): T {
  if (result.status === 'rejected') throw result.reason
  return result.value
}
