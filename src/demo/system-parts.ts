/** The system parts that the lab needs: what is missing, which packages bring it, and installing them where we may. */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { attempt, exists, findProgram } from './commands.js'
import { withMachineLock } from './machine-lock.js'
import { polkitPlaces } from './system-bus.js'
import { bootRecordPlaces, staticBusybox } from './tiny-image.js'

export type Purpose = 'hypervisor' | 'image' | 'ssh' | 'browser'

interface Part {
  purpose: Purpose
  /** For messages: what it is. */
  name: string
  /** Whether it is there, found by looking for the thing itself. */
  present(): Promise<boolean>
  debian: string[]
  fedora: string[]
}

const program = (purpose: Purpose, names: string, debian: string[], fedora: string[]): Part => ({
  purpose,
  name: names,
  present: async () => (await findProgram(...names.split(' or '))) !== undefined,
  debian,
  fedora,
})

const anyOf = async (paths: readonly string[]): Promise<boolean> =>
  (await Promise.all(paths.map(exists))).includes(true)

const python = async (code: string): Promise<boolean> =>
  (await attempt('/usr/bin/python3', ['-c', code])).exitCode === 0

const parts: readonly Part[] = [
  program('hypervisor', 'libvirtd or virtqemud', ['libvirt-daemon-system'], ['libvirt-daemon-kvm']),
  program('hypervisor', 'virsh', ['libvirt-clients'], ['libvirt-client']),
  program('hypervisor', 'qemu-system-x86_64 or qemu-kvm', ['qemu-system-x86'], ['qemu-kvm']),
  program('hypervisor', 'qemu-img', ['qemu-utils'], ['qemu-img']),
  program('hypervisor', 'dnsmasq', ['dnsmasq-base'], ['dnsmasq']),
  program('hypervisor', 'iptables', ['iptables'], ['iptables-nft']),
  // kcli makes its cloud-init disk with any of these.
  program('hypervisor', 'genisoimage or mkisofs or xorrisofs', ['genisoimage'], ['xorriso']),
  program('hypervisor', 'dbus-daemon', ['dbus'], ['dbus-daemon']),
  program('hypervisor', 'dbus-send', ['dbus-bin'], ['dbus-tools']),
  program('hypervisor', 'ip', ['iproute2'], ['iproute']),
  {
    purpose: 'hypervisor',
    name: 'polkitd',
    present: () => anyOf(polkitPlaces),
    debian: ['polkitd'],
    fedora: ['polkit'],
  },
  {
    purpose: 'hypervisor',
    name: 'libvirt for Python',
    present: () => python('import libvirt'),
    debian: ['python3-libvirt'],
    fedora: ['python3-libvirt'],
  },
  {
    purpose: 'hypervisor',
    name: 'venv for Python',
    present: () => python('import ensurepip, venv'),
    debian: ['python3-venv'],
    fedora: ['python3-pip'],
  },
  program('image', 'cpio', ['cpio'], ['cpio']),
  program('image', 'gzip', ['gzip'], ['gzip']),
  program('image', 'find', ['findutils'], ['findutils']),
  program('image', 'modprobe', ['kmod'], ['kmod']),
  program('image', 'syslinux', ['syslinux'], ['syslinux']),
  program('image', 'mcopy', ['mtools'], ['mtools']),
  program('image', 'mkfs.vfat', ['dosfstools'], ['dosfstools']),
  {
    purpose: 'image',
    name: 'boot record of syslinux',
    present: () => anyOf(bootRecordPlaces),
    debian: ['syslinux-common'],
    fedora: ['syslinux-nonlinux'],
  },
  {
    purpose: 'image',
    name: 'busybox that needs no libraries',
    present: async () => (await staticBusybox()) !== undefined,
    debian: ['busybox-static'],
    fedora: ['busybox'],
  },
  program('ssh', 'sshd', ['openssh-server'], ['openssh-server']),
  program('ssh', 'ssh', ['openssh-client'], ['openssh-clients']),
  program('ssh', 'sudo', ['sudo'], ['sudo']),
  program('ssh', 'pkill', ['procps'], ['procps-ng']),
  program('browser', 'chromium or chromium-browser', ['chromium'], ['chromium']),
  {
    purpose: 'browser',
    name: 'fonts with emoji',
    present: () => anyOf(emojiFontPlaces),
    debian: ['fonts-noto-color-emoji', 'fonts-dejavu-core'],
    fedora: ['google-noto-color-emoji-fonts', 'dejavu-sans-fonts'],
  },
]

const emojiFontPlaces = [
  '/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf',
  '/usr/share/fonts/google-noto-emoji/NotoColorEmoji.ttf',
  '/usr/share/fonts/google-noto-color-emoji-fonts/NotoColorEmoji.ttf',
  '/usr/share/fonts/google-noto-color-emoji-fonts/Noto-COLRv1.ttf',
]

