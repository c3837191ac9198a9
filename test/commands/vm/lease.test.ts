import { describe, expect, it } from 'vitest'
import { aFleet, anImage, aVm } from '../../fakes/fleet.js'
import { ask, blockers, factsOf, plan, work } from '../conversation.js'

const day = 86_400_000
const hosts = (leaseEnds?: string, more: Parameters<typeof aVm>[0] = { name: 'web1' }) =>
  aFleet({
    hosts: [
      {
        name: 'kvm1',
        vms: [
          aVm({
            ownership: {
              ...{ owner: 'U1', requester: 'U1', ticket: 'ABC-1', job: 'j-old' },
              ...(leaseEnds === undefined ? {} : { leaseEnds }),
            },
            ...more,
          }),
        ],
        images: [anImage({ name: 'rocky' })],
      },
    ],
  })
const endOf = ({ host }: ReturnType<typeof hosts>, name = 'web1') =>
  host('kvm1').machines.get(name)?.ownership?.leaseEnds
const over = '2026-01-01T00:00Z'

describe('vm lease', () => {
  it('says until when, records it beside the owner, and shows what is left', async () => {
    const house = hosts()
    const { plan: made, args } = await plan('vm lease web1 --for 7d', house)
    expect(made.changes).toEqual([
      { what: 'Lease', from: 'none', to: expect.stringMatching(/^until 20\d\d-/) },
    ])
    // What is approved is a time, however long that takes.
    expect(args).toEqual({ vm: expect.anything(), until: expect.stringMatching(/^20.*Z$/) })
    expect(await work('vm lease web1 --for 7d', house)).toMatchObject({
      title: expect.stringMatching(/^web1 has a lease until .*, [67] d left$/),
    })
    const left = Date.parse(endOf(house) ?? '') - Date.now()
    expect(left).toBeGreaterThan(7 * day - 60_000)
    expect(left).toBeLessThan(7 * day + 120_000)
    expect(house.host('kvm1').machines.get('web1')?.ownership).toMatchObject({ owner: 'U1', ticket: 'ABC-1' })
    expect(factsOf(await ask('vm show web1', house)).Lease).toMatch(/d left$/)
  })

  it('takes it away, or names a time', async () => {
    const house = hosts('2040-01-01T00:00Z')
    expect(await work('vm lease web1 --until 2041-01-31T18:00+01:00', house)).toMatchObject({ tone: 'ok' })
    expect(endOf(house)).toBe('2041-01-31T17:00Z')
    expect(await work('vm lease web1 --for none', house)).toMatchObject({ title: 'web1 has no lease' })
    expect(endOf(house)).toBeUndefined()
  })

  it('refuses what is over, too long, nobody’s, or says both or nothing', async () => {
    const house = hosts()
    expect(await blockers('vm lease web1 --until 2026-01-01', house)).toEqual([
      expect.stringMatching(/^bad-argument: .* over already/),
    ])
    const leases = { longestMs: 30 * day }
    expect(await blockers('vm lease web1 --for 31d', { ...house, leases })).toEqual([
      expect.stringMatching(/^quota-exceeded: .*at most 30d/),
    ])
    expect(await blockers('vm lease web1 --for none', { ...house, leases })).toEqual([
      expect.stringMatching(/^quota-exceeded: .*at most 30d/),
    ])
    expect(await blockers('vm lease web1 --for 30d', { ...house, leases })).toEqual([])
    const elsewhere = aFleet({ hosts: [{ name: 'kvm1', vms: [aVm({ name: 'web1' })] }] })
    expect(await blockers('vm lease web1 --for 7d', elsewhere)).toEqual([
      expect.stringMatching(/^invalid-state: .*nobody/),
    ])
    await expect(plan('vm lease web1', house)).rejects.toThrow('"vm lease" needs --for or --until.')
    await expect(plan('vm lease web1 --for 7d --until 2040-01-01', house)).rejects.toThrow(
      '--until "2040-01-01" must not be given beside --for.',
    )
  })

  it('comes with a new VM: what was said, else what qnav.yml says', async () => {
    const house = hosts()
    const leases = { defaultMs: 14 * day, longestMs: 30 * day }
    const planned = async (line: string) => (await plan(line, { ...house, leases })).plan
    expect(factsOf(await planned('vm create db1 --image rocky')).Lease).toBe(
      '14 d; then it is shut off, and kept',
    )
    expect(factsOf(await planned('vm create db1 --image rocky --lease 2d')).Lease).toMatch(/^2 d;/)
    expect(await blockers('vm create db1 --image rocky --lease none', { ...house, leases })).toEqual([
      expect.stringMatching(/^quota-exceeded/),
    ])
    await work('vm create db1 --image rocky --lease 2d --no-start', house)
    expect(Date.parse(endOf(house, 'db1') ?? '')).toBeGreaterThan(Date.now() + 2 * day - 60_000)
    await work('vm create db2 --image rocky --no-start', house)
    expect(endOf(house, 'db2')).toBeUndefined()
  })

  it('that is over has to be renewed before the VM is started', async () => {
    const house = hosts(over)
    const { plan: made } = await plan('vm start web1', house)
    expect(made).toMatchObject({
      blockers: [{ fix: expect.stringContaining('vm lease web1@kvm1 --for 7d') }],
    })
    await work('vm lease web1 --for 7d', house)
    expect(await blockers('vm start web1', house)).toEqual([])
  })

  it('goes with the VM when it is handed over', async () => {
    const house = hosts('2040-01-01T00:00Z')
    await work('vm adopt web1 --owner U0BEN', house)
    expect(house.host('kvm1').machines.get('web1')?.ownership).toMatchObject({
      owner: 'U0BEN',
      leaseEnds: '2040-01-01T00:00Z',
    })
  })
})
