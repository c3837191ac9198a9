/** Builds a bootable VM image of a few MB from the distribution's own kernel and busybox: no download of an image. */
import {
  chmod,
  cp,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rename,
  rm,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { exists, run } from './commands.js'
import { bootConfiguration, guestFiles, guestModules } from './guest-files.js'

const sectorBytes = 512
const mib = 1024 * 1024
const imageMiB = 64

export interface TinyImage {
  /** Kernel and initial file system, for booting directly. */
  kernel: string
  initrd: string
  /** BIOS disk image with both. */
  qcow2: string
}

interface Kernel {
  version: string
  image: string
  /** Directory that holds lib/modules/<version>. */
  modulesRoot: string
}

/** Builds it below `cache` once and gives the same files afterwards. Needs the parts of purpose "image". */
export async function ensureTinyImage(cache: string, say: (line: string) => void): Promise<TinyImage> {
  const directory = join(cache, 'tiny-image-2')
  const built = {
    kernel: join(directory, 'vmlinuz'),
    initrd: join(directory, 'initrd.gz'),
    qcow2: join(directory, 'tiny.qcow2'),
  }
  if (await exists(built.qcow2)) return built
  say('Building a tiny bootable VM image')
  const work = await mkdtemp(join(tmpdir(), 'qnav-image-'))
  try {
    const kernel = await findKernel(work)
    const out = join(work, 'out')
    await mkdir(out)
    await cp(kernel.image, join(out, 'vmlinuz'))
    await writeInitrd(kernel, work, join(out, 'initrd.gz'))
    await writeDisk(work, out)
    await mkdir(cache, { recursive: true })
    await rm(directory, { recursive: true, force: true })
    // Copied beside its place first: a rename is all or nothing, also for a second process doing the same.
    const complete = `${directory}.${process.pid}`
    await cp(out, complete, { recursive: true })
    await rename(complete, directory).catch(() => rm(complete, { recursive: true, force: true }))
    return built
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** Debian: the cloud kernel's package, unpacked but not installed. Elsewhere: the newest kernel of this machine. */
async function findKernel(work: string): Promise<Kernel> {
  if (await exists('/usr/bin/apt-get')) {
    const depends = await run('apt-cache', ['depends', 'linux-image-cloud-amd64'])
    const name = /Depends: (linux-image-\S+)/.exec(depends)?.[1]
    if (name === undefined) throw new Error('apt knows no linux-image-cloud-amd64; run apt-get update')
    await run('apt-get', ['download', '-q', name], { cwd: work, timeoutMs: 300_000 })
    const file = (await readdir(work)).find((each) => each.endsWith('.deb'))
    if (file === undefined) throw new Error(`${name} was not downloaded`)
    const root = join(work, 'kernel')
    await run('dpkg-deb', ['-x', join(work, file), root])
    const [version] = await readdir(join(root, 'lib/modules'))
    if (version === undefined) throw new Error(`${name} has no modules`)
    await run('depmod', ['-b', root, version])
    return { version, image: join(root, 'boot', `vmlinuz-${version}`), modulesRoot: root }
  }
  const version = (await readdir('/lib/modules')).toSorted().at(-1)
  const image = `/lib/modules/${version}/vmlinuz`
  if (version === undefined || !(await exists(image)))
    throw new Error('there is no kernel with modules on this machine')
  return { version, image, modulesRoot: '/' }
}

async function writeInitrd({ version, modulesRoot }: Kernel, work: string, to: string): Promise<void> {
  const root = join(work, 'root')
  for (const directory of ['bin', 'sbin', 'etc', 'proc', 'sys', 'dev', 'run', 'tmp']) {
    await mkdir(join(root, directory), { recursive: true })
  }
  const busybox = await staticBusybox()
  if (busybox === undefined) throw new Error('there is no statically linked busybox on this machine')
  await cp(busybox, join(root, 'bin/busybox'))
  await chmod(join(root, 'bin/busybox'), 0o755)
  for (const { path, mode, text } of guestFiles) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text, { mode })
  }
  await copyModules(version, modulesRoot, root)
  const names = await run('find', ['.'], { cwd: root })
  const archive = join(work, 'initrd')
  await run('cpio', ['-o', '-H', 'newc', '--quiet', '-F', archive], { cwd: root, stdin: names })
  await run('gzip', ['-9', archive])
  await cp(`${archive}.gz`, to)
}

/** Where a busybox is that runs without any library, because the guest has none. */
export async function staticBusybox(): Promise<string | undefined> {
  for (const path of ['/bin/busybox', '/usr/sbin/busybox', '/sbin/busybox']) {
    const head = await readHead(path)
    // elf(5): a program that needs libraries names its loader, and linkers put the name near the beginning.
    if (head !== undefined && !/\/ld-[\w.-]+\.so/.test(head)) return path
  }
  return undefined
}

async function readHead(path: string): Promise<string | undefined> {
  if (!(await exists(path))) return undefined
  const handle = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4096), 0, 4096, 0)
    return buffer.toString('latin1', 0, bytesRead)
  } finally {
    await handle.close()
  }
}

