/** `host check`: measured values held against one published table of thresholds. Pure; the agent does the measuring. */
import type { UserError } from '../errors.js'
import { type Finding, showMiB } from '../report/index.js'
import type { NetworkSummary, PoolSummary } from './agent.js'
import type { HostFacts } from './host-facts.js'
import { shellWord } from './shell-word.js'

/** Thresholds of Qubinode's preflight, storage and health checks, where those disagree the one that VMs need. */
export const thresholds = {
  /** A host sold as 8 GB shows a little less: firmware and kernel keep some. */
  memoryTotalMiB: { pass: 7.5 * 1024, fail: 3.75 * 1024 },
  memoryAvailableMiB: { pass: 1024 },
  rootFreeGiB: { pass: 50, fail: 30 },
  rootUsedPercent: { pass: 80, fail: 90 },
  poolUsedPercent: { pass: 80 },
  /** What a VM leaves free when it is created. */
  poolFreeGiB: { fail: 10 },
} as const

export type Measured<T> = { value: T } | { error: UserError }

export interface HostMeasurements {
  host: string
  facts: Measured<HostFacts>
  libvirt: Measured<{ version: string; hypervisor: string }>
  pools: Measured<PoolSummary[]>
  networks: Measured<NetworkSummary[]>
  /** `isoTool`: what writes cloud-init ISOs there. */
  kcli: Measured<{ path: string; version?: string; isoTool?: string }>
  /** From qnav.yml: what a new VM gets when nothing is named. */
  defaults: { pool: string; network: string; virtType: 'auto' | 'kvm' | 'qemu' }
}

const gib = 1024

/** One cause is told once: a host that cannot be reached is one finding, and so is a libvirt that does not answer. */
export function findingsOf(measured: HostMeasurements): Finding[] {
  const { facts, defaults } = measured
  const all = [facts, measured.libvirt, measured.pools, measured.networks, measured.kcli]
  const cause = errorIn(facts)
  if (cause !== undefined && all.every((each) => errorIn(each)?.message === cause.message))
    return [failed('Connection', cause, 'every probe of this check')]
  const libvirtError = errorIn(measured.libvirt)?.message
  const isToldAlready = (each: Measured<unknown>): boolean =>
    libvirtError !== undefined && errorIn(each)?.message === libvirtError
  return [
    ...('value' in facts
      ? [
          cpuVirtualization(facts.value, defaults.virtType),
          kvmDevice(facts.value, defaults.virtType),
          memoryTotal(facts.value),
          memoryAvailable(facts.value),
          rootSpace(facts.value),
        ]
      : [failed('Host facts', facts.error, 'one sh command: /proc/meminfo, /proc/cpuinfo, df /')]),
    libvirt(measured.libvirt),
    ...(isToldAlready(measured.pools) ? [] : pools(measured)),
    ...(isToldAlready(measured.networks) ? [] : networks(measured)),
    ...kcli(measured),
  ]
}

function errorIn(measured: Measured<unknown>): UserError | undefined {
  return 'error' in measured ? measured.error : undefined
}

/** Emulation on purpose is a choice, not a failure. */
function cpuVirtualization({ virtualization, arch }: HostFacts, virtType: string): Finding {
  const known = virtualization !== undefined || /^(x86_64|i[3-6]86)$/.test(arch)
  const emulated = virtType === 'qemu'
  return {
    check: 'CPU virtualization',
    result: virtualization !== undefined || !known ? 'pass' : emulated ? 'warn' : 'fail',
    measured: virtualization ?? (known ? 'neither vmx nor svm' : `not told by ${arch}`),
    threshold: 'vmx or svm',
    probe: '/proc/cpuinfo flags',
    ...(virtualization === undefined && known
      ? {
          fix: 'Switch on VT-x or AMD-V in the firmware, or nested virtualization if this host is a VM itself.',
        }
      : {}),
  }
}

