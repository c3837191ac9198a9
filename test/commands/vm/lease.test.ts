import { describe, expect, it } from 'vitest'
import type { Lease, Ownership } from '../../../src/agents/index.js'
import { aFleet, aVm, type FakeVm } from '../../fakes/fleet.js'
import { ask, begin, blockers, factsOf, plan, work } from '../conversation.js'

const hour = 3_600_000
const day = 24 * hour
const fromNow = (ms: number): Lease => ({
  from: new Date(Date.now() - day).toISOString(),
  until: new Date(Date.now() + ms).toISOString(),
})
const of = (lease?: Lease): Ownership => ({
  owner: 'U2',
  requester: 'U3',
  ticket: 'ABC-1',
  ...(lease === undefined ? {} : { lease }),
  job: 'j-old',
})
const hosts = (ownership?: Ownership, more: Partial<FakeVm> = {}) =>
  aFleet({
    hosts: [
      { name: 'kvm1', vms: [aVm({ name: 'web1', ...(ownership && { ownership }), ...more })] },
      { name: 'kvm2' },
    ],
  })
const leaseOf = ({ host }: ReturnType<typeof hosts>) => host('kvm1').machines.get('web1')?.ownership?.lease
const admin = { id: 'U1', roles: ['admin'] }

describe('vm lease', () => {
  it('gives a VM a time to live, beside all else that is known of it', async () => {
    const world = hosts(of())
    const { plan: made, locks } = await plan('vm lease web1 --for 7d', world)
    expect(made).toMatchObject({ changes: [{ what: 'Lease', from: 'none', to: '7d from then on' }] })
    expect(locks).toEqual(['vm:kvm1/web1'])
    const before = Date.now()
    expect(await work('vm lease web1 --for 7d', world)).toMatchObject({
      title: expect.stringMatching(/^web1: (7d|6d23h) left$/),
    })
    const { from = '', until = '' } = leaseOf(world) ?? {}
    expect(Date.parse(from)).toBeGreaterThanOrEqual(before)
    expect(Date.parse(until) - Date.parse(from)).toBe(7 * day)
    expect(world.host('kvm1').machines.get('web1')?.ownership).toMatchObject({ ...of(), job: 'j-test1' })
  })

  it('takes a time, and takes the lease away', async () => {
    const world = hosts(of(fromNow(hour)))
    await work('vm lease web1 --until 2030-01-31T14:00+02:00', world)
    expect(leaseOf(world)?.until).toBe('2030-01-31T12:00:00.000Z')
    const other = hosts(of(fromNow(hour)))
    expect(await work('vm lease web1 --none', other)).toMatchObject({ title: 'web1 has no lease' })
    expect(leaseOf(other)).toBeUndefined()
  })

  it.each([
    ['vm lease web1 --for 91d', 'quota-exceeded: A lease is 90d at most'],
    ['vm lease web1 --until 2001-01-01', 'bad-argument: 2001-01-01 00:00:00 UTC is over.'],
    ['vm lease web1 --for 10m', 'is nearer than an hour'],
    ['vm lease web1 --none', 'not-allowed: Every VM has a lease here, of 90d at most.'],
  ])('refuses %s', async (line, why) => {
    const options = { ...hosts(of()), leases: { longestMs: 90 * day } }
    const said = await blockers(line, options)
    expect(said).toHaveLength(1)
    expect(said[0]).toContain(why)
  })

  it('lets an admin give any', async () => {
    const options = { ...hosts(of()), leases: { longestMs: 90 * day }, by: admin }
    for (const line of ['vm lease web1 --for 400d', 'vm lease web1 --none'])
      expect(await blockers(line, options)).toEqual([])
  })

  it('has to be one of the three, and of a VM that is somebody’s', async () => {
    await expect(plan('vm lease web1', hosts(of()))).rejects.toMatchObject({ message: /--for/ })
    expect(await blockers('vm lease web1 --for 7d --none', hosts(of()))).toEqual([
      'bad-argument: --for, --until and --none do not go together.',
    ])
    expect(await blockers('vm lease web1 --for 7d', hosts())).toEqual([
      'invalid-state: VM web1@kvm1 is nobody’s, and only a VM with an owner has a lease.',
    ])
  })

  it('writes nothing when the lease is another since the plan, and nothing twice after a crash', async () => {
    const world = hosts(of())
    const since = () => {
      const machine = world.host('kvm1').machines.get('web1')
      if (machine !== undefined) machine.ownership = of(fromNow(3 * day))
    }
    await expect(work('vm lease web1 --for 7d', { ...world, since })).rejects.toMatchObject({
      code: 'changed-since',
    })
    const other = hosts(of())
    const first = await begin('vm lease web1 --for 7d', other)
    await first.done
    first.job.steps.length = 0
    const kept = leaseOf(other)
    await (await first.restart()).done
    expect(leaseOf(other)).toEqual(kept)
  })

  it('stays when the VM is handed over', async () => {
    const lease = fromNow(3 * day)
    const world = hosts({ ...of(lease), owner: 'U1' })
    await work('vm adopt web1 --owner U22', world)
    expect(leaseOf(world)).toEqual(lease)
  })
})

