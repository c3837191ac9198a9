import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Growth } from '../../src/command/index.js'
import { type Holding, type QuotaWorld, quotaBlockers, quotaLines } from '../../src/policy/quota.js'

const hosts = [
  { name: 'kvm1', labels: { site: 'ams' }, capacity: { cpus: 8, totalMemoryMiB: 16_384 } },
  { name: 'kvm2', labels: { site: 'par' }, capacity: { cpus: 8, totalMemoryMiB: 16_384 } },
]

function aVm(name: string, change: Partial<Holding> = {}): Holding {
  return {
    name,
    host: 'kvm1',
    owner: 'UANN',
    runs: true,
    cpus: 2,
    memoryMiB: 2048,
    diskGiB: 10,
    snapshots: [],
    ...change,
  }
}

function aWorld(change: Partial<QuotaWorld> = {}): QuotaWorld {
  return {
    settings: { owners: [], hosts: [], perVm: {} },
    hosts,
    holdings: [],
    reserved: [],
    rolesOf: new Map(),
    ...change,
  }
}

const ask = (growth: Growth, job = 'j-new') => ({ job, growth: [growth] })
const web9: Growth = {
  vm: { name: 'web9', host: 'kvm1' },
  owner: 'UANN',
  runs: true,
  cpus: 2,
  memoryMiB: 2048,
  diskGiB: 10,
}
const said = (world: QuotaWorld, growth: Growth) =>
  quotaBlockers(world, ask(growth)).map(({ message }) => message)

describe('a quota of owners', () => {
  const settings = { owners: [{ limits: { vms: 3, cpus: 6 } }], hosts: [], perVm: {} }

  it('lets in what there is room for, and no more', () => {
    expect(said(aWorld({ settings, holdings: [aVm('a'), aVm('b')] }), web9)).toEqual([])
    expect(said(aWorld({ settings, holdings: [aVm('a'), aVm('b'), aVm('c')] }), web9)).toHaveLength(2)
  })

  it('names the limit, the use, what holds it and what to do', () => {
    const reserved = [ask({ ...web9, vm: { name: 'd', host: 'kvm1' } }, 'j-other')]
    const world = aWorld({ settings, holdings: [aVm('a'), aVm('b', { cpus: 4 })], reserved })
    const [vms, cpus] = quotaBlockers(world, ask(web9))
    expect(vms).toEqual({
      code: 'quota-exceeded',
      message:
        'The VMs of UANN would be 4 VMs; the limit is 3 VMs, and 3 VMs are taken (a@kvm1, b@kvm1, 1 VM reserved by j-other).',
      fix: 'Make room: vm list --owner UANN, quota show. The limit stands in qnav.yml, quotas.owners.',
    })
    expect(cpus?.message).toContain('8 CPUs are taken (b@kvm1, a@kvm1, 2 CPUs reserved by j-other)')
  })

  it('counts the VMs of that owner on all hosts, and of nobody else', () => {
    const mine = [aVm('a'), aVm('b', { host: 'kvm2' })]
    const holdings = [
      ...mine,
      aVm('c', { owner: 'UBEN' }),
      { ...aVm('d'), owner: undefined } as unknown as Holding,
    ]
    expect(said(aWorld({ settings, holdings }), web9)).toEqual([])
    expect(said(aWorld({ settings, holdings: [...holdings, aVm('e')] }), web9)).toHaveLength(2)
  })

  it('is the first that fits: by user, by role, for everybody', () => {
    const owners = [
      { users: ['UANN'], limits: { vms: 1 } },
      { roles: ['operator'], limits: { vms: 2 } },
      { limits: { vms: 0 } },
    ]
    const rolesOf = new Map([
      ['UANN', ['operator']],
      ['UBEN', ['operator']],
    ])
    const world = aWorld({ settings: { owners, hosts: [], perVm: {} }, rolesOf })
    const limitOf = (owner: string) => quotaLines(world, owner).find(({ what }) => what === 'vms')?.limit
    expect(['UANN', 'UBEN', 'UVIC'].map(limitOf)).toEqual([1, 2, 0])
  })

  it('counts what is being made once, whether it is there already or not yet', () => {
    const making = { ...web9, vm: { name: 'c', host: 'kvm1' } }
    const reserved = [ask(making, 'j-other')]
    for (const holdings of [
      [aVm('a')],
      [aVm('a'), aVm('c')],
      // Made, and its owner not recorded yet.
      [aVm('a'), { ...aVm('c'), owner: undefined } as unknown as Holding],
    ]) {
      expect(said(aWorld({ settings, holdings, reserved }), web9)).toEqual([])
      expect(said(aWorld({ settings, holdings: [...holdings, aVm('b')], reserved }), web9)).toHaveLength(2)
    }
  })

  it('takes no VM from its owner’s count while it is handed over, and adds it to the other’s', () => {
    const owners = [{ users: ['UBEN'], limits: { cpus: 1 } }]
    const world = aWorld({ settings: { owners, hosts: [], perVm: {} }, holdings: [aVm('a')] })
    expect(said(world, { vm: { name: 'a', host: 'kvm1' }, owner: 'UBEN' })[0]).toContain(
      'would be 2 CPUs; the limit is 1 CPU',
    )
  })

  it('stands in the way of growth only', () => {
    const tight = { owners: [{ limits: { vms: 1, snapshots: 1 } }], hosts: [], perVm: {} }
    const holdings = [aVm('a', { runs: false }), aVm('b'), aVm('c')]
    expect(
      said(aWorld({ settings: tight, holdings }), { vm: { name: 'a', host: 'kvm1' }, runs: true }),
    ).toEqual([])
    expect(
      said(aWorld({ settings: tight, holdings }), { vm: { name: 'a', host: 'kvm1' }, snapshots: ['x'] }),
    ).toEqual([])
  })

  it('refuses while a host was never seen, and counts one that fell silent as it was', () => {
    const [kvm1, kvm2] = hosts
    if (kvm1 === undefined || kvm2 === undefined) throw new Error('two hosts')
    const unknown = aWorld({ settings, hosts: [kvm1, { ...kvm2, unknown: 'Connection refused.' }] })
    expect(said(unknown, web9)).toEqual([
      'The VMs of UANN cannot be counted: kvm2 did not answer since qnav was started. Connection refused.',
    ])
    const holdings = ['a', 'b', 'c'].map((name) => aVm(name, { host: 'kvm2' }))
    const silent = aWorld({
      settings,
      holdings,
      hosts: [kvm1, { ...kvm2, asOf: '2026-01-02T03:04:05.000Z' }],
    })
    expect(said(silent, web9)[0]).toContain('kvm2 did not answer and counts as it was last seen.')
  })
})