function kvmDevice({ kvmDevice: device }: HostFacts, virtType: string): Finding {
  const base = { check: '/dev/kvm', threshold: 'exists, read-write for its group', probe: 'stat /dev/kvm' }
  if (device === undefined) {
    const result = virtType === 'qemu' ? 'warn' : 'fail'
    return {
      ...base,
      result,
      measured: 'missing',
      fix: 'Load the module: modprobe kvm_intel or modprobe kvm_amd',
    }
  }
  const measured = `mode ${device.mode}, ${device.owner}:${device.group}`
  const groupMayUse = (Number.parseInt(device.mode, 8) & 0o060) === 0o060
  if (groupMayUse) return { ...base, result: 'pass', measured }
  return { ...base, result: 'warn', measured, fix: 'chgrp kvm /dev/kvm && chmod 660 /dev/kvm' }
}

function memoryTotal({ totalMemoryMiB }: HostFacts): Finding {
  const { pass, fail } = thresholds.memoryTotalMiB
  return {
    check: 'Memory',
    ...graded(
      totalMemoryMiB >= pass ? 'pass' : totalMemoryMiB >= fail ? 'warn' : 'fail',
      'Add memory to the host.',
    ),
    measured: showMiB(totalMemoryMiB),
    threshold: `at least ${showMiB(pass)} (8 GB nominal), fail below ${showMiB(fail)}`,
    probe: '/proc/meminfo MemTotal',
  }
}

function memoryAvailable({ availableMemoryMiB }: HostFacts): Finding {
  const { pass } = thresholds.memoryAvailableMiB
  return {
    check: 'Available memory',
    ...graded(availableMemoryMiB >= pass ? 'pass' : 'warn', 'Stop VMs that are not needed: vm list'),
    measured: showMiB(availableMemoryMiB),
    threshold: `at least ${showMiB(pass)}`,
    probe: '/proc/meminfo MemAvailable',
  }
}

function rootSpace({ rootFileSystem: { totalMiB, freeMiB } }: HostFacts): Finding {
  const { rootFreeGiB, rootUsedPercent } = thresholds
  const used = usedPercent(totalMiB, freeMiB)
  const free = freeMiB / gib
  const result =
    free < rootFreeGiB.fail || used > rootUsedPercent.fail
      ? 'fail'
      : free < rootFreeGiB.pass || used > rootUsedPercent.pass
        ? 'warn'
        : 'pass'
  return {
    check: 'Disk space of /',
    ...graded(result, 'Free space on /, or put VM disks on a file system of their own.'),
    measured: `${showMiB(freeMiB)} free of ${showMiB(totalMiB)}, ${used} % used`,
    threshold: `at least ${rootFreeGiB.pass} GiB free (fail below ${rootFreeGiB.fail}), at most ${rootUsedPercent.pass} % used (fail above ${rootUsedPercent.fail})`,
    probe: 'df -Pk /',
  }
}

function libvirt(measured: HostMeasurements['libvirt']): Finding {
  const probe = 'libvirt: library and hypervisor version'
  if ('error' in measured) return failed('libvirt', measured.error, probe)
  const { version, hypervisor } = measured.value
  return {
    check: 'libvirt',
    result: 'pass',
    measured: `libvirt ${version}, ${hypervisor}`,
    threshold: 'answers',
    probe,
  }
}

function pools({ pools: measured, defaults, host }: HostMeasurements): Finding[] {
  const probe = 'libvirt: storage pool info'
  if ('error' in measured) return [failed('Storage pools', measured.error, probe)]
  const missing: Finding = {
    check: `Pool ${defaults.pool}`,
    result: 'fail',
    measured: 'not defined',
    threshold: 'defined and running: new VMs go there',
    probe,
    fix: `Define it on ${host}, or name another one as pool of this host in qnav.yml.`,
  }
  const found = measured.value.map((pool) => poolFinding(pool, probe))
  return measured.value.some(({ name }) => name === defaults.pool) ? found : [missing, ...found]
}

