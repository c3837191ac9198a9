import { describe, expect, it } from 'vitest'
import { aFleet, aSnapshot, aVm } from '../../fakes/fleet.js'
import { factsOf, plan, work } from '../conversation.js'

function hosts(state: 'running' | 'shut off' = 'shut off') {
  const disk = { device: 'disk', format: 'qcow2', pool: 'default', capacityGiB: 10 }
  return aFleet({
    hosts: [
      {
        name: 'kvm1',
        vms: [
          aVm({
            name: 'web1',
            state,
            disks: [
              { ...disk, target: 'vda', source: '/pool/web1_0.img' },
              { target: 'vdb', device: 'disk', source: '/srv/shared.img' },
            ],
            snapshots: [aSnapshot({ name: 'before' })],
          }),
        ],
      },
    ],
  })
}

describe('vm delete', () => {
  it('lists exactly what goes and what stays', async () => {
    const { plan: made, locks } = await plan('vm delete web1', hosts())
    expect(made).toMatchObject({
      kind: 'ready',
      summary: 'Delete VM web1 on kvm1',
      changes: [
        { what: 'VM web1', from: 'shut off' },
        { what: 'Volume /pool/web1_0.img', from: '10 GiB, pool default' },
        { what: 'Snapshot before', from: 'its state of the VM' },
      ],
      warnings: ['This cannot be undone.'],
    })
    expect(factsOf(made)).toMatchObject({ 'Stays: /srv/shared.img': 'it is in no storage pool' })
    expect(locks).toEqual(['vm:kvm1/web1'])
  })

  it('warns that a running VM is switched off', async () => {
    const { plan: made } = await plan('vm delete web1', hosts('running'))
    expect(made.warnings[0]).toBe('web1 is running: its plug is pulled first. What runs in it ends.')
  })

  it('deletes it and tells what went and what stays', async () => {
    const { fleet, host } = hosts()
    const report = await work('vm delete web1', { fleet })
    expect(host('kvm1').machines.size).toBe(0)
    expect(report.title).toBe('web1 is deleted')
    expect(factsOf(report)).toEqual({
      Host: 'kvm1',
      Deleted: '/pool/web1_0.img',
      'Snapshots lost': 'before',
      'Stays: /srv/shared.img': 'it is in no storage pool',
    })
  })

  it('deletes nothing when more would go than was planned', async () => {
    const { fleet, host } = hosts()
    const since = () => {
      host('kvm1')
        .machines.get('web1')
        ?.snapshots.push(aSnapshot({ name: 'payroll' }))
    }
    await expect(work('vm delete web1', { fleet, since })).rejects.toMatchObject({
      code: 'changed-since',
      message:
        'Since the plan was made, 1 more thing would be lost with web1: Snapshot payroll. Nothing was deleted.',
    })
    expect(host('kvm1').machines.size).toBe(1)
  })

  it('goes on when less would go than was planned', async () => {
    const { fleet, host } = hosts()
    const since = () => {
      host('kvm1').machines.get('web1')?.snapshots.pop()
    }
    await work('vm delete web1', { fleet, since })
    expect(host('kvm1').machines.size).toBe(0)
  })

  it('refuses a VM that does not exist', async () => {
    await expect(plan('vm delete web9', hosts())).rejects.toMatchObject({ code: 'unknown-vm' })
  })
})