describe('a quota of hosts', () => {
  it('holds for all VMs on the hosts with its labels together', () => {
    const settings = {
      owners: [],
      perVm: {},
      hosts: [{ labels: { site: 'ams' }, limits: { memoryMiB: 4096 } }],
    }
    const holdings = [aVm('a', { owner: 'UBEN' }), aVm('b', { owner: 'UBEN' })]
    expect(said(aWorld({ settings, holdings }), web9)[0]).toMatch(
      /^The hosts with site=ams would be 6 GiB of memory; the limit is 4 GiB/,
    )
    expect(said(aWorld({ settings, holdings }), { ...web9, vm: { name: 'web9', host: 'kvm2' } })).toEqual([])
  })

  it('keeps what runs on each host within its processors and memory', () => {
    const settings = {
      owners: [],
      perVm: {},
      hosts: [{ labels: {}, limits: {}, cpuRatio: 2, memoryRatio: 0.5 }],
    }
    const full = [
      aVm('a', { cpus: 15, memoryMiB: 1 }),
      aVm('off', { runs: false, cpus: 64, memoryMiB: 65_536 }),
    ]
    expect(said(aWorld({ settings, holdings: full }), web9)).toEqual([
      'What runs on kvm1 would be 17 CPUs; the limit is 16 CPUs, and 15 CPUs are taken (a@kvm1).',
    ])
    expect(said(aWorld({ settings, holdings: full }), { ...web9, cpus: 1 })).toEqual([])
    expect(
      said(aWorld({ settings, holdings: full }), { vm: { name: 'off', host: 'kvm1' }, runs: true }),
    ).toHaveLength(2)
    const { runs: _, ...still } = web9
    expect(said(aWorld({ settings, holdings: full }), still)).toEqual([])
  })
})

describe('a limit of one VM', () => {
  const settings = { owners: [], hosts: [], perVm: { cpus: 4, snapshots: 2 } }

  it('holds for new VMs, and for snapshots of old ones', () => {
    expect(said(aWorld({ settings }), { ...web9, cpus: 5 })[0]).toMatch(
      /^VM web9@kvm1 would be 5 CPUs; the limit is 4 CPUs/,
    )
    const holdings = [aVm('a', { snapshots: ['x', 'y'] })]
    const growth = { vm: { name: 'a', host: 'kvm1' }, snapshots: ['z'] }
    expect(said(aWorld({ settings, holdings }), growth)[0]).toContain('would be 3 snapshots')
    // One that is being taken and is there already.
    expect(said(aWorld({ settings, holdings }), { ...growth, snapshots: ['y'] })).toEqual([])
  })
})

describe('any sequence of requests', () => {
  it('never gets past a limit, whatever is there, being made, and let in', () => {
    const growths = fc.array(
      fc.record({
        vm: fc.record({
          name: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
          host: fc.constantFrom('kvm1', 'kvm2'),
        }),
        owner: fc.constantFrom('UANN', 'UBEN'),
        cpus: fc.integer({ min: 1, max: 8 }),
        memoryMiB: fc.integer({ min: 64, max: 4096 }),
        diskGiB: fc.float({ min: 1, max: 100, noNaN: true }),
      }),
      { maxLength: 12 },
    )
    const limits = fc.record({
      vms: fc.nat(4),
      cpus: fc.nat(16),
      memoryMiB: fc.nat(8192),
      diskGiB: fc.nat(200),
    })
    fc.assert(
      fc.property(growths, limits, (asked, most) => {
        const world = aWorld({ settings: { owners: [{ limits: most }], hosts: [], perVm: {} } })
        const reserved: { job: string; growth: Growth[] }[] = []
        asked.forEach((growth, index) => {
          const mine = { job: `j-${index}`, growth: [growth] }
          if (quotaBlockers({ ...world, reserved }, mine).length === 0) reserved.push(mine)
        })
        for (const owner of ['UANN', 'UBEN']) {
          for (const { used, reserved: held, limit = 0 } of quotaLines({ ...world, reserved }, owner).slice(
            0,
            4,
          )) {
            expect(used + held).toBeLessThanOrEqual(limit + 1e-6)
          }
        }
      }),
    )
  })
})