function poolFinding(pool: PoolSummary, probe: string): Finding {
  const check = `Pool ${pool.name}`
  if (pool.asOf !== undefined) {
    return {
      check,
      result: 'warn',
      measured: `does not answer; last known ${pool.state} at ${pool.asOf}`,
      threshold: 'answers',
      probe,
      fix: `Look at what is behind it (a file server?), or take it out of service: virsh pool-destroy ${shellWord(pool.name)}`,
    }
  }
  if (pool.state !== 'running') {
    return {
      check,
      result: 'fail',
      measured: pool.state,
      threshold: 'running',
      probe,
      fix: `virsh pool-start ${shellWord(pool.name)}`,
    }
  }
  const used = usedPercent(pool.capacityGiB, pool.availableGiB)
  const { poolFreeGiB, poolUsedPercent } = thresholds
  const result = pool.availableGiB < poolFreeGiB.fail ? 'fail' : used > poolUsedPercent.pass ? 'warn' : 'pass'
  return {
    check,
    ...graded(
      result,
      'Delete VMs, images or snapshots that are not needed, or enlarge the storage under it.',
    ),
    measured: `${showMiB(pool.availableGiB * gib)} free of ${showMiB(pool.capacityGiB * gib)}, ${used} % used`,
    threshold: `at most ${poolUsedPercent.pass} % used, fail below ${poolFreeGiB.fail} GiB free`,
    probe: pool.path === undefined ? probe : `${probe} (${pool.path})`,
  }
}

function networks({ networks: measured, defaults, host }: HostMeasurements): Finding[] {
  const probe = 'libvirt: network list'
  if ('error' in measured) return [failed('Networks', measured.error, probe)]
  const missing: Finding = {
    check: `Network ${defaults.network}`,
    result: 'fail',
    measured: 'not defined',
    threshold: 'defined and active: new VMs are connected to it',
    probe,
    fix: `Define it on ${host}, or name another one as network of this host in qnav.yml.`,
  }
  const found = measured.value.map(({ name, active, mode, cidr }): Finding => {
    // Only the network that new VMs use is needed; others may be switched off on purpose.
    const result = active ? 'pass' : name === defaults.network ? 'fail' : 'warn'
    return {
      check: `Network ${name}`,
      ...graded(result, `virsh net-start ${shellWord(name)} && virsh net-autostart ${shellWord(name)}`),
      measured: active ? ['active', mode, cidr].filter(Boolean).join(', ') : 'inactive',
      threshold: 'active',
      probe,
    }
  })
  return measured.value.some(({ name }) => name === defaults.network) ? found : [missing, ...found]
}

function kcli({ kcli: measured, host }: HostMeasurements): Finding[] {
  const probe = 'its path and the version of its Python package'
  if ('error' in measured) return [failed('kcli', measured.error, probe)]
  const { path, version, isoTool } = measured.value
  return [
    {
      check: 'kcli',
      result: 'pass',
      measured: [path, version].filter(Boolean).join(', '),
      threshold: 'is there',
      probe,
    },
    {
      check: 'Cloud-init ISO',
      ...graded(
        isoTool === undefined ? 'fail' : 'pass',
        `Install genisoimage (or xorriso) on ${host}; without it kcli makes no VM from an image.`,
      ),
      measured: isoTool ?? 'no program that writes it',
      threshold: 'genisoimage, mkisofs or xorrisofs',
      probe: 'PATH of the account that runs kcli',
    },
  ]
}

function failed(check: string, { message, fix }: UserError, probe: string): Finding {
  return { check, result: 'fail', measured: message, threshold: 'answers', probe, fix }
}

function graded(result: Finding['result'], fix: string): Pick<Finding, 'result' | 'fix'> {
  return result === 'pass' ? { result } : { result, fix }
}

function usedPercent(total: number, free: number): number {
  return total <= 0 ? 100 : Math.round((1 - free / total) * 100)
}
