/** The system parts that the lab needs: what is missing, which packages bring it, and installing them where we may. */
import { readFile } from 'node:fs/promises'
import { attempt, exists, hasProgram } from './commands.js'

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

const program = (purpose: Purpose, name: string, debian: string[], fedora: string[]): Part => ({
  purpose,
  name,
  present: () => hasProgram(name),
  debian,
  fedora,
})

const file = (purpose: Purpose, name: string, path: string, debian: string[], fedora: string[]): Part => ({
  purpose,
  name,
  present: () => exists(path),
  debian,
  fedora,
})

const parts: readonly Part[] = [
  program('hypervisor', 'libvirtd', ['libvirt-daemon-system'], ['libvirt-daemon-kvm', 'libvirt-daemon']),
  program('hypervisor', 'virsh', ['libvirt-clients'], ['libvirt-client']),
  program('hypervisor', 'qemu-system-x86_64', ['qemu-system-x86'], ['qemu-kvm', 'qemu-system-x86-core']),
  program('hypervisor', 'qemu-img', ['qemu-utils'], ['qemu-img']),
  program('hypervisor', 'dnsmasq', ['dnsmasq-base'], ['dnsmasq']),
  program('hypervisor', 'iptables', ['iptables'], ['iptables-nft']),
  program('hypervisor', 'genisoimage', ['genisoimage'], ['genisoimage']),
  program('hypervisor', 'dbus-daemon', ['dbus'], ['dbus-daemon']),
  program('hypervisor', 'ip', ['iproute2'], ['iproute']),
  program('hypervisor', 'pgrep', ['procps'], ['procps-ng']),
  {
    purpose: 'hypervisor',
    name: 'polkitd',
    present: async () => (await Promise.all(polkitPlaces.map(exists))).includes(true),
    debian: ['polkitd'],
    fedora: ['polkit'],
  },
  {
    purpose: 'hypervisor',
    name: 'libvirt for Python',
    present: async () => (await attempt('/usr/bin/python3', ['-c', 'import libvirt'])).exitCode === 0,
    debian: ['python3-libvirt'],
    fedora: ['python3-libvirt'],
  },
  {
    purpose: 'hypervisor',
    name: 'venv for Python',
    present: async () => (await attempt('/usr/bin/python3', ['-c', 'import ensurepip, venv'])).exitCode === 0,
    debian: ['python3-venv'],
    fedora: ['python3-pip'],
  },
  program('image', 'cpio', ['cpio'], ['cpio']),
  program('image', 'depmod', ['kmod'], ['kmod']),
  program('image', 'syslinux', ['syslinux'], ['syslinux']),
  program('image', 'mcopy', ['mtools'], ['mtools']),
  program('image', 'mkfs.vfat', ['dosfstools'], ['dosfstools']),
  file('image', "syslinux's boot record", '/usr/lib/syslinux/mbr/mbr.bin', ['syslinux-common'], ['syslinux']),
  {
    purpose: 'image',
    name: 'busybox, static',
    present: async () => (await attempt('ldd', ['/bin/busybox'])).output.includes('not a dynamic executable'),
    debian: ['busybox-static'],
    fedora: ['busybox'],
  },
  program('ssh', 'sshd', ['openssh-server'], ['openssh-server']),
  program('ssh', 'ssh', ['openssh-client'], ['openssh-clients']),
  program('ssh', 'sudo', ['sudo'], ['sudo']),
  program('browser', 'chromium', ['chromium', 'fonts-noto-color-emoji', 'fonts-dejavu-core'], ['chromium']),
]

const polkitPlaces = ['/usr/lib/polkit-1/polkitd', '/usr/libexec/polkitd', '/usr/lib/policykit-1/polkitd']

export interface Missing {
  /** What is not there, by name. */
  names: string[]
  packages: string[]
  /** The command that would install it. */
  command: string
}

type Family = 'debian' | 'fedora' | 'other'

async function systemFamily(): Promise<Family> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '')
  const ids = [...text.matchAll(/^ID(?:_LIKE)?="?([^"\n]*)"?$/gm)].flatMap(
    ([, value]) => value?.split(' ') ?? [],
  )
  if (ids.some((id) => ['debian', 'ubuntu'].includes(id))) return 'debian'
  if (ids.some((id) => ['fedora', 'rhel', 'centos'].includes(id))) return 'fedora'
  return 'other'
}

/** What is missing for these purposes; undefined when nothing is. */
export async function missingParts(purposes: readonly Purpose[]): Promise<Missing | undefined> {
  const wanted = parts.filter(({ purpose }) => purposes.includes(purpose))
  const present = await Promise.all(wanted.map((part) => part.present()))
  const absent = wanted.filter((_, index) => !present[index])
  if (absent.length === 0) return undefined
  const family = await systemFamily()
  const packages = [...new Set(absent.flatMap((part) => (family === 'fedora' ? part.fedora : part.debian)))]
  const installer = {
    debian: 'apt-get install -y --no-install-recommends',
    fedora: 'dnf install -y',
    other: 'install with your system’s tool:',
  }
  return {
    names: absent.map(({ name }) => name),
    packages,
    command: `${installer[family]} ${packages.join(' ')}`,
  }
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
  say(`Installing ${missing.packages.join(', ')} (for ${missing.names.join(', ')})`)
  const options = { timeoutMs: installTimeoutMs, env: { DEBIAN_FRONTEND: 'noninteractive' } }
  const steps: [string, string[]][] =
    family === 'debian'
      ? [
          ['apt-get', ['update', '-q']],
          ['apt-get', ['install', '-y', '-q', '--no-install-recommends', ...missing.packages]],
        ]
      : [['dnf', ['install', '-y', '-q', ...missing.packages]]]
  for (const [tool, args] of steps) {
    const first = await attempt(tool, args, options)
    const { exitCode, output } = first.exitCode === 0 ? first : await attempt(tool, args, options)
    if (exitCode !== 0) say(`${tool} ${args[0]} failed: ${output.trim().split('\n').slice(-3).join(' ')}`)
  }
  return missingParts(purposes)
}