describe('a VM with a lease', () => {
  it('is not started when that has ended: the refusal says how', async () => {
    const world = hosts(of(fromNow(-hour)))
    const { plan: made } = await plan('vm start web1', world)
    expect(made).toMatchObject({
      kind: 'blocked',
      blockers: [{ code: 'invalid-state', fix: expect.stringContaining('vm lease web1@kvm1 --for 7d') }],
    })
    await work('vm lease web1 --for 7d', world)
    expect(await work('vm start web1', world)).toMatchObject({ title: 'web1 is running' })
  })

  it('shows how much of it is left, where there is one', async () => {
    const world = hosts(of(fromNow(3 * day + 4.5 * hour)))
    expect(factsOf(await ask('vm show web1', world)).Lease).toMatch(/^until .* UTC, 3d4h left$/)
    const { table } = await ask('vm list', world)
    expect(table).toMatchObject({
      columns: ['VM', 'State', 'Host', 'Owner', 'Time left'],
      rows: [['web1', 'shut off', 'kvm1', 'U2', '3d4h left']],
    })
    expect((await ask('vm list', hosts(of()))).table?.columns).not.toContain('Time left')
  })

  it('is made with one: as asked, as usual here, or as long as is allowed', async () => {
    const made = async (line: string, leases: object) => {
      const { args } = await plan(`vm create new1 --image tiny.qcow2 --host kvm2${line}`, {
        ...hosts(),
        leases,
      })
      return args.lease
    }
    expect(await made('', {})).toBeUndefined()
    expect(await made('', { defaultMs: 14 * day, longestMs: 90 * day })).toBe('14d')
    expect(await made('', { longestMs: 90 * day })).toBe('90d')
    expect(await made(' --lease 2w', { defaultMs: day })).toBe('14d')
    expect(await made(' --lease none', { defaultMs: day })).toBe('none')
    const refused = await blockers('vm create new1 --image tiny.qcow2 --host kvm2 --lease none', {
      ...hosts(),
      leases: { longestMs: 90 * day },
    })
    expect(refused[0]).toContain('Every VM has a lease here')
  })

  it('has it from its creation on', async () => {
    const world = hosts()
    const line = 'vm create new1 --image tiny.qcow2 --host kvm2 --no-start --lease 8h'
    expect(factsOf(await work(line, world)).Lease).toMatch(/^until /)
    const { lease, createdAt } = world.host('kvm2').machines.get('new1')?.ownership ?? {}
    expect(lease?.from).toBe(createdAt)
    expect(Date.parse(lease?.until ?? '') - Date.parse(lease?.from ?? '')).toBe(8 * hour)
  })
})
