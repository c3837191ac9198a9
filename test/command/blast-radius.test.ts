import { describe, expect, it } from 'vitest'
import { hostsWithRoom, touched } from '../../src/command/blast-radius.js'
import { factsOf, plan } from '../commands/conversation.js'
import { aFleet, aSnapshot, aVm } from '../fakes/fleet.js'

const impact = {
  users: ['ann', 'root'],
  uptimeMs: 273_600_000,
  shares: [{ path: '/pool/rocky9', vms: ['web2'] }],
}

function hosts(change: object = {}) {
  return aFleet({
    hosts: [
      { name: 'kvm1', vms: [aVm({ name: 'web1', state: 'running', impact, ...change })] },
      { name: 'kvm2', capacity: { availableMemoryMiB: 8192 } },
      { name: 'full', capacity: { availableMemoryMiB: 1024 } },
      { name: 'down', unreachable: true },
      { name: 'looked-at', readOnly: true },
    ],
  })
}

describe('what a plan touches', () => {
  it('is one line with people, uptime, other VMs and other hosts', () => {
    expect(touched(impact, ['kvm2'])).toEqual({
      label: 'Touches',
      value: 'logged in: ann, root; up 3 d 4 h; web2 stands on /pool/rocky9 too; room for it on kvm2',
    })
    expect(touched({ users: [] }, [])?.value).toBe('nobody logged in; no other host has room for it')
    expect(touched({})).toBeUndefined()
    const many = ['a', 'b', 'c', 'd', 'e']
    expect(touched({ users: many })?.value).toBe('logged in: a, b, c and 2 more')
  })

  it.each(['vm stop web1', 'vm restart web1', 'vm delete web1', 'snapshot revert web1 s1'])(
    'stands in the plan of %s',
    async (line) => {
      const [verb, command, , ...more] = line.split(' ')
      const there = hosts({ snapshots: [aSnapshot({ name: 's1' })] })
      const { plan: made } = await plan([verb, command, 'web1@kvm1', ...more].join(' '), there)
      expect(factsOf(made).Touches).toContain('logged in: ann, root; up 3 d 4 h')
      expect(made.warnings).toContain('Somebody is logged in to web1.')
    },
  )

  it('names the hosts that have the memory for it', async () => {
    const { fleet } = hosts()
    expect(await hostsWithRoom(fleet, { host: 'kvm1', memoryMiB: 2048 })).toEqual(['kvm2'])
    expect(await hostsWithRoom(fleet, { host: 'kvm1', memoryMiB: 65_536 })).toEqual([])
    expect(
      await hostsWithRoom(aFleet({ hosts: [{ name: 'kvm1' }] }).fleet, { host: 'kvm1', memoryMiB: 1 }),
    ).toBeUndefined()
  })

  it('waits for no host that hangs', async () => {
    const { fleet, host } = hosts()
    host('kvm2').hold('capacity')
    const begin = performance.now()
    expect(await hostsWithRoom(fleet, { host: 'kvm1', memoryMiB: 2048 })).toEqual([])
    expect(performance.now() - begin).toBeLessThan(3000)
  })

  it('is nothing where nothing is known', async () => {
    const { plan: made } = await plan(
      'vm stop web1',
      aFleet({ hosts: [{ name: 'kvm1', vms: [aVm({ name: 'web1', state: 'running' })] }] }),
    )
    expect(factsOf(made)).not.toHaveProperty('Touches')
  })
})
