/** Quotas counted from real libvirt, through the real way of a request. Only making a VM is shortened: defining it. */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { aSessionHouse, asker, type SessionHouse } from './session-house.js'

describe.skipIf(inject('lab') === undefined)('quotas over real libvirt', () => {
  let house: SessionHouse

  beforeAll(async () => {
    house = await aSessionHouse({ quotas: { owners: [{ limits: { vms: 5 } }], hosts: [], perVm: {} } })
  })
  afterAll(() => house.close())

  const create = async (name: string) =>
    house.over(await house.ask(`vm create ${name} --image tiny.qcow2 --memory 64M --no-start`))

  it('let exactly five of twenty in that ask at once', async () => {
    const ended = await Promise.all(Array.from({ length: 20 }, (_, n) => create(`vm-${n}`)))
    expect(ended.filter(({ state }) => state === 'succeeded')).toHaveLength(5)
    expect(ended.filter(({ state }) => state === 'refused')).toHaveLength(15)
    const holdings = await house.agent.holdings()
    expect(holdings.map(({ owner }) => owner)).toEqual(Array(5).fill(asker.id))
    expect((await house.daemon.virsh('list', '--all', '--name')).split('\n').filter(Boolean)).toHaveLength(5)
  }, 120_000)

  it('see what other tools delete', async () => {
    const [first] = await house.agent.holdings()
    await house.daemon.virsh('undefine', first?.name ?? '')
    expect(await create('next')).toMatchObject({ state: 'succeeded' })
    expect(await create('one-more')).toMatchObject({ state: 'refused' })
  })

  it('count what each VM takes: processors, memory, disks, snapshots', async () => {
    await house.daemon.giveDisk('next', '3G')
    for (const name of ['one', 'two']) await house.daemon.virsh('snapshot-create-as', 'next', name)
    await house.daemon.virsh('setvcpus', 'next', '2', '--maximum', '--config')
    await house.daemon.virsh('setvcpus', 'next', '2', '--config')
    await house.daemon.virsh('start', 'next')
    const holding = (await house.agent.holdings()).find(({ name }) => name === 'next')
    expect(holding).toMatchObject({
      owner: asker.id,
      runs: true,
      cpus: 2,
      memoryMiB: 16,
      diskGiB: 3,
      snapshots: ['one', 'two'],
    })
    await house.daemon.virsh('destroy', 'next')
    expect((await house.agent.holdings()).find(({ name }) => name === 'next')?.runs).toBe(false)
  })
})
