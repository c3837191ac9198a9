/** A small real hypervisor on this machine: libvirt, a pool, a network with DHCP, kcli, and an image that boots in seconds. */
import { chmod, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { attempt, exists, run } from './commands.js'
import { ensureKcli, type KcliEnvironment } from './kcli-environment.js'
import { kvmWorks } from './kvm-probe.js'
import { ensureLibvirt, ensurePolkit } from './libvirt-daemon.js'
import { ensureTinyImage, type TinyImage } from './tiny-image.js'

export interface LabOptions {
  /** Name of the pool and of the network, e.g. "qnav-demo". At most 12 letters, digits and hyphens. */
  name: string
  say(line: string): void
  /** What happens to VMs in the pool at the end: powered off and kept, or deleted with their disks. */
  vmsAtEnd: 'power off' | 'delete'
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
  /** Stops what was started, and only that. */
  stop(): Promise<void>
}

const virsh = (args: readonly string[]) => run('virsh', ['-c', 'qemu:///system', ...args])

/** Where downloads and built files are kept between runs; readable for everybody, because kcli may run as another user. */
export function labCache(): string {
  const home = process.env.XDG_CACHE_HOME ?? join(process.env.HOME ?? tmpdir(), '.cache')
  return process.getuid?.() === 0 ? '/var/cache/qnav' : join(home, 'qnav')
}

/** Prepares all of it; what is there already is used as it is. Throws when a part cannot be had. */
export async function prepareLab({ name, say, vmsAtEnd }: LabOptions): Promise<Lab> {
  const cache = labCache()
  await mkdir(cache, { recursive: true, mode: 0o755 })
  const polkit = await ensurePolkit(say)
  const libvirt = await ensureLibvirt(say)
  const tiny = await ensureTinyImage(cache, say)
  const virtType = (await rememberedKvm(cache, tiny, say)) ? 'kvm' : 'qemu'
  const poolPath = join('/var/lib/libvirt', name)
  await ensurePool(name, poolPath)
  const image = 'tiny.qcow2'
  if (!(await exists(join(poolPath, image)))) {
    await cp(tiny.qcow2, join(poolPath, image))
    await chmod(join(poolPath, image), 0o644)
  }
  await virsh(['pool-refresh', name])
  const startedNetwork = await ensureNetwork(name, say)
  const kcli = await ensureKcli({ cache, pool: name, virtType }, say)
  return {
    pool: name,
    poolPath,
    network: name,
    image,
    tiny,
    kcli,
    virtType,
    async stop() {
      await endVms(poolPath, vmsAtEnd)
      if (startedNetwork) await attempt('virsh', ['-c', 'qemu:///system', 'net-destroy', name])
      await libvirt.stop()
      await polkit.stop()
    },
  }
}

/** The answer takes ten seconds where KVM is broken, and changes with the machine and its kernel only. */
async function rememberedKvm(cache: string, tiny: TinyImage, say: (line: string) => void): Promise<boolean> {
  if (!(await exists('/dev/kvm'))) return false
  const machine = await readFile('/proc/sys/kernel/random/boot_id', 'utf8')
  const file = join(cache, 'kvm-works.json')
  const known = JSON.parse(await readFile(file, 'utf8').catch(() => '{}')) as {
    machine?: string
    works?: boolean
  }
  if (known.machine === machine && known.works !== undefined) return known.works
  say('Checking whether KVM works here (booting a kernel with it)')
  const works = await kvmWorks(tiny)
  if (!works) say('/dev/kvm is there but guests do not run in it: using emulation, which is slower')
  await writeFile(file, JSON.stringify({ machine, works }))
  return works
}

async function ensurePool(name: string, path: string): Promise<void> {
  const known = await attempt('virsh', ['-c', 'qemu:///system', 'pool-info', name])
  await mkdir(path, { recursive: true })
  // The emulator runs as another user and must be able to pass through.
  await chmod(path, 0o711)
  if (known.exitCode !== 0) await virsh(['pool-define-as', name, 'dir', '--target', path])
  if (!/^State:\s+running/m.test(known.output)) await virsh(['pool-start', name])
}

/** Returns whether it was started here. */
async function ensureNetwork(name: string, say: (line: string) => void): Promise<boolean> {
  const known = await attempt('virsh', ['-c', 'qemu:///system', 'net-info', name])
  if (/^Active:\s+yes/m.test(known.output)) return false
  if (known.exitCode === 0) {
    if ((await attempt('virsh', ['-c', 'qemu:///system', 'net-start', name])).exitCode === 0) return true
    // Its subnet was taken by somebody since it was defined.
    await virsh(['net-undefine', name])
  }
  const subnet = await freeSubnet()
  say(`Network ${name}: ${subnet}.0/24 with DHCP`)
  const file = join(tmpdir(), `qnav-network-${process.pid}.xml`)
  // A short lease: a VM of the same name made again soon must get an address.
  await writeFile(
    file,
    `<network><name>${name}</name><forward mode="nat"/><bridge name="${name}"/><ip address="${subnet}.1" netmask="255.255.255.0"><dhcp><range start="${subnet}.10" end="${subnet}.250"><lease expiry="10" unit="minutes"/></range></dhcp></ip></network>`,
  )
  try {
    await virsh(['net-define', file])
  } finally {
    await rm(file, { force: true })
  }
  await virsh(['net-start', name])
  return true
}

/** The first three octets of a private /24 that no route of this machine mentions. */
async function freeSubnet(): Promise<string> {
  const routes = await run('ip', ['route', 'show', 'table', 'all'])
  for (let third = 201; third < 255; third++)
    if (!routes.includes(`192.168.${third}.`)) return `192.168.${third}`
  throw new Error('no private subnet is free for a network')
}

/** VMs are the lab's when a disk of theirs lies in its pool. */
async function endVms(poolPath: string, how: LabOptions['vmsAtEnd']): Promise<void> {
  const uuids = (await virsh(['list', '--all', '--uuid'])).split('\n').filter((line) => line.trim() !== '')
  for (const uuid of uuids) {
    const disks = (await attempt('virsh', ['-c', 'qemu:///system', 'domblklist', uuid])).output
    const ours = [...disks.matchAll(/\s(\/\S+)$/gm)]
      .map(([, path]) => path ?? '')
      .filter((path) => path.startsWith(`${poolPath}/`))
    if (ours.length === 0) continue
    await attempt('virsh', ['-c', 'qemu:///system', 'destroy', uuid])
    if (how === 'power off') continue
    await attempt('virsh', [
      '-c',
      'qemu:///system',
      'undefine',
      uuid,
      '--snapshots-metadata',
      '--managed-save',
      '--nvram',
    ])
    for (const path of ours) await rm(path, { force: true })
  }
}
