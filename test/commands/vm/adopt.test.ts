import { describe, expect, it } from 'vitest'
import type { Ownership } from '../../../src/agents/index.js'
import { aFleet, aVm } from '../../fakes/fleet.js'
import { ask, begin, blockers, factsOf, plan, work } from '../conversation.js'

const of = (owner: string): Ownership => ({
  owner,
  requester: owner,
  ticket: 'OLD-1',
  createdAt: '2026-01-02T03:04:05.000Z',
  job: 'j-old',
})

function hosts(ownership?: Ownership) {
  return aFleet({
    hosts: [
      { name: 'kvm1', vms: [aVm({ name: 'web1', ...(ownership === undefined ? {} : { ownership }) })] },
    ],
  })
}

describe('vm adopt', () => {
  it('takes a VM made elsewhere over, and says from when', async () => {
    const { fleet, host } = hosts()
    const { plan: made, locks } = await plan('vm adopt web1', { fleet })
    expect(made).toMatchObject({
      summary: 'Adopt VM web1 on kvm1',
      changes: [{ what: 'Owner', from: 'nobody', to: 'U1' }],
    })
    expect(locks).toEqual(['vm:kvm1/web1'])
    expect(await work('vm adopt web1 --ticket ABC-1', { fleet })).toMatchObject({
      title: 'web1 belongs to U1',
    })
    expect(host('kvm1').machines.get('web1')?.ownership).toEqual({
      owner: 'U1',
      requester: 'U1',
      ticket: 'ABC-1',
      adoptedAt: expect.stringMatching(/Z$/),
      job: 'j-test1',
    })
    expect(factsOf(await ask('vm show web1', { fleet }))).toMatchObject({
      Owner: 'U1',
      Ticket: 'ABC-1',
      Job: 'j-test1',
    })
  })

  it('hands over what is one’s own, with all that is known of it', async () => {
    const { fleet, host } = hosts(of('U1'))
    await work('vm adopt web1 --owner U22', { fleet })
    expect(host('kvm1').machines.get('web1')?.ownership).toEqual({
      ...of('U22'),
      requester: 'U1',
      job: 'j-test1',
    })
  })

  it('leaves what belongs to others to them and to admins', async () => {
    expect(await blockers('vm adopt web1', hosts(of('U2')))).toEqual([
      'not-allowed: VM web1@kvm1 belongs to U2.',
    ])
    expect(await blockers('vm adopt web1 --owner U33', hosts(of('U2')))).toHaveLength(1)
    const admin = { by: { id: 'U1', roles: ['admin'] } }
    expect(await blockers('vm adopt web1', { ...hosts(of('U2')), ...admin })).toEqual([])
  })

  it('does nothing where nothing would change', async () => {
    expect(await blockers('vm adopt web1', hosts(of('U1')))).toEqual([
      'invalid-state: VM web1@kvm1 is yours already.',
    ])
    expect(await blockers('vm adopt web1 --ticket NEW-2', hosts(of('U1')))).toEqual([])
  })

  it('stops when somebody else came first, and goes on after a crash', async () => {
    const { fleet, host } = hosts()
    const since = () => {
      const web1 = host('kvm1').machines.get('web1')
      if (web1 !== undefined) web1.ownership = of('U2')
    }
    await expect((await begin('vm adopt web1', { fleet, since })).done).rejects.toMatchObject({
      code: 'changed-since',
    })
    const other = hosts()
    const job = await begin('vm adopt web1', other)
    await job.done
    job.job.steps = []
    await expect((await job.restart()).done).resolves.toMatchObject({ tone: 'ok' })
    expect(other.host('kvm1').calls).toEqual(['setOwnership web1'])
  })
})
