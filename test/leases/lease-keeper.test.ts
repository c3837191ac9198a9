/** Leases: owners are told in time, VMs are shut off at the end and kept, and everything happens once. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { UserError } from '../../src/errors.js'
import { createJobs, isOver } from '../../src/jobs/index.js'
import { LeaseKeeper, type LeaseNotice, registerLeaseEnd } from '../../src/leases/index.js'
import { createLog } from '../../src/log.js'
import { aFleet, aVm, type FakeVm } from '../fakes/fleet.js'
import { ManualClock, settle } from '../slack/fakes.js'

const minute = 60_000
const hour = 60 * minute
const noon = Date.parse('2026-11-23T12:00:00.000Z')
const in_ = (ms: number) => new Date(noon + ms).toISOString()
const log = createLog({ level: 'silent' })

const leased = (leaseEnds: string, more: Partial<FakeVm> = {}) =>
  aVm({
    name: 'web1',
    state: 'running',
    ownership: { owner: 'U0ANN', requester: 'U0ANN', leaseEnds, job: 'j-old' },
    ...more,
  })

async function aKeeper(vm: FakeVm, { quietUntil = () => undefined as number | undefined } = {}) {
  const path = await mkdtemp(join(tmpdir(), 'qnav-leases-'))
  const fleet = aFleet({ hosts: [{ name: 'kvm1', vms: [vm] }] })
  const clock = new ManualClock(noon)
  const told: (LeaseNotice & { owner: string })[] = []
  let isAway = false
  const build = async () => {
    const jobs = createJobs({ data: { path }, audit: async () => {}, log })
    registerLeaseEnd(jobs, fleet.fleet)
    await jobs.start()
    const keeper = new LeaseKeeper({
      ...{ fleet: fleet.fleet, jobs, quietUntil, log, clock },
      tell: async (owner, notice) => {
        if (isAway) throw new Error('away')
        told.push({ owner, ...notice })
      },
    })
    keeper.start()
    await clock.pass(0)
    return { jobs, keeper }
  }
  let now = await build()
  const stop = async () => {
    await now.keeper.stop()
    await now.jobs.stop()
  }
  onTestFinished(async () => {
    await stop()
    await rm(path, { recursive: true, force: true })
  })
  const jobs = () => now.jobs.list()
  return {
    clock,
    told,
    jobs,
    host: fleet.host('kvm1'),
    state: () => fleet.host('kvm1').machines.get('web1')?.state,
    away: (is: boolean) => (isAway = is),
    over: () => vi.waitFor(() => jobs().find(isOver) ?? expect.fail('nothing is over')),
    async restart() {
      await stop()
      now = await build()
    },
  }
}

describe('a lease', () => {
  it('that is over soon is told of a day and an hour before, once each, with what may be done', async () => {
    const { clock, told, restart, jobs } = await aKeeper(leased(in_(48 * hour)))
    await clock.pass(23 * hour)
    expect(told).toEqual([])
    await clock.pass(hour)
    expect(told).toMatchObject([{ owner: 'U0ANN', vm: 'web1', host: 'kvm1', left: '1 d left' }])
    expect(told[0]?.actions.map(({ command }) => command)).toEqual([
      'vm lease web1@kvm1 --for 7d',
      'snapshot create web1@kvm1',
      'vm stop web1@kvm1',
      'vm delete web1@kvm1',
    ])
    await clock.pass(22 * hour)
    expect(told).toHaveLength(1)
    await clock.pass(hour)
    expect(told.map(({ left }) => left)).toEqual(['1 d left', '1 h left'])
    await restart()
    // The same key: Slack has it already.
    expect(new Set(told.map(({ key }) => key)).size).toBe(2)
    expect(jobs()).toEqual([])
  })

  it('that is over has its VM shut off, kept, and its owner told on the card', async () => {
    const { clock, jobs, over, state, host } = await aKeeper(leased(in_(2 * hour)))
    await clock.pass(2 * hour - 1)
    expect(jobs()).toEqual([])
    await clock.pass(1)
    const job = await over()
    expect(job).toMatchObject({
      state: 'succeeded',
      title: 'vm stop web1@kvm1',
      origin: { surface: 'slack', channel: 'U0ANN' },
      report: { title: 'web1 is shut off: its lease is over' },
    })
    expect(state()).toBe('shut off')
    expect(host.calls.filter((call) => /delete|powerOff/.test(call))).toEqual([])
    await clock.pass(24 * hour)
    expect(jobs()).toHaveLength(1)
  })

  it('ends once, whatever was started again elsewhere, also over a restart of the bot', async () => {
    const { clock, jobs, over, restart, host } = await aKeeper(leased(in_(hour)))
    await clock.pass(hour)
    await over()
    const web1 = host.machines.get('web1')
    if (web1 !== undefined) host.machines.set('web1', { ...web1, state: 'running' })
    await restart()
    await clock.pass(hour)
    expect(jobs()).toHaveLength(1)
    expect(host.machines.get('web1')?.state).toBe('running')
  })

  it('that got a new one meanwhile ends nothing', async () => {
    const { clock, over, state, host } = await aKeeper(leased(in_(hour)))
    const release = host.hold('detailOf')
    await clock.pass(hour)
    await settle()
    const web1 = host.machines.get('web1')
    host.machines.set('web1', { ...leased(in_(48 * hour)), uuid: web1?.uuid ?? '' })
    release()
    expect(await over()).toMatchObject({ report: { title: 'web1 has a new lease and goes on' } })
    expect(state()).toBe('running')
  })

  it('that was over while the bot or the host was away ends when they are back', async () => {
    const { over } = await aKeeper(leased(in_(-5 * hour)))
    expect(await over()).toMatchObject({ state: 'succeeded' })
    const late = await aKeeper(leased(in_(hour)))
    late.host.goDown()
    await late.clock.pass(3 * hour)
    expect(late.jobs()).toEqual([])
    late.host.comeBack()
    await late.clock.pass(10 * minute)
    expect(await late.over()).toMatchObject({ state: 'succeeded' })
  })

  it('whose guest does not shut down says so, and is not tried for ever', async () => {
    const { clock, jobs, over, host } = await aKeeper(leased(in_(hour)))
    host.fail(
      'shutDown',
      new UserError('timeout', 'web1 did not shut down.', { fix: 'vm stop web1 --force' }),
    )
    await clock.pass(hour)
    expect(await over()).toMatchObject({ state: 'failed', error: { code: 'timeout' } })
    await clock.pass(24 * hour)
    expect(jobs()).toHaveLength(1)
  })

  it('waits with the first word until quiet hours are over, and not with the last', async () => {
    const { clock, told } = await aKeeper(leased(in_(25 * hour)), { quietUntil: () => noon + 5 * hour })
    await clock.pass(4 * hour)
    expect(told).toEqual([])
    await clock.pass(hour + 10 * minute)
    expect(told.map(({ left }) => left)).toEqual(['20 h left'])
    const late = await aKeeper(leased(in_(2 * hour)), { quietUntil: () => noon + 24 * hour })
    await late.clock.pass(hour)
    expect(late.told.map(({ left }) => left)).toEqual(['1 h left'])
  })

  it('is told of later when Slack is away', async () => {
    const { clock, told, away } = await aKeeper(leased(in_(25 * hour)))
    away(true)
    await clock.pass(2 * hour)
    away(false)
    await clock.pass(10 * minute)
    expect(told).toHaveLength(1)
  })

  it('of nobody’s VM, and none at all, does nothing', async () => {
    const { clock, told, jobs, state } = await aKeeper(aVm({ name: 'web1', state: 'running' }))
    await clock.pass(1000 * hour)
    expect([told, jobs(), state()]).toEqual([[], [], 'running'])
  })
})
