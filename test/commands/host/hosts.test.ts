import { describe, expect, it } from 'vitest'
import { aFleet, aVm } from '../../fakes/fleet.js'
import { ask, factsOf, offers } from '../conversation.js'

function two() {
  return aFleet({
    hosts: [
      { name: 'kvm1', labels: { site: 'ams', env: 'lab' }, vms: [aVm({ name: 'web1', state: 'running' })] },
      { name: 'kvm2', unreachable: true },
    ],
  })
}

describe('host list', () => {
  it('lists hosts with status, VMs and labels, and why one does not answer', async () => {
    const report = await ask('host list', two())
    expect(report).toMatchObject({
      title: '2 hosts',
      tone: 'warn',
      table: {
        rows: [
          ['kvm1', 'reachable', '1 of 1 running', 'site=ams, env=lab'],
          ['kvm2', 'unreachable', '', ''],
        ],
      },
      notes: ['kvm2: Host kvm2 does not answer: connection refused. Look at the host: host check kvm2'],
    })
  })

  it('fails when no host answers', async () => {
    const report = await ask('host list', aFleet({ hosts: [{ name: 'kvm2', unreachable: true }] }))
    expect(report.tone).toBe('fail')
  })
})

describe('host show', () => {
  it('shows memory, pools, networks and versions', async () => {
    const report = await ask('host show kvm1', two())
    expect(factsOf(report)).toMatchObject({
      Memory: '8 GiB available of 16 GiB',
      'Pool default': 'running, dir, /pool, 150 GiB free of 200 GiB',
      'Network default': 'active, nat, virbr0, 192.168.122.0/24',
      libvirt: '9.0.0, QEMU 7.2.0',
      'Label site': 'ams',
    })
    expect(offers(report)).toEqual({
      Check: 'host check kvm1',
      VMs: 'vm list kvm1',
      Images: 'image list kvm1',
    })
  })

  it('says how old what it shows of a pool is when the pool does not answer', async () => {
    const pool = {
      name: 'nfs',
      state: 'running' as const,
      type: 'netfs',
      capacityGiB: 200,
      availableGiB: 150,
      asOf: '2026-01-02T03:04:05.000Z',
    }
    const report = await ask('host show kvm1', aFleet({ hosts: [{ name: 'kvm1', pools: [pool] }] }))
    expect(factsOf(report)['Pool nfs']).toBe(
      'running, netfs, 150 GiB free of 200 GiB, does not answer; this is of 2026-01-02 03:04:05 UTC',
    )
  })

  it('needs no name where there is one host, and asks for it where there are two', async () => {
    expect((await ask('host show', aFleet({ hosts: [{ name: 'kvm1' }] }))).title).toBe('Host kvm1')
    await expect(ask('host show', two())).rejects.toMatchObject({
      code: 'missing-argument',
      fix: 'Say which one: host show kvm1 or host show kvm2.',
    })
  })

  it('refuses an unknown host with the nearest, and tells of one that does not answer', async () => {
    await expect(ask('host show kvm', two())).rejects.toMatchObject({ code: 'unknown-host' })
    await expect(ask('host show kvm2', two())).rejects.toMatchObject({ code: 'host-unreachable' })
  })
})

describe('host check', () => {
  const warn = {
    check: 'Pool default',
    result: 'warn',
    measured: '9 GiB',
    threshold: '10 GiB',
    probe: 'libvirt',
  } as const

  it('shows findings with measured value, threshold and probe', async () => {
    const report = await ask('host check', aFleet({ hosts: [{ name: 'kvm1' }] }))
    expect(report).toMatchObject({
      title: 'kvm1: 1 check, all passed',
      tone: 'ok',
      findings: [
        {
          check: 'Available memory',
          result: 'pass',
          measured: '8 GiB',
          threshold: 'at least 1 GiB',
          probe: '/proc/meminfo MemAvailable',
        },
      ],
    })
  })

  it('is as good as the worst finding', async () => {
    const report = await ask('host check kvm1', aFleet({ hosts: [{ name: 'kvm1', findings: [warn] }] }))
    expect(report).toMatchObject({ title: 'kvm1: 1 check, 1 warning', tone: 'warn' })
  })

  it('has a failed finding for a host that does not answer, and those of the others', async () => {
    const report = await ask('host check', two())
    // What does not answer has no bar.
    expect(report.chart?.bars.map(({ label }) => label)).toEqual(['kvm1'])
    expect(report).toMatchObject({ title: '2 hosts: 2 checks, 1 failed', tone: 'fail' })
    expect(report.findings?.map(({ check, result }) => [check, result])).toEqual([
      ['kvm2: Connection', 'fail'],
      ['kvm1: Available memory', 'pass'],
    ])
  })

  it('tells why the one host that was named does not answer', async () => {
    await expect(ask('host check kvm2', two())).rejects.toMatchObject({ code: 'host-unreachable' })
  })
})
