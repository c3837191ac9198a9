import { afterEach, describe, expect, it, vi } from 'vitest'
import { aFleet, aSnapshot, aVm, type FakeVm } from '../../fakes/fleet.js'
import { ask, blockers, factsOf, offers, plan, work } from '../conversation.js'

const before = aSnapshot({
  name: 'before',
  createdAt: '2026-01-01T10:00:00.000Z',
  state: 'running',
  current: true,
})
const later = aSnapshot({
  name: 'later',
  createdAt: '2026-01-02T10:00:00.000Z',
  state: 'shut off',
  description: 'x',
})
const external = aSnapshot({ name: 'outside', kind: 'external' })

function hosts(vm: Partial<FakeVm> = {}) {
  return aFleet({
    hosts: [{ name: 'kvm1', vms: [aVm({ name: 'web1', state: 'running', memoryMiB: 1024, ...vm })] }],
  })
}

describe('snapshot create', () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  it('takes a snapshot and offers the way back', async () => {
    const { fleet, host } = hosts()
    const report = await work('snapshot create web1 before --description "the upgrade"', { fleet })
    expect(report).toMatchObject({ title: 'Snapshot before of web1 is taken', tone: 'ok' })
    expect(host('kvm1').machines.get('web1')?.snapshots).toMatchObject([
      { name: 'before', description: 'the upgrade', state: 'running' },
    ])
    expect(offers(report)).toMatchObject({ Revert: 'snapshot revert web1@kvm1 before' })
  })

  it('names it after the time when no name is given, once and for all in the plan', async () => {
    vi.useFakeTimers({ now: new Date('2026-03-04T05:06:07Z') })
    const { args } = await plan('snapshot create web1', hosts())
    expect(args).toMatchObject({ name: 'snap-20260304-050607' })
  })

  it('says that memory is saved and the guest stands still', async () => {
    const { plan: made, locks } = await plan('snapshot create web1 before', hosts())
    expect(made.changes).toEqual([{ what: 'Snapshot before', to: 'disks and 1 GiB of memory' }])
    expect(made.warnings).toEqual(['web1 stands still while its memory is written to disk.'])
    expect(locks).toEqual(['vm:kvm1/web1'])
  })

  it('saves only disks of a VM that is off', async () => {
    const { plan: made } = await plan('snapshot create web1 before', hosts({ state: 'shut off' }))
    expect(made).toMatchObject({ changes: [{ what: 'Snapshot before', to: 'disks' }], warnings: [] })
  })

  it('refuses a name that is taken', async () => {
    expect(await blockers('snapshot create web1 before', hosts({ snapshots: [before] }))).toEqual([
      'name-taken: VM web1@kvm1 already has a snapshot before.',
    ])
  })

  it('refuses to mix with external snapshots', async () => {
    expect(await blockers('snapshot create web1 before', hosts({ snapshots: [external] }))).toEqual([
      'unsupported: VM web1@kvm1 has the external snapshot outside; an internal one beside it could cost data.',
    ])
  })

  it('refuses disks that cannot hold one', async () => {
    const disks = [{ target: 'vda', device: 'disk', source: '/pool/web1_0.img', format: 'raw' }]
    expect(await blockers('snapshot create web1 before', hosts({ disks }))).toEqual([
      'unsupported: Disk vda of VM web1@kvm1 has the format raw; snapshots need qcow2 disks.',
    ])
  })
})

describe('snapshot list', () => {
  it('lists them with time, state, kind and which is current', async () => {
    const report = await ask('snapshot list web1', hosts({ snapshots: [before, later] }))
    expect(report).toMatchObject({
      title: 'web1 on kvm1: 2 snapshots',
      table: {
        rows: [
          ['before (current)', '2026-01-01 10:00:00 UTC', 'running', 'internal', ''],
          ['later', '2026-01-02 10:00:00 UTC', 'shut off', 'internal', 'x'],
        ],
      },
    })
    expect(offers(report)).toEqual({ 'Take one': 'snapshot create web1@kvm1' })
  })
})

describe('snapshot revert', () => {
  it('puts the VM back', async () => {
    const { fleet, host } = hosts({ snapshots: [before, later] })
    const report = await work('snapshot revert web1 later', { fleet })
    expect(report).toMatchObject({ title: 'web1 is back at later and is shut off', tone: 'ok' })
    expect(host('kvm1').machines.get('web1')?.state).toBe('shut off')
    expect(offers(report)).toMatchObject({ Start: 'vm start web1@kvm1' })
  })

  it('warns what is lost, and names the later snapshots that stay', async () => {
    const { plan: made } = await plan('snapshot revert web1 before', hosts({ snapshots: [before, later] }))
    expect(made.warnings).toEqual([
      'Everything that web1 wrote to its disks since 2026-01-01 10:00:00 UTC is lost.',
      'web1 is running: what runs in it now ends.',
    ])
    expect(factsOf(made)).toMatchObject({ 'Later snapshots, which stay': 'later' })
  })

  it('refuses an unknown snapshot with the nearest', async () => {
    const { plan: made } = await plan('snapshot revert web1 befor', hosts({ snapshots: [before] }))
    expect(made).toMatchObject({
      kind: 'blocked',
      blockers: [
        {
          code: 'unknown-snapshot',
          message: 'VM web1@kvm1 has no snapshot "befor".',
          fix: 'Did you mean before?',
        },
      ],
    })
  })

  it('refuses an external one', async () => {
    expect(await blockers('snapshot revert web1 outside', hosts({ snapshots: [external] }))).toEqual([
      'unsupported: Snapshot outside is external; only internal ones can be reverted to.',
    ])
  })
})

describe('snapshot delete', () => {
  it('deletes one and leaves the others', async () => {
    const { fleet, host } = hosts({ snapshots: [before, later] })
    const report = await work('snapshot delete web1 before', { fleet })
    expect(report.title).toBe('Snapshot before of web1 is deleted')
    expect(
      host('kvm1')
        .machines.get('web1')
        ?.snapshots.map(({ name }) => name),
    ).toEqual(['later'])
  })

  it('says what goes and what stays', async () => {
    const { plan: made } = await plan('snapshot delete web1 before', hosts({ snapshots: [before, later] }))
    expect(made.changes).toEqual([
      { what: 'Snapshot before', from: 'taken 2026-01-01 10:00:00 UTC, running' },
    ])
    expect(factsOf(made)).toEqual({ Stays: 'VM web1 as it is now, later' })
    expect(made.warnings).toEqual(['web1 cannot be put back to this snapshot any more.'])
  })

  it('refuses an unknown one, and an external one', async () => {
    const { fleet } = hosts({ snapshots: [external] })
    expect(await blockers('snapshot delete web1 nothing', { fleet })).toEqual([
      'unknown-snapshot: VM web1@kvm1 has no snapshot "nothing".',
    ])
    expect(await blockers('snapshot delete web1 outside', { fleet })).toEqual([
      'unsupported: Snapshot outside is external; only internal ones can be deleted here.',
    ])
  })
})
