import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fleetOf } from '../../src/agents/index.js'
import { nearestNames } from '../../src/agents/nearest-names.js'
import { aFleet, aVm } from '../fakes/fleet.js'

describe('finding a VM over the fleet', () => {
  const twoHosts = () =>
    aFleet({
      hosts: [
        { name: 'kvm1', vms: [aVm({ name: 'web1' }), aVm({ name: 'db', uuid: 'db-on-1' })] },
        { name: 'kvm2', vms: [aVm({ name: 'web10' }), aVm({ name: 'db', uuid: 'db-on-2' })] },
      ],
    })

  it('takes the exact name and never a part of one', async () => {
    const { fleet } = twoHosts()
    await expect(fleet.find({ name: 'web1' })).resolves.toMatchObject({ name: 'web1', host: 'kvm1' })
    await expect(fleet.find({ name: 'web' })).rejects.toMatchObject({ code: 'unknown-vm' })
    await expect(fleet.find({ name: 'eb1' })).rejects.toMatchObject({ code: 'unknown-vm' })
  })

  it('offers every vm@host when a name exists twice', async () => {
    const { fleet } = twoHosts()
    await expect(fleet.find({ name: 'db' })).rejects.toMatchObject({
      code: 'ambiguous-vm',
      fix: 'Say which one: db@kvm1 or db@kvm2.',
    })
    await expect(fleet.find({ name: 'db', host: 'kvm2' })).resolves.toMatchObject({
      host: 'kvm2',
      uuid: 'db-on-2',
    })
  })

  it('takes the one with the known UUID among VMs of one name', async () => {
    const { fleet } = twoHosts()
    await expect(fleet.find({ name: 'db', uuid: 'db-on-2' })).resolves.toMatchObject({ host: 'kvm2' })
  })

  it('names the nearest when there is none, also on the wrong host', async () => {
    const { fleet } = twoHosts()
    await expect(fleet.find({ name: 'wbe1' })).rejects.toMatchObject({
      code: 'unknown-vm',
      fix: expect.stringContaining('web1@kvm1'),
    })
    await expect(fleet.find({ name: 'web1', host: 'kvm2' })).rejects.toMatchObject({
      code: 'unknown-vm',
      message: 'There is no VM “web1@kvm2”.',
      fix: 'Did you mean web10@kvm2?',
    })
  })

  it('notices a VM that was deleted and made again under its name', async () => {
    const { fleet } = twoHosts()
    await expect(fleet.find({ name: 'web1', uuid: 'another' })).rejects.toMatchObject({
      code: 'changed-since',
    })
    await expect(fleet.find({ name: 'web1', host: 'kvm1', uuid: 'another' })).rejects.toMatchObject({
      code: 'changed-since',
    })
  })

  it('refuses an unknown host and names the nearest', () => {
    const { fleet } = twoHosts()
    expect(() => fleet.agent('kvm3')).toThrow(
      expect.objectContaining({ code: 'unknown-host', fix: 'Did you mean kvm1 or kvm2?' }),
    )
  })
})

describe('a host that does not answer', () => {
  it('is named when a VM is found nowhere else', async () => {
    const { fleet } = aFleet({
      hosts: [
        { name: 'kvm1', vms: [aVm({ name: 'web1' })] },
        { name: 'kvm2', unreachable: true },
      ],
    })
    await expect(fleet.find({ name: 'web2' })).rejects.toMatchObject({
      code: 'host-unreachable',
      message: expect.stringContaining('kvm2'),
    })
  })

  it('does not stand in the way of a VM that another host has', async () => {
    const { fleet } = aFleet({
      hosts: [
        { name: 'kvm1', vms: [aVm({ name: 'web1' })] },
        { name: 'kvm2', unreachable: true },
      ],
    })
    await expect(fleet.find({ name: 'web1' })).resolves.toMatchObject({ host: 'kvm1' })
  })

  it('stands in the way when it was last seen with a VM of the same name', async () => {
    const { fleet, host } = aFleet({
      hosts: [
        { name: 'kvm1', vms: [aVm({ name: 'db' })] },
        { name: 'kvm2', vms: [aVm({ name: 'db' })] },
      ],
    })
    await fleet.vms()
    host('kvm2').goDown()
    await expect(fleet.find({ name: 'db' })).rejects.toMatchObject({
      code: 'host-unreachable',
      fix: 'Say which one: db@kvm1 or db@kvm2.',
    })
  })

  it('does not stand in the way of a name that it was seen to have no more', async () => {
    const { fleet, host } = aFleet({
      hosts: [
        { name: 'kvm1', vms: [aVm({ name: 'db' })] },
        { name: 'kvm2', vms: [aVm({ name: 'db', uuid: 'db-on-2' })] },
      ],
    })
    await fleet.vms()
    await host('kvm2').deleteVm(await host('kvm2').deletionOf({ name: 'db', host: 'kvm2', uuid: 'db-on-2' }))
    await expect(fleet.find({ name: 'db' })).resolves.toMatchObject({ host: 'kvm1' })
    host('kvm2').goDown()
    await expect(fleet.find({ name: 'db' })).resolves.toMatchObject({ host: 'kvm1' })
  })

  it('is listed beside the VMs of the others', async () => {
    const { fleet } = aFleet({
      hosts: [
        { name: 'kvm1', vms: [aVm({ name: 'web1' })] },
        { name: 'kvm2', unreachable: true },
      ],
    })
    const { vms, unreachable } = await fleet.vms()
    expect(vms.map(({ name }) => name)).toEqual(['web1'])
    expect(unreachable).toMatchObject([
      { name: 'kvm2', status: 'unreachable', problem: { code: 'host-unreachable' } },
    ])
  })

  it('holds the others up no longer than the deadline when it hangs', async () => {
    const { fleet, host } = aFleet({
      hosts: [{ name: 'kvm1', vms: [aVm({ name: 'web1' })] }, { name: 'kvm2' }],
    })
    const release = host('kvm2').hold('vms')
    const { vms, unreachable } = await fleetOf(fleet.agents, { answerWithinMs: 20 }).vms()
    expect(vms).toHaveLength(1)
    expect(unreachable).toMatchObject([{ name: 'kvm2', problem: { code: 'timeout' } }])
    release()
  })
})

describe('nearest names', () => {
  it('are always known ones, never more than asked, and include an exact match first', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ maxLength: 12 }), { maxLength: 20 }),
        fc.string({ maxLength: 12 }),
        (known, typed) => {
          const near = nearestNames(typed, known)
          expect(near.length).toBeLessThanOrEqual(3)
          for (const name of near) expect(known).toContain(name)
          if (known.includes(typed))
            expect(near.map((name) => name.toLowerCase())).toContain(typed.toLowerCase())
        },
      ),
    )
  })

  it('leave out what is nothing like it', () => {
    expect(nearestNames('web1', ['database', 'web2', 'x'])).toEqual(['web2'])
  })
})
