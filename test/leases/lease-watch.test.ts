/** Ends of leases, over a fleet in memory, the real engine, and a clock that is told. */
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { Ownership } from '../../src/agents/index.js'
import { createLeaseWatch, type LeaseWatch, type LeaseWords } from '../../src/leases/index.js'
import { createLog } from '../../src/log.js'
import { aVm, type FakeVm } from '../fakes/fleet.js'
import { FakeClock } from '../jobs/fake-clock.js'
import { aHouse } from '../request/house.js'

const log = createLog({ level: 'silent' })
const hour = 3_600_000
const day = 24 * hour
const start = Date.parse('2026-01-02T03:04:05.000Z')
const iso = (ms: number) => new Date(ms).toISOString()

/** Ann's, until so long after the start. */
const leased = (untilMs: number, fromMs = start - 10 * day): Ownership => ({
  owner: 'UANN',
  requester: 'UANN',
  lease: { from: iso(fromMs), until: iso(start + untilMs) },
  job: 'j-old',
})
const web1 = (ownership: Ownership | undefined, more: Partial<FakeVm> = {}) =>
  aVm({ name: 'web1', state: 'running', ...(ownership === undefined ? {} : { ownership }), ...more })

async function aWatched(vms: FakeVm[]) {
  const clock = new FakeClock(start)
  const house = await aHouse({ approvals: false, hosts: [{ name: 'kvm1', vms }] })
  const host = house.fleet.host('kvm1')
  const told: LeaseWords[] = []
  const world = {
    quietUntil: undefined as number | undefined,
    failure: undefined as Error | undefined,
    tries: [] as string[],
  }
  let watch: LeaseWatch
  const open = async () => {
    watch = createLeaseWatch({
      ...{ fleet: house.fleet.fleet, jobs: house.jobs, data: { path: house.path }, log, clock },
      news: {
        quietUntil: () => world.quietUntil,
        async tell(words) {
          world.tries.push(words.key)
          if (world.failure !== undefined) throw world.failure
          // As the outbox: what has a key that was posted is not posted again.
          if (!told.some(({ key }) => key === words.key)) told.push(words)
        },
      },
    })
    await watch.start()
  }
  await open()
  onTestFinished(() => watch.stop())
  return {
    clock,
    house,
    host,
    told,
    world,
    titles: () => told.map(({ report }) => report.title),
    ends: () => house.jobs.list().filter(({ body }) => body === 'lease-end'),
    /** Waits, with timers that are due. */
    until: (isSo: () => void) =>
      vi.waitFor(
        () => {
          clock.advance(0)
          isSo()
        },
        { timeout: 5000, interval: 5 },
      ),
    /** Time passes, and everything that is due is done. */
    async pass(ms: number) {
      clock.advance(ms)
      for (let round = 0; round < 60; round += 1) {
        clock.advance(0)
        await new Promise<void>((resolve) => {
          setImmediate(resolve)
        })
      }
    },
    /** As a restart of the bot. */
    async restart() {
      await watch.stop()
      await house.restart()
      await open()
    },
  }
}

