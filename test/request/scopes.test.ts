/** Policy's second word, through the whole way of a request: what the plan settled on is held against scopes. */
import { describe, expect, it } from 'vitest'
import type { Grant } from '../../src/policy/index.js'
import { anImage, aVm } from '../fakes/fleet.js'
import { aHouse, ann } from './house.js'

const wes = { id: 'UWES', name: 'Wes' }

async function aScopedHouse(may: Grant[]) {
  return aHouse({
    approvals: false,
    custom: { web: { users: [wes.id], groups: [], may, decides: false } },
    hosts: [
      {
        name: 'kvm1',
        vms: [aVm({ name: 'web1', state: 'shut off' })],
        images: [anImage({ name: 'rocky9.qcow2' })],
      },
      {
        name: 'kvm2',
        vms: [aVm({ name: 'web2', state: 'shut off' })],
        images: [anImage({ name: 'rocky9.qcow2' })],
      },
    ],
  })
}

const create = (name: string, host: string) =>
  `vm create ${name} --image rocky9.qcow2 --memory 64M --no-start --host ${host}`

describe('a scope', () => {
  it('lets be done what is inside, and refuses with the plan what is outside', async () => {
    const house = await aScopedHouse([{ risks: ['change'], commands: ['vm create'], hosts: ['kvm1'] }])
    expect(await house.over(await house.ask(create('a', 'kvm1'), wes))).toMatchObject({ state: 'succeeded' })
    const refused = await house.over(await house.ask(create('b', 'kvm2'), wes))
    expect(refused).toMatchObject({
      state: 'refused',
      plan: {
        kind: 'blocked',
        blockers: [{ code: 'not-allowed', message: expect.stringContaining('kvm2') }],
      },
    })
    expect(house.fleet.host('kvm2').machines.has('b')).toBe(false)
  })

  it('of own VMs covers what one makes for oneself, and nothing of anybody else', async () => {
    const house = await aScopedHouse([{ risks: ['change'], vms: 'own' }])
    expect(await house.over(await house.ask(create('mine', 'kvm1'), wes))).toMatchObject({
      state: 'succeeded',
    })
    expect(await house.over(await house.ask('vm start mine', wes))).toMatchObject({ state: 'succeeded' })
    await house.over(await house.ask(create('anns', 'kvm1'), ann))
    for (const line of ['vm start anns', 'vm start web1', `${create('gift', 'kvm1')} --owner UANN`]) {
      expect(await house.over(await house.ask(line, wes)), line).toMatchObject({
        state: 'refused',
        plan: { kind: 'blocked', blockers: [{ code: 'not-allowed' }] },
      })
    }
  })

  it('is told already when it is asked what would happen', async () => {
    const { requests } = await aScopedHouse([{ risks: ['change'], hosts: ['kvm1'] }])
    const seen = await requests.preview({ text: create('b', 'kvm2'), person: wes })
    expect(seen?.plan).toMatchObject({ kind: 'blocked', blockers: [{ code: 'not-allowed' }] })
  })
})
