/** What only the host's own files tell: memory, processor, /dev/kvm, the root file system. One command for all. */
import { UserError } from '../errors.js'
import type { HostTransport } from './transport.js'

export interface HostFacts {
  hostname: string
  /** e.g. "x86_64". */
  arch: string
  kernel: string
  cpuModel: string
  cpus: number
  /** Instruction set for virtualization that the processor offers; absent when it offers none or the architecture does not say. */
  virtualization?: 'vmx' | 'svm'
  totalMemoryMiB: number
  /** What new work can take without swapping (MemAvailable). */
  availableMemoryMiB: number
  /** Absent when there is no /dev/kvm. */
  kvmDevice?: { mode: string; owner: string; group: string }
  rootFileSystem: { totalMiB: number; freeMiB: number }
}

/** Fixed text that takes nothing from anybody; each part is announced by a line in brackets. */
const script = `LC_ALL=C; export LC_ALL
echo '[uname]'; uname -n; uname -m; uname -r
echo '[meminfo]'; cat /proc/meminfo
echo '[cpumodel]'; grep -m 1 '^model name' /proc/cpuinfo
echo '[cpus]'; grep -c '^processor' /proc/cpuinfo
echo '[virtualization]'; grep -m 1 -o -w -E 'vmx|svm' /proc/cpuinfo | head -n 1
echo '[kvm]'; [ ! -e /dev/kvm ] || stat -c '%a %U %G' /dev/kvm
echo '[root]'; df -Pk /
echo '[end]'`

export async function readHostFacts(transport: HostTransport): Promise<HostFacts> {
  const { stdout, stderr } = await transport.exec(['sh', '-c', script], { timeoutMs: 10_000 })
  return parseHostFacts(stdout, stderr)
}

export function parseHostFacts(text: string, stderr = ''): HostFacts {
  const parts = partsOf(text)
  const [hostname = '', arch = '', kernel = ''] = parts.get('uname') ?? []
  const memory = new Map((parts.get('meminfo') ?? []).map((line) => splitAt(line, ':')))
  const [, cpuModel] = splitAt(parts.get('cpumodel')?.[0] ?? '', ':')
  const [virtualization] = parts.get('virtualization') ?? []
  const [kvm] = parts.get('kvm') ?? []
  const [mode = '', owner = '', group = ''] = kvm?.split(' ') ?? []
  const [, totalKiB, , freeKiB] = parts.get('root')?.at(-1)?.split(/\s+/) ?? []
  if (!parts.has('end'))
    throw unreadable(`it stopped early${stderr === '' ? '' : ` (${stderr.trim().slice(0, 200)})`}`)
  return {
    hostname,
    arch,
    kernel,
    cpuModel: cpuModel === '' ? arch : cpuModel,
    cpus: whole(parts.get('cpus')?.[0], 'the number of processors'),
    ...(virtualization === 'vmx' || virtualization === 'svm' ? { virtualization } : {}),
    totalMemoryMiB: Math.floor(whole(memory.get('MemTotal'), 'MemTotal') / 1024),
    availableMemoryMiB: Math.floor(whole(memory.get('MemAvailable'), 'MemAvailable') / 1024),
    ...(kvm === undefined ? {} : { kvmDevice: { mode, owner, group } }),
    rootFileSystem: {
      totalMiB: Math.floor(whole(totalKiB, 'the size of /') / 1024),
      freeMiB: Math.floor(whole(freeKiB, 'the free space of /') / 1024),
    },
  }
}

function partsOf(text: string): Map<string, string[]> {
  const parts = new Map<string, string[]>()
  let current: string[] = []
  for (const line of text.split('\n')) {
    const name = /^\[(\w+)\]$/.exec(line)?.[1]
    if (name === undefined) {
      if (line !== '') current.push(line)
      continue
    }
    current = []
    parts.set(name, current)
  }
  return parts
}

function splitAt(line: string, mark: string): [string, string] {
  const at = line.indexOf(mark)
  return at < 0 ? [line.trim(), ''] : [line.slice(0, at).trim(), line.slice(at + 1).trim()]
}

/** The number at the beginning: /proc/meminfo adds " kB". */
function whole(text: string | undefined, what: string): number {
  const digits = /^\d+/.exec(text ?? '')?.[0]
  if (digits === undefined) throw unreadable(`${what} is missing`)
  return Number(digits)
}

function unreadable(why: string): UserError {
  return new UserError('unsupported', `What the host says of itself cannot be read: ${why}.`, {
    fix: 'It must be Linux with /proc, a POSIX sh, and coreutils.',
  })
}