describe('the end of a lease', () => {
  it('is told a day and an hour before, then the VM is shut off and stays, and nothing is done twice', async () => {
    const { pass, until, told, titles, host, ends, house, clock } = await aWatched([web1(leased(3 * day))])
    await pass(0)
    await pass(2 * day - 60_000)
    expect(told).toEqual([])
    await pass(2 * 60_000)
    await until(() => expect(titles()).toEqual(['The lease of web1 ends: 23h59m left']))
    expect(told[0]?.report.actions?.map(({ command }) => command)).toEqual([
      'vm lease web1@kvm1 --for 7d',
      'snapshot create web1@kvm1',
      'vm stop web1@kvm1',
      'vm delete web1@kvm1',
    ])
    await pass(23 * hour)
    await until(() => expect(told).toHaveLength(2))
    expect(host.calls).toEqual([])
    expect(told[1]).toMatchObject({ owner: 'UANN', toApprovers: false })
    await pass(hour - 2 * 60_000)
    expect(ends()).toEqual([])
    await pass(3 * 60_000)
    await until(() => expect(titles()[2]).toBe('web1 is shut off: its lease has ended'))
    expect(told[2]?.report.notes?.[0]).toContain('vm lease web1@kvm1 --for 7d, then vm start web1@kvm1')
    expect(host.machines.get('web1')).toMatchObject({ state: 'shut off', ownership: leased(3 * day) })
    expect(host.calls).toEqual(['shutDown web1'])
    expect(ends()).toMatchObject([
      { state: 'succeeded', requester: { id: 'lease' }, plan: { kind: 'ready', host: 'kvm1' } },
    ])
    expect(house.audit.map(({ event }) => event)).toContain('job.planned')
    await pass(30 * day)
    expect(told).toHaveLength(3)
    expect(ends()).toHaveLength(1)
    expect(clock.pending).toBeLessThanOrEqual(1)
  })

  it.each(['before the first warning', 'between the warnings', 'before the end'])(
    'comes as if nothing had been, with a restart %s',
    async (when) => {
      const { pass, until, told, titles, host, restart } = await aWatched([web1(leased(2 * day))])
      await pass(0)
      if (when === 'before the first warning') await restart()
      await pass(day)
      await until(() => expect(told).toHaveLength(1))
      if (when === 'between the warnings') await restart()
      await pass(23 * hour)
      await until(() => expect(told).toHaveLength(2))
      if (when === 'before the end') await restart()
      await pass(hour + 60_000)
      await until(() => expect(told).toHaveLength(3))
      expect(titles()[2]).toBe('web1 is shut off: its lease has ended')
      expect(new Set(told.map(({ key }) => key)).size).toBe(3)
      await restart()
      await pass(day)
      expect(told).toHaveLength(3)
      expect(host.calls).toEqual(['shutDown web1'])
    },
  )

  it.each([
    ['the bot was down', async (w: Awaited<ReturnType<typeof aWatched>>) => w.restart()],
    ['the clock was put forward', async () => {}],
    ['the host was away', async ({ host }: Awaited<ReturnType<typeof aWatched>>) => host.comeBack()],
  ])('comes an hour after a warning, though it is long over because %s', async (why, back) => {
    const w = await aWatched([web1(leased(3 * day))])
    await w.pass(0)
    if (why === 'the host was away') w.host.goDown()
    w.clock.advance(30 * day)
    await back(w)
    await w.pass(10 * 60_000)
    await w.until(() => expect(w.titles()).toEqual(['The lease of web1 ends: 1h left']))
    await w.pass(58 * 60_000)
    expect(w.host.calls).toEqual([])
    await w.pass(10 * 60_000)
    await w.until(() => expect(w.told).toHaveLength(2))
    expect(w.host.calls).toEqual(['shutDown web1'])
  })

  it('is told first when quiet hours are over, and last in the middle of them', async () => {
    const { pass, until, told, world } = await aWatched([web1(leased(2 * day))])
    await pass(0)
    world.quietUntil = start + day + 6 * hour
    await pass(day + 5 * hour)
    expect(told).toEqual([])
    await pass(hour + 60_000)
    await until(() => expect(told).toHaveLength(1))
    world.quietUntil = start + 3 * day
    await pass(17 * hour)
    await until(() => expect(told).toHaveLength(2))
  })

  it('does not come while nobody was told, and is told with the same key until that works', async () => {
    const { pass, until, told, world, host } = await aWatched([web1(leased(hour, start))])
    world.failure = new Error('Slack was not reached')
    await pass(0)
    await until(() => expect(world.tries).toHaveLength(1))
    await pass(day)
    await until(() => expect(world.tries.length).toBeGreaterThan(1))
    await pass(0)
    expect(new Set(world.tries).size).toBe(1)
    expect(host.calls).toEqual([])
    world.failure = undefined
    await pass(60_000)
    await until(() => expect(told).toHaveLength(1))
    await pass(hour + 60_000)
    await until(() => expect(host.calls).toEqual(['shutDown web1']))
  })

  it('is told to those who approve too when the guest does not listen, and is not tried again', async () => {
    const { pass, until, told, host, ends } = await aWatched([web1(leased(hour), { ignoresShutdown: true })])
    await pass(0)
    await until(() => expect(told).toHaveLength(1))
    await pass(hour + 60_000)
    await until(() => expect(told).toHaveLength(2))
    expect(told[1]).toMatchObject({ toApprovers: true, owner: 'UANN' })
    expect(told[1]?.report).toMatchObject({
      title: 'web1 could not be shut off at the end of its lease',
      tone: 'fail',
    })
    expect(host.machines.get('web1')?.state).toBe('running')
    await pass(10 * day)
    expect(ends()).toHaveLength(1)
    expect(told).toHaveLength(2)
  })

  it('moves with the lease, also when it is renewed while the job waits for its turn', async () => {
    const { pass, until, told, titles, host, ends, house } = await aWatched([web1(leased(hour))])
    await pass(0)
    await until(() => expect(told).toHaveLength(1))
    const release = host.hold('reboot')
    const restart = await house.ask('vm restart web1')
    await house.until(restart, 'running')
    await pass(hour + 60_000)
    await until(() => expect(ends()).toMatchObject([{ state: 'queued' }]))
    const machine = host.machines.get('web1')
    if (machine !== undefined) machine.ownership = leased(9 * day)
    release()
    await until(() => expect(ends()).toMatchObject([{ state: 'succeeded' }]))
    expect(host.calls).not.toContain('shutDown web1')
    await pass(8 * day)
    await until(() => expect(titles().slice(1)).toHaveLength(1))
    expect(titles()[1]).toContain('ends: 22h')
  })

  it('comes again, with a warning, for a VM that somebody started beyond it', async () => {
    const { pass, until, told, host, ends } = await aWatched([web1(leased(hour))])
    await until(() => expect(told).toHaveLength(1))
    await pass(hour + 60_000)
    await until(() => expect(told).toHaveLength(2))
    await pass(10 * 60_000)
    const machine = host.machines.get('web1')
    if (machine !== undefined) machine.state = 'running'
    await pass(10 * 60_000)
    await until(() => expect(told).toHaveLength(3))
    expect(ends()).toHaveLength(1)
    await pass(hour + 60_000)
    await until(() => expect(told).toHaveLength(4))
    expect(ends()).toHaveLength(2)
    expect(new Set(told.map(({ key }) => key)).size).toBe(4)
  })

  it('is nothing to a VM that is nobody’s, has no lease, is off, or whose owner is not certain', async () => {
    const { lease: _, ...unleased } = leased(0)
    const { pass, told, ends, host } = await aWatched([
      web1(undefined),
      aVm({ name: 'free', state: 'running', ownership: unleased }),
      aVm({ name: 'off', ownership: leased(-day) }),
      aVm({ name: 'unsure', state: 'running', ownership: leased(-day), isOwnerUncertain: true }),
    ])
    await pass(0)
    for (let count = 0; count < 20; count += 1) await pass(day)
    expect(told).toEqual([])
    expect(ends()).toEqual([])
    expect(host.calls).toEqual([])
  })

  it('of many VMs at once is dealt with for twenty at a time, and for all of them', async () => {
    const many = Array.from({ length: 60 }, (_, at) =>
      aVm({ name: `vm${at}`, state: 'running', ownership: leased(hour) }),
    )
    const { pass, until, told, host, house } = await aWatched(many)
    await until(() => expect(told).toHaveLength(60))
    const release = host.hold('shutDown')
    await pass(hour + 60_000)
    await until(() => expect(host.calls.length).toBeGreaterThanOrEqual(20))
    await pass(0)
    expect(house.jobs.list({ states: ['running', 'queued', 'planning'] })).toHaveLength(20)
    release()
    await until(() => expect(told).toHaveLength(120))
    expect([...host.machines.values()].every(({ state }) => state === 'shut off')).toBe(true)
  })
})
