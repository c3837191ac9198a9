import { describe, expect, it, vi } from 'vitest'
import { HostRooms } from '../../src/slack/home/host-rooms.js'
import { aFleet } from '../fakes/fleet.js'
import { aLog, ManualClock } from './fakes.js'

describe('how much room hosts have', () => {
  it('is asked once a minute, however many look', async () => {
    const { fleet } = aFleet({ hosts: [{ name: 'kvm1' }] })
    const asked = vi.spyOn(fleet.agent('kvm1'), 'room')
    const clock = new ManualClock()
    const rooms = new HostRooms({ fleet, clock, log: aLog() })
    await Promise.all([rooms.all(), rooms.all()])
    expect((await rooms.all()).get('kvm1')).toMatchObject({ availableMemoryMiB: 8192, alerts: [] })
    expect(asked).toHaveBeenCalledTimes(1)
    await clock.pass(60_000)
    await rooms.all()
    expect(asked).toHaveBeenCalledTimes(2)
  })

  it('of a slow host is not waited for, and shown when it is known', async () => {
    const { fleet, host } = aFleet({ hosts: [{ name: 'kvm1' }, { name: 'slow' }] })
    const release = host('slow').hold('room')
    const clock = new ManualClock()
    const rooms = new HostRooms({ fleet, clock, log: aLog() })
    const first = rooms.all()
    await clock.pass(1500)
    expect([...(await first).keys()]).toEqual(['kvm1'])
    release()
    await vi.waitFor(async () => expect([...(await rooms.all()).keys()].sort()).toEqual(['kvm1', 'slow']))
  })

  it('of a host that does not answer any more is not shown as it was', async () => {
    const { fleet, host } = aFleet({ hosts: [{ name: 'kvm1' }] })
    const clock = new ManualClock()
    const rooms = new HostRooms({ fleet, clock, log: aLog() })
    await rooms.all()
    host('kvm1').goDown()
    await clock.pass(60_000)
    expect((await rooms.all()).size).toBe(0)
  })
})
