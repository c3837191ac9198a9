import { afterEach, describe, expect, it, vi } from 'vitest'
import { HostInventory, type HostInventoryOptions } from '../../src/agents/inventory.js'
import type {
  InventorySession,
  KnownNetwork,
  KnownOwner,
  KnownPool,
  KnownVm,
  PoolRoom,
} from '../../src/agents/inventory-session.js'
import { LibvirtError } from '../../src/libvirt/index.js'

const gib = 1024 ** 3

/** A host as its libvirt tells of it; counts what it was asked. */
class FakeSession implements InventorySession {
  readonly asked = {
    alive: 0,
    vms: 0,
    vmsOf: 0,
    owners: 0,
    networks: 0,
    networkAutostart: 0,
    pools: 0,
    poolRoom: 0,
  }
  vm: KnownVm[] = []
  network: KnownNetwork[] = []
  pool: KnownPool[] = []
  owner = new Map<string, string>()
  ownerList: Promise<KnownOwner[]> | undefined
  room = new Map<string, Promise<PoolRoom | undefined>>()
  autostart: boolean | undefined = true
  life = async (): Promise<void> => {}
  poolList: Promise<KnownPool[]> | undefined

  async alive(): Promise<void> {
    this.asked.alive++
    await this.life()
  }
  async vms(): Promise<KnownVm[]> {
    this.asked.vms++
    return this.vm.map((vm) => ({ ...vm }))
  }
  async vmsOf(uuids: readonly string[]): Promise<KnownVm[]> {
    this.asked.vmsOf++
    return this.vm.filter(({ uuid }) => uuids.includes(uuid)).map((vm) => ({ ...vm }))
  }
  async owners(): Promise<KnownOwner[]> {
    this.asked.owners++
    return this.ownerList ?? this.vm.map(({ name, uuid }) => ({ name, uuid, owner: this.owner.get(uuid) }))
  }
  async ownersOf(uuids: readonly string[]): Promise<KnownOwner[]> {
    return (await this.owners()).filter(({ uuid }) => uuids.includes(uuid))
  }
  async networks(): Promise<KnownNetwork[]> {
    this.asked.networks++
    return this.network.map((network) => ({ ...network }))
  }
  async networkAutostart(): Promise<boolean | undefined> {
    this.asked.networkAutostart++
    return this.autostart
  }
  async pools(): Promise<KnownPool[]> {
    this.asked.pools++
    return this.poolList ?? this.pool.map((pool) => ({ ...pool }))
  }
  async poolRoom({ uuid }: KnownPool): Promise<PoolRoom | undefined> {
    this.asked.poolRoom++
    return this.room.get(uuid)
  }
}

const never = <T>(): Promise<T> => new Promise<T>(() => {})

function aVm(change: Partial<KnownVm> = {}): KnownVm {
  return { name: 'web1', uuid: 'u1', state: 'running', reason: 'booted', ...change }
}

function aPool(name: string): KnownPool {
  return { name, uuid: `u-${name}`, type: 'dir', path: `/pools/${name}` }
}

function anInventory(session: FakeSession, change: Partial<HostInventoryOptions> = {}) {
  const failures: unknown[] = []
  const clock = { ms: 0 }
  const inventory = new HostInventory({
    host: 'kvm1',
    session,
    now: () => clock.ms,
    failed: (error) => failures.push(error),
    storageWithinMs: 20,
    ...change,
  })
  inventory.opened()
  open.push(inventory)
  return { inventory, clock, failures }
}

const open: HostInventory[] = []
afterEach(() => {
  for (const inventory of open.splice(0)) inventory.close()
})

