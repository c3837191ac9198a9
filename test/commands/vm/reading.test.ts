import { describe, expect, it } from 'vitest'
import { aFleet, aVm } from '../../fakes/fleet.js'
import { ask, factsOf, offers } from '../conversation.js'

function hosts() {
  return aFleet({
    hosts: [
      {
        name: 'kvm1',
        vms: [
          aVm({
            name: 'web1',
            state: 'running',
            addresses: ['192.168.122.50'],
            memoryMiB: 2048,
            image: 'rocky9',
          }),
          aVm({ name: 'web2', state: 'paused', reason: 'I/O error' }),
        ],
      },
      { name: 'kvm2', vms: [aVm({ name: 'db1' })] },
    ],
  })
}

describe('vm list', () => {
  it('lists the VMs of all hosts with state and reason', async () => {
    const report = await ask('vm list', hosts())
    expect(report).toMatchObject({
      title: '3 VMs on 2 hosts',
      tone: 'info',
      summary: '1 running.',
      table: {
        rows: [
          ['web1', 'running', 'kvm1'],
          ['web2', 'paused (I/O error)', 'kvm1'],
          ['db1', 'shut off', 'kvm2'],
        ],
      },
    })
  })

  it('lists those of one host, or of one state', async () => {
    expect((await ask('vm list kvm2', hosts())).table?.rows).toEqual([['db1', 'shut off', 'kvm2']])
    expect((await ask('vm list --state running', hosts())).table?.rows).toEqual([['web1', 'running', 'kvm1']])
    expect(await ask('vm list --state running', hosts())).toMatchObject({ title: '1 running VM on 2 hosts' })
    const off = await ask('vm list --state off', hosts())
    expect(off.table?.rows).toHaveLength(2)
    expect(off).toMatchObject({ title: '2 VMs that are off on 2 hosts' })
    expect(off).not.toHaveProperty('summary')
  })

  it('says which host did not answer, and lists the others', async () => {
    const { fleet, host } = hosts()
    host('kvm2').goDown()
    const report = await ask('vm list', { fleet })
    expect(report).toMatchObject({ title: '2 VMs on 1 of 2 hosts', tone: 'warn' })
    expect(report.table?.rows).toHaveLength(2)
    expect(report.notes).toEqual(['Host kvm2 does not answer: connection refused.'])
  })

  it('fails when the one host that was named does not answer, or is unknown', async () => {
    const { fleet, host } = hosts()
    host('kvm2').goDown()
    await expect(ask('vm list kvm2', { fleet })).rejects.toMatchObject({ code: 'host-unreachable' })
    await expect(ask('vm list kvm3', { fleet })).rejects.toMatchObject({ code: 'unknown-host' })
  })

  it('lists those of one person, and says when a host did not tell whose they are', async () => {
    const ownership = { owner: 'U1', requester: 'U22', ticket: 'ABC-1', job: 'j-1' }
    const { fleet, host } = aFleet({
      hosts: [{ name: 'kvm1', vms: [aVm({ name: 'mine', ownership }), aVm({ name: 'nobodys' })] }],
    })
    expect(await ask('vm list', { fleet })).toMatchObject({
      table: {
        columns: ['VM', 'State', 'Host', 'Owner'],
        rows: [
          ['mine', 'shut off', 'kvm1', 'U1'],
          ['nobodys', 'shut off', 'kvm1', ''],
        ],
      },
    })
    const mine = await ask('vm list --owner me', { fleet })
    expect(mine).toMatchObject({
      title: '1 VM of U1 on 1 host',
      table: { rows: [['mine', 'shut off', 'kvm1', 'U1']] },
    })
    expect((await ask('vm list --owner <@U22>', { fleet })).table?.rows).toEqual([])
    host('kvm1').machines.set('new', aVm({ name: 'new', isOwnerUncertain: true }))
    expect((await ask('vm list --owner me', { fleet })).notes).toEqual([
      'kvm1 did not say in time whose its VMs are; there may be more.',
    ])
  })

  it('says how to make one when there is none', async () => {
    const report = await ask('vm list', aFleet({ hosts: [{ name: 'kvm1' }] }))
    expect(report).toMatchObject({ title: '0 VMs on 1 host', notes: ['Make one: vm create web1 --image …'] })
  })
})

describe('vm show', () => {
  it('shows state, addresses, size, disks and networks', async () => {
    const report = await ask('vm show web1', hosts())
    expect(report.title).toBe('web1 on kvm1')
    expect(factsOf(report)).toMatchObject({
      State: 'running',
      Addresses: '192.168.122.50',
      Memory: '2 GiB',
      'Disk vda': '10 GiB, 512 MiB used, qcow2, /pool/web1_0.img in pool default',
      Snapshots: '0 snapshots',
      Image: 'rocky9',
    })
    expect(offers(report)).toEqual({
      Screenshot: 'vm screenshot web1@kvm1',
      Snapshot: 'snapshot create web1@kvm1',
      Stop: 'vm stop web1@kvm1',
    })
  })

  it('shows whose it is, for what, and what kcli says of it', async () => {
    const ownership = {
      owner: 'U1',
      requester: 'U22',
      ticket: 'ABC-1',
      adoptedAt: '2026-01-02T03:04:05.000Z',
      job: 'j-7k2m9',
    }
    const vms = [
      aVm({ name: 'web1', ownership, kcliOwner: 'ann', kcliPlan: 'lab' }),
      aVm({ name: 'elsewhere', kcliOwner: 'root' }),
    ]
    const there = aFleet({ hosts: [{ name: 'kvm1', vms }] })
    expect(factsOf(await ask('vm show web1', there))).toMatchObject({
      Owner: 'U1',
      'Asked for by': 'U22',
      Ticket: 'ABC-1',
      Job: 'j-7k2m9',
      Adopted: expect.any(String),
      'Owner in kcli': 'ann',
      'kcli plan': 'lab',
    })
    const other = await ask('vm show elsewhere', there)
    expect(factsOf(other)).toMatchObject({ 'Owner in kcli': 'root' })
    expect(factsOf(other)).not.toHaveProperty('Owner')
    expect(other.notes?.join()).toContain('vm adopt elsewhere@kvm1')
  })

  it('refuses an unknown VM with the nearest name', async () => {
    await expect(ask('vm show wbe1', hosts())).rejects.toMatchObject({ code: 'unknown-vm' })
  })
})