async function copyModules(version: string, from: string, to: string): Promise<void> {
  const wanted = new Set<string>()
  for (const module of guestModules) {
    // A module that is built into the kernel, or that this kernel does not have, has no files.
    const shown = await run('modprobe', ['-d', from, '-S', version, '--show-depends', module]).catch(() => '')
    for (const [, path] of shown.matchAll(/^insmod (\S+)/gm)) if (path !== undefined) wanted.add(path)
  }
  const below = `lib/modules/${version}`
  for (const path of wanted) {
    const target = join(to, path.slice(path.indexOf(below)))
    await mkdir(dirname(target), { recursive: true })
    await cp(path, target)
  }
  for (const list of ['modules.order', 'modules.builtin']) {
    await cp(join(from, below, list), join(to, below, basename(list)))
  }
  await run('depmod', ['-b', to, version])
}

/** MBR and one active FAT16 partition at 1 MiB that syslinux boots from. */
async function writeDisk(work: string, out: string): Promise<void> {
  const partition = join(work, 'partition.fat')
  await writeFile(partition, '')
  await truncate(partition, (imageMiB - 1) * mib)
  await run('mkfs.vfat', ['-F', '16', '-h', String(mib / sectorBytes), partition])
  await writeFile(join(work, 'syslinux.cfg'), bootConfiguration)
  for (const file of [join(out, 'vmlinuz'), join(out, 'initrd.gz'), join(work, 'syslinux.cfg')]) {
    await run('mcopy', ['-i', partition, file, `::${basename(file)}`])
  }
  await run('syslinux', ['-i', partition])

  const disk = join(work, 'disk.raw')
  await writeFile(disk, '')
  await truncate(disk, imageMiB * mib)
  await run('dd', [`if=${partition}`, `of=${disk}`, 'bs=1M', 'seek=1', 'conv=notrunc,sparse', 'status=none'])
  const handle = await open(disk, 'r+')
  try {
    const bootCode = await readFile(await bootRecord())
    await handle.write(bootCode, 0, Math.min(bootCode.length, 440), 0)
    await handle.write(partitionTable(), 0, 66, 446)
  } finally {
    await handle.close()
  }
  await run('qemu-img', ['convert', '-O', 'qcow2', '-c', disk, join(out, 'tiny.qcow2')])
}

/** The boot code that starts the active partition, where distributions put it. */
export const bootRecordPlaces = ['/usr/lib/syslinux/mbr/mbr.bin', '/usr/share/syslinux/mbr.bin']

async function bootRecord(): Promise<string> {
  for (const path of bootRecordPlaces) if (await exists(path)) return path
  throw new Error(`there is no boot code in ${bootRecordPlaces.join(' nor ')}`)
}

/** One active FAT16 entry from 1 MiB to the end, three empty ones, and the signature. */
function partitionTable(): Buffer {
  const table = Buffer.alloc(66)
  table.set([0x80, 0x20, 0x21, 0x00, 0x06, 0xfe, 0xff, 0xff])
  table.writeUInt32LE(mib / sectorBytes, 8)
  table.writeUInt32LE(((imageMiB - 1) * mib) / sectorBytes, 12)
  table.writeUInt16BE(0x55aa, 64)
  return table
}