describe('the VMs held of a host', () => {
  it('are given without a question, by name and in words for people', async () => {
    const session = new FakeSession()
    session.vm = [aVm({ name: 'web2', uuid: 'u2', state: 'shut off', reason: undefined }), aVm()]
    const { inventory } = anInventory(session)
    const first = await inventory.vms()
    expect(first).toEqual([
      { name: 'web1', host: 'kvm1', uuid: 'u1', state: 'running', reason: 'booted' },
      { name: 'web2', host: 'kvm1', uuid: 'u2', state: 'shut off' },
    ])
    for (let reads = 0; reads < 50; reads++) await inventory.vms()
    await expect(inventory.find('web2')).resolves.toMatchObject({ uuid: 'u2' })
    await expect(inventory.find('web')).resolves.toBeUndefined()
    expect(session.asked).toMatchObject({ vms: 1, vmsOf: 0, alive: 0 })
  })

  it('are listed again a while after a session was opened: a daemon that was just started does not tell of guests that died without it', async () => {
    const session = new FakeSession()
    session.vm = [aVm()]
    const { inventory } = anInventory(session, { listAgainAfterMs: [20] })
    await expect(inventory.find('web1')).resolves.toMatchObject({ state: 'running' })
    session.vm = [aVm({ state: 'shut off', reason: 'failed' })]
    await vi.waitFor(async () =>
      expect(await inventory.find('web1')).toMatchObject({ state: 'shut off', reason: 'failed' }),
    )
  })

  it('cannot be spoilt by who reads them', async () => {
    const session = new FakeSession()
    session.vm = [aVm()]
    const { inventory } = anInventory(session)
    for (const vm of await inventory.vms()) vm.name = 'spoilt'
    await expect(inventory.find('web1')).resolves.toMatchObject({ name: 'web1' })
  })

  it('follow every kind of event', async () => {
    const session = new FakeSession()
    session.vm = [aVm()]
    const { inventory } = anInventory(session)
    await inventory.vms()
    session.vm = [aVm({ state: 'paused', reason: 'by the user' })]
    inventory.heardOf({ kind: 'vm', event: 'lifecycle', uuid: 'u1' })
    await expect(inventory.find('web1')).resolves.toMatchObject({ state: 'paused', reason: 'by the user' })
    expect(session.asked).toMatchObject({ vms: 1, vmsOf: 1 })
  })

  it('show a change of our own to the next reader, whether its event came or not', async () => {
    const session = new FakeSession()
    session.vm = [aVm()]
    const { inventory } = anInventory(session)
    await inventory.vms()
    session.vm = [aVm({ state: 'shut off', reason: 'destroyed' })]
    await inventory.changed('u1')
    await expect(inventory.find('web1')).resolves.toMatchObject({ state: 'shut off' })
    session.vm = []
    await inventory.changed()
    await expect(inventory.vms()).resolves.toEqual([])
  })

  it('are given only while the session is known to live', async () => {
    const session = new FakeSession()
    session.vm = [aVm()]
    const { inventory, clock } = anInventory(session)
    await inventory.vms()
    clock.ms = 1999
    await inventory.vms()
    expect(session.asked.alive).toBe(0)
    clock.ms = 2001
    await Promise.all([inventory.vms(), inventory.find('web1'), inventory.vms()])
    expect(session.asked.alive).toBe(1)
    clock.ms = 10_000
    session.life = () => Promise.reject(new LibvirtError('no answer', { kind: 'timeout' }))
    await expect(inventory.vms()).rejects.toMatchObject({ kind: 'timeout' })
    session.life = async () => {}
    await expect(inventory.vms()).resolves.toHaveLength(1)
  })

  it('are all listed again with a new session', async () => {
    const session = new FakeSession()
    session.vm = [aVm()]
    const { inventory } = anInventory(session)
    await inventory.vms()
    session.vm = [aVm({ uuid: 'another' })]
    inventory.opened()
    await expect(inventory.find('web1')).resolves.toMatchObject({ uuid: 'another' })
    expect(session.asked.vms).toBe(2)
  })

  it('tell whose they are, asked of each once and again when it may have changed', async () => {
    const session = new FakeSession()
    session.vm = [aVm(), aVm({ name: 'web2', uuid: 'u2' })]
    session.owner.set('u1', 'UANN')
    const { inventory } = anInventory(session)
    const owners = async () => (await inventory.vms()).map(({ name, owner }) => [name, owner])
    expect(await owners()).toEqual([
      ['web1', 'UANN'],
      ['web2', undefined],
    ])
    await owners()
    expect(session.asked.owners).toBe(1)
    session.owner.set('u2', 'UBEN')
    inventory.heardOf({ kind: 'vm', event: 'metadataChange', uuid: 'u2' })
    expect(await owners()).toEqual([
      ['web1', 'UANN'],
      ['web2', 'UBEN'],
    ])
  })

  it('are listed without their owners when these are not told in time', async () => {
    const session = new FakeSession()
    session.vm = [aVm()]
    session.ownerList = never()
    const { inventory } = anInventory(session)
    const listed = [{ name: 'web1', state: 'running', isOwnerUncertain: true }]
    expect(await inventory.vms()).toMatchObject(listed)
    session.ownerList = Promise.reject(new LibvirtError('gone', { kind: 'transport' }))
    session.ownerList.catch(() => {})
    const other = anInventory(session)
    expect(await other.inventory.vms()).toMatchObject(listed)
    expect(other.failures).toHaveLength(1)
  })

  it('see what had reached this machine before they were asked for', async () => {
    const session = new FakeSession()
    session.vm = [aVm()]
    const { inventory } = anInventory(session)
    await inventory.vms()
    session.vm = []
    const reading = inventory.vms()
    setImmediate(() => inventory.heardOf({ kind: 'vm', event: 'lifecycle', uuid: 'u1' }))
    await expect(reading).resolves.toEqual([])
  })

  it('cost little for a thousand', async () => {
    const session = new FakeSession()
    session.vm = Array.from({ length: 1000 }, (_, n) => aVm({ name: `vm-${n}`, uuid: `u-${n}` }))
    const { inventory } = anInventory(session)
    await inventory.vms()
    for (let round = 0; round < 20; round++) {
      for (let n = 0; n < 1000; n++) inventory.heardOf({ kind: 'vm', event: 'lifecycle', uuid: `u-${n}` })
      await expect(inventory.vms()).resolves.toHaveLength(1000)
    }
    expect(session.asked.vms).toBeLessThanOrEqual(41)
    expect(session.asked.vmsOf).toBe(0)
  })
})