export interface Missing {
  /** What is not there, by name. */
  names: string[]
  packages: string[]
  /** The command that would install it. */
  command: string
}

type Family = 'debian' | 'fedora' | 'el' | 'other'

/** From the text of /etc/os-release (os-release(5)). */
export function familyOf(osRelease: string): Family {
  const ids = [...osRelease.matchAll(/^ID(?:_LIKE)?=["']?([^"'\n]*)["']?$/gm)].flatMap(
    ([, value]) => value?.split(' ') ?? [],
  )
  if (ids.some((id) => ['debian', 'ubuntu'].includes(id))) return 'debian'
  if (ids.some((id) => ['rhel', 'centos'].includes(id))) return 'el'
  return ids.includes('fedora') ? 'fedora' : 'other'
}

async function systemFamily(): Promise<Family> {
  return familyOf(await readFile('/etc/os-release', 'utf8').catch(() => ''))
}

/** The command that a person types for these packages. */
export function installCommand(family: Family, packages: readonly string[]): string {
  const list = packages.join(' ')
  switch (family) {
    case 'debian':
      return `apt-get update && apt-get install -y --no-install-recommends ${list}`
    case 'fedora':
      return `dnf install -y ${list}`
    case 'el':
      // busybox and chromium are in EPEL there.
      return `dnf install -y epel-release && dnf install -y ${list}`
    case 'other':
      return `(by your system's own tool, under its own names) ${list}`
  }
}

/** What is missing for these purposes; undefined when nothing is. */
export async function missingParts(purposes: readonly Purpose[]): Promise<Missing | undefined> {
  const wanted = parts.filter(({ purpose }) => purposes.includes(purpose))
  const present = await Promise.all(wanted.map((part) => part.present()))
  const absent = wanted.filter((_, index) => !present[index])
  if (absent.length === 0) return undefined
  const family = await systemFamily()
  const names = family === 'debian' || family === 'other' ? 'debian' : 'fedora'
  const packages = [...new Set(absent.flatMap((part) => part[names]))]
  return { names: absent.map(({ name }) => name), packages, command: installCommand(family, packages) }
}

/** Installing may fetch some hundred megabytes. */
const installTimeoutMs = 15 * 60_000

/**
 * Installs what is missing where this process is root on Debian, Ubuntu, Fedora or EL, saying what. Returns what is still
 * missing afterwards, undefined when nothing is.
 */
export async function installMissing(
  purposes: readonly Purpose[],
  say: (line: string) => void,
): Promise<Missing | undefined> {
  const missing = await missingParts(purposes)
  if (missing === undefined) return undefined
  const family = await systemFamily()
  if (process.getuid?.() !== 0 || family === 'other') return missing
  say(`Installing ${missing.packages.join(', ')} (there is no ${missing.names.join(', no ')})`)
  const install = family === 'debian' ? aptInstall : dnfInstall
  await withMachineLock('qnav-packages', () => install(missing.packages, say), { say })
  return missingParts(purposes)
}

async function aptInstall(packages: readonly string[], say: (line: string) => void): Promise<void> {
  const patience = ['-q', '-o', 'DPkg::Lock::Timeout=300', '-o', 'Acquire::Retries=3']
  await withoutServiceStarts(async () => {
    await twice('apt-get', [...patience, 'update'], say)
    await twice('apt-get', [...patience, 'install', '-y', '--no-install-recommends', ...packages], say)
  })
}

async function dnfInstall(packages: readonly string[], say: (line: string) => void): Promise<void> {
  // What a distribution does not have must not keep the rest away; it is reported as missing afterwards.
  await twice('dnf', ['install', '-y', '-q', '--setopt=strict=0', ...packages], say)
}

async function twice(tool: string, args: string[], say: (line: string) => void): Promise<void> {
  const options = { timeoutMs: installTimeoutMs, env: { DEBIAN_FRONTEND: 'noninteractive' } }
  const first = await attempt(tool, args, options)
  const { exitCode, output } = first.exitCode === 0 ? first : await attempt(tool, args, options)
  if (exitCode !== 0) say(`${tool} failed twice: ${output.trim().split('\n').slice(-4).join(' ')}`)
}

const startPolicy = '/usr/sbin/policy-rc.d'

/**
 * Debian's packages start their services. Those that the lab needs it starts itself, and stops again; an sshd that nobody
 * asked for must not listen. invoke-rc.d(8): this program's status 101 forbids starts.
 */
async function withoutServiceStarts(install: () => Promise<void>): Promise<void> {
  if (await exists(startPolicy)) return install()
  await writeFile(startPolicy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    await install()
  } finally {
    await rm(startPolicy, { force: true })
  }
}
