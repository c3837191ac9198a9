import { describe, expect, it } from 'vitest'
import { findingsOf, type HostMeasurements } from '../../src/agents/host-check.js'
import type { HostFacts } from '../../src/agents/host-facts.js'
import { UserError } from '../../src/errors.js'
import type { Finding } from '../../src/report/index.js'

const facts: HostFacts = {
  hostname: 'kvm1',
  arch: 'x86_64',
  kernel: '6.1',
  cpuModel: 'EPYC',
  cpus: 8,
  virtualization: 'svm',
  totalMemoryMiB: 16 * 1024,
  availableMemoryMiB: 8 * 1024,
  kvmDevice: { mode: '660', owner: 'root', group: 'kvm' },
  rootFileSystem: { totalMiB: 200 * 1024, freeMiB: 100 * 1024 },
}
const pool = {
  name: 'default',
  state: 'running',
  type: 'dir',
  path: '/images',
  capacityGiB: 500,
  availableGiB: 250,
} as const
const network = { name: 'default', active: true, autostart: true, mode: 'nat', cidr: '192.168.122.0/24' }
const healthy: HostMeasurements = {
  host: 'kvm1',
  facts: { value: facts },
  libvirt: { value: { version: '9.0.0', hypervisor: 'QEMU 7.2.0' } },
  pools: { value: [pool] },
  networks: { value: [network] },
  kcli: { value: { path: '/usr/bin/kcli', version: '99.0', isoTool: 'genisoimage' } },
  defaults: { pool: 'default', network: 'default', virtType: 'auto' },
}

function finding(check: string, change: Partial<HostMeasurements>): Finding {
  const found = findingsOf({ ...healthy, ...change }).find((each) => each.check === check)
  if (found === undefined) throw new Error(`no finding ${check}`)
  return found
}
const withFacts = (change: Partial<HostFacts>): Partial<HostMeasurements> => ({
  facts: { value: { ...facts, ...change } },
})

describe('host check', () => {
  it('passes a healthy host in every finding, each with value, threshold and probe', () => {
    for (const each of findingsOf(healthy)) {
      expect(each).toMatchObject({ result: 'pass', measured: /./, threshold: /./, probe: /./ })
      expect(each.fix).toBeUndefined()
    }
  })

  it.each([
    [8 * 1024, 'pass'],
    [7.6 * 1024, 'pass'],
    [7 * 1024, 'warn'],
    [4 * 1024, 'warn'],
    [3 * 1024, 'fail'],
  ])('grades %d MiB of memory as %s', (totalMemoryMiB, result) => {
    expect(finding('Memory', withFacts({ totalMemoryMiB })).result).toBe(result)
  })

  it('warns below 1 GiB of available memory', () => {
    expect(finding('Available memory', withFacts({ availableMemoryMiB: 1023 }))).toMatchObject({
      result: 'warn',
      measured: '1023 MiB',
    })
  })

  it.each([
    [100, 50, 'pass'],
    [100, 49, 'warn'],
    [100, 29, 'fail'],
    [1000, 190, 'warn'],
    [1000, 90, 'fail'],
  ])('grades a root file system of %d GiB with %d GiB free as %s', (total, free, result) => {
    const rootFileSystem = { totalMiB: total * 1024, freeMiB: free * 1024 }
    expect(finding('Disk space of /', withFacts({ rootFileSystem })).result).toBe(result)
  })

  it('fails a processor without virtualization, unless emulation is what was configured', () => {
    const { virtualization: _, ...without } = facts
    expect(finding('CPU virtualization', { facts: { value: without } })).toMatchObject({
      result: 'fail',
      fix: /firmware/,
    })
    const emulated = { ...healthy.defaults, virtType: 'qemu' as const }
    expect(finding('CPU virtualization', { facts: { value: without }, defaults: emulated }).result).toBe(
      'warn',
    )
    expect(finding('CPU virtualization', { facts: { value: { ...without, arch: 'aarch64' } } }).result).toBe(
      'pass',
    )
  })

  it('fails a missing /dev/kvm and warns of one that only root may use', () => {
    const { kvmDevice: _, ...without } = facts
    expect(finding('/dev/kvm', { facts: { value: without } }).result).toBe('fail')
    expect(
      finding('/dev/kvm', withFacts({ kvmDevice: { mode: '600', owner: 'root', group: 'root' } })),
    ).toMatchObject({
      result: 'warn',
      fix: expect.stringContaining('chmod 660'),
    })
  })

  it.each([
    [{ availableGiB: 90 }, 'warn'],
    [{ availableGiB: 9 }, 'fail'],
    [{ state: 'inactive' as const }, 'fail'],
    [{ asOf: '2026-01-02T03:04:05.000Z' }, 'warn'],
  ])('grades a pool with %j as %s', (change, result) => {
    expect(finding('Pool default', { pools: { value: [{ ...pool, ...change }] } }).result).toBe(result)
  })

  it('fails when the pool or network that new VMs use is missing', () => {
    const defaults = { ...healthy.defaults, pool: 'fast', network: 'lan' }
    expect(finding('Pool fast', { defaults })).toMatchObject({ result: 'fail', measured: 'not defined' })
    expect(finding('Network lan', { defaults })).toMatchObject({ result: 'fail', measured: 'not defined' })
  })

  it('fails the network that new VMs use when it is inactive, and only warns of others', () => {
    const value = [
      { ...network, active: false },
      { ...network, name: 'other', active: false },
    ]
    expect(finding('Network default', { networks: { value } }).result).toBe('fail')
    expect(finding('Network other', { networks: { value } }).result).toBe('warn')
  })

  it('fails a host without a program that writes cloud-init ISOs', () => {
    expect(finding('Cloud-init ISO', {}).result).toBe('pass')
    expect(finding('Cloud-init ISO', { kcli: { value: { path: '/usr/bin/kcli' } } })).toMatchObject({
      result: 'fail',
      fix: expect.stringContaining('genisoimage'),
    })
  })

  const failing = (message: string) => ({
    error: new UserError('libvirt-unavailable', message, { fix: 'Start it.' }),
  })
  const wrongIn = (change: Partial<HostMeasurements>) =>
    findingsOf({ ...healthy, ...change })
      .filter(({ result }) => result === 'fail')
      .map(({ check }) => check)

  it('tells once that libvirt does not answer, and still everything else', () => {
    const down = failing('libvirtd does not answer.')
    const findings = findingsOf({ ...healthy, libvirt: down, pools: down, networks: down })
    expect(wrongIn({ libvirt: down, pools: down, networks: down })).toEqual(['libvirt'])
    expect(findings.find(({ check }) => check === 'libvirt')).toMatchObject({
      measured: 'libvirtd does not answer.',
      fix: 'Start it.',
    })
    expect(findings.find(({ check }) => check === 'Memory')?.result).toBe('pass')
  })

  it('tells once that a host cannot be reached', () => {
    const down = failing('kvm1 does not answer.')
    const all = { facts: down, libvirt: down, pools: down, networks: down, kcli: down }
    expect(findingsOf({ ...healthy, ...all })).toMatchObject([
      { check: 'Connection', result: 'fail', measured: 'kvm1 does not answer.', fix: 'Start it.' },
    ])
  })

  it('tells each cause where things fail for different ones', () => {
    expect(wrongIn({ libvirt: failing('one'), pools: failing('another'), networks: failing('one') })).toEqual(
      ['libvirt', 'Storage pools'],
    )
    expect(wrongIn({ facts: failing('one'), kcli: failing('one') })).toEqual(['Host facts', 'kcli'])
  })
})