describe('the networks held of a host', () => {
  const net: KnownNetwork = {
    name: 'default',
    uuid: 'n1',
    active: true,
    bridge: 'virbr0',
    mode: 'nat',
    cidr: undefined,
  }

  it('are held, with their autostart asked for each time', async () => {
    const session = new FakeSession()
    session.network = [net]
    const { inventory } = anInventory(session)
    await inventory.networks()
    session.autostart = false
    await expect(inventory.networks()).resolves.toEqual([
      { name: 'default', active: true, autostart: false, bridge: 'virbr0', mode: 'nat' },
    ])
    expect(session.asked).toMatchObject({ networks: 1, networkAutostart: 2 })
    session.network = [{ ...net, active: false }]
    inventory.heardOf({ kind: 'network', event: 'networkLifecycle', uuid: 'n1' })
    await expect(inventory.networks()).resolves.toMatchObject([{ active: false }])
  })

  it('leave out one that went while it was asked', async () => {
    const session = new FakeSession()
    session.network = [net]
    session.autostart = undefined
    const { inventory } = anInventory(session)
    await expect(inventory.networks()).resolves.toEqual([])
  })
})

describe('the pools held of a host', () => {
  const room = (available: number): Promise<PoolRoom> =>
    Promise.resolve({ state: 'running', capacity: 10 * gib, available: available * gib })

  it('tell their room as it is now', async () => {
    const session = new FakeSession()
    session.pool = [aPool('a')]
    session.room.set('u-a', room(5))
    const { inventory } = anInventory(session)
    await inventory.pools()
    session.room.set('u-a', room(4))
    await expect(inventory.pools()).resolves.toEqual([
      { name: 'a', type: 'dir', path: '/pools/a', state: 'running', capacityGiB: 10, availableGiB: 4 },
    ])
    expect(session.asked).toMatchObject({ pools: 1, poolRoom: 2 })
  })

  it('do not wait for one that hangs: its last room is given with the time of it', async () => {
    const session = new FakeSession()
    session.pool = [aPool('dead'), aPool('live')]
    session.room.set('u-dead', room(5)).set('u-live', room(5))
    const { inventory } = anInventory(session)
    await inventory.pools()
    session.room.set('u-dead', never()).set('u-live', room(3))
    const started = Date.now()
    for (let reads = 0; reads < 3; reads++) {
      const [dead, live] = await inventory.pools()
      expect(dead).toMatchObject({ name: 'dead', availableGiB: 5, asOf: expect.stringMatching(/^\d{4}-/) })
      expect(live).toMatchObject({ name: 'live', availableGiB: 3 })
      expect(live).not.toHaveProperty('asOf')
    }
    expect(Date.now() - started).toBeLessThan(1000)
    // One question hangs; no others are piled up behind it.
    expect(session.asked.poolRoom).toBe(2 + 1 + 3)
  })

  it('are known by name even while the list of them hangs', async () => {
    const session = new FakeSession()
    session.pool = [aPool('a')]
    session.room.set('u-a', room(5))
    const { inventory } = anInventory(session)
    await inventory.pools()
    session.poolList = never()
    inventory.heardOf({ kind: 'pool', event: 'storagePoolRefresh', uuid: 'u-a' })
    session.room.set('u-a', room(4))
    const [pool] = await inventory.pools()
    expect(pool).toMatchObject({ name: 'a', availableGiB: 4 })
    expect(pool).not.toHaveProperty('asOf')
  })

  it('are refused when nothing was ever known of them, and hold up no VM', async () => {
    const session = new FakeSession()
    session.vm = [aVm()]
    session.poolList = never()
    const { inventory } = anInventory(session)
    await expect(inventory.pools()).rejects.toMatchObject({
      code: 'timeout',
      message: expect.stringContaining('kvm1'),
    })
    await expect(inventory.vms()).resolves.toHaveLength(1)
  })

  it('show one that never told its room as inaccessible', async () => {
    const session = new FakeSession()
    session.pool = [aPool('dead')]
    session.room.set('u-dead', never())
    const { inventory } = anInventory(session)
    await expect(inventory.pools()).resolves.toMatchObject([
      { name: 'dead', state: 'inaccessible', asOf: expect.any(String) },
    ])
  })

  it('do not hide the others when one cannot be read, and leave out one that went', async () => {
    const session = new FakeSession()
    session.pool = [aPool('bad'), aPool('gone'), aPool('good')]
    session.room.set('u-bad', Promise.reject(new LibvirtError('I/O error', { kind: 'failed' })))
    session.room.set('u-good', room(1))
    const { inventory, failures } = anInventory(session)
    const pools = await inventory.pools()
    expect(pools.map(({ name, state }) => `${name} ${state}`)).toEqual(['bad inaccessible', 'good running'])
    expect(failures).toMatchObject([{ message: 'I/O error' }])
  })

  it('give a reader no answer that was asked for before the reader came', async () => {
    const session = new FakeSession()
    session.pool = [aPool('a')]
    let answer = (_: PoolRoom): void => {}
    session.room.set(
      'u-a',
      new Promise((resolve) => {
        answer = resolve
      }),
    )
    const { inventory } = anInventory(session, { storageWithinMs: 5000 })
    const early = inventory.pools()
    await vi.waitFor(() => expect(session.asked.poolRoom).toBe(1))
    session.room.set('u-a', room(2))
    const late = inventory.pools()
    // Its question has to be there before the first is answered.
    for (let turns = 0; turns < 3; turns++) await new Promise((resolve) => setImmediate(resolve))
    answer(await room(9))
    await expect(early).resolves.toMatchObject([{ availableGiB: 9 }])
    await expect(late).resolves.toMatchObject([{ availableGiB: 2 }])
  })
})
