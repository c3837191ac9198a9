import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { UserError } from '../../../src/errors.js'
import { aFleet, anImage, aVm, type FakeHostOptions } from '../../fakes/fleet.js'
import { begin, blockers, factsOf, offers, plan, theCatalogue, work } from '../conversation.js'

const pool = { name: 'default', state: 'running' as const, type: 'dir', capacityGiB: 200, availableGiB: 150 }
const network = { name: 'default', active: true, autostart: true, mode: 'nat' }

function oneHost(options: Partial<FakeHostOptions> = {}) {
  return aFleet({
    hosts: [{ name: 'kvm1', images: [anImage({ name: 'rocky9.qcow2', capacityGiB: 10 })], ...options }],
  })
}

describe('the plan of vm create', () => {
  it('settles defaults and shows every number with its unit', async () => {
    const { plan: made, args, locks } = await plan('vm create web1 --image rocky9.qcow2', oneHost())
    expect(made).toMatchObject({
      kind: 'ready',
      summary: 'Create VM web1 on kvm1',
      host: 'kvm1',
      changes: [
        { what: 'VM web1', to: '2 CPUs, 2 GiB of memory, started' },
        { what: 'Root disk', to: '10 GiB in pool default' },
        { what: 'NIC', to: 'on network default' },
      ],
      warnings: [],
    })
    expect(factsOf(made)).toEqual({
      Image: 'rocky9.qcow2',
      'Memory available': '8 GiB now, 6 GiB after',
      'Free in pool default': '150 GiB now, 140 GiB after',
      'CPUs of the host': '8',
    })
    expect(args).toMatchObject({ host: 'kvm1', disk: [10], pool: 'default', network: ['default'] })
    expect(locks).toEqual(['vm:kvm1/web1'])
  })

  it('gives the root disk the size of a larger image', async () => {
    const hosts = oneHost({ images: [anImage({ name: 'big.qcow2', capacityGiB: 39.5 })] })
    expect((await plan('vm create web1 --image big.qcow2', hosts)).args).toMatchObject({ disk: [40] })
  })

  it('makes the same plan of the arguments that it settled', async () => {
    const hosts = oneHost()
    const first = await plan('vm create web1 --image rocky9.qcow2 --memory 3G', hosts)
    const line = (await theCatalogue()).lineOf('vm create', first.args)
    expect(line).toBe(
      'vm create web1 --image rocky9.qcow2 --memory 3G --disk 10G --network default --pool default --host kvm1',
    )
    expect(await plan(line, hosts)).toEqual(first)
  })

  it('goes to the reachable host that has the image and the most memory', async () => {
    const rocky = [anImage({ name: 'rocky9.qcow2' })]
    const { fleet } = aFleet({
      hosts: [
        { name: 'small', images: rocky, capacity: { availableMemoryMiB: 4096 } },
        { name: 'large', images: rocky, capacity: { availableMemoryMiB: 8192 } },
        { name: 'other', images: [], capacity: { availableMemoryMiB: 65_536 } },
        { name: 'down', unreachable: true },
      ],
    })
    const { plan: made } = await plan('vm create web1 --image rocky9.qcow2', { fleet })
    expect(made.host).toBe('large')
    expect(made.warnings).toEqual([
      'Host down does not answer: connection refused. It was not considered.',
      'down does not answer: whether it has a VM web1 is not known.',
    ])
    expect((await plan('vm create web1 --image rocky9.qcow2 --host small', { fleet })).plan.host).toBe(
      'small',
    )
  })

  it('warns of more CPUs than the host has', async () => {
    const { plan: made } = await plan('vm create web1 --image rocky9.qcow2 --cpus 12', oneHost())
    expect(made.warnings).toEqual(['12 CPUs are more than the 8 of kvm1: the VM will be slow.'])
  })

  it('takes a profile instead of an image, and says whose sizes count', async () => {
    const { plan: made } = await plan('vm create web1 --profile rhel9', oneHost({ profiles: ['rhel9'] }))
    expect(made.kind).toBe('ready')
    expect(made.warnings).toEqual([
      'CPUs, memory, disks and networks are those shown here, not those of the profile.',
    ])
  })

  it('only warns of too little memory when the VM is not to be started', async () => {
    const hosts = oneHost({ capacity: { availableMemoryMiB: 1024 } })
    const { plan: made } = await plan('vm create web1 --image rocky9.qcow2 --no-start', hosts)
    expect(made.kind).toBe('ready')
    expect(made.warnings[0]).toBe('It could not be started now: kvm1 has too little memory available.')
  })
})

describe('vm create refuses', () => {
  const line = 'vm create web1 --image rocky9.qcow2'

  it.each<[string, string, Partial<FakeHostOptions>, string]>([
    [
      'a name that is taken',
      line,
      { vms: [aVm({ name: 'web1' })] },
      'name-taken: There is already a VM web1 on kvm1.',
    ],
    [
      'a reserved name',
      'vm create freeipa --image rocky9.qcow2',
      {},
      'name-taken: The name freeipa is reserved: it starts a deployment of its own.',
    ],
    [
      'a name that begins the name of an image',
      'vm create rocky9 --image rocky9.qcow2',
      {},
      'bad-name: The name rocky9 begins the name of the image rocky9.qcow2; deleting files of the VM could take the image along.',
    ],
    [
      'an unknown image',
      'vm create web1 --image roky9.qcow2',
      {},
      'unknown-image: kvm1 has no image "roky9.qcow2".',
    ],
    [
      'an unknown profile',
      'vm create web1 --profile rhel8',
      {},
      'unknown-profile: kcli on kvm1 has no profile "rhel8".',
    ],
    [
      'more memory than is available',
      `${line} --memory 8G`,
      {},
      'insufficient-memory: kvm1 has 8 GiB available; 8 GiB for the VM and 1 GiB for the host need 9 GiB.',
    ],
    [
      'larger disks than there is room for',
      `${line} --disk 100G,50G`,
      {},
      'insufficient-disk: Pool default on kvm1 has 150 GiB free; 150 GiB for the VM and 10 GiB kept free need 160 GiB.',
    ],
    [
      'a root disk smaller than the image',
      `${line} --disk 5G`,
      {},
      'bad-argument: A root disk of 5 GiB is too small for rocky9.qcow2, which has 10 GiB.',
    ],
    ['an unknown pool', `${line} --pool fast`, {}, 'unknown-pool: kvm1 has no pool "fast".'],
    [
      'a pool that does not run',
      line,
      { pools: [{ ...pool, state: 'inactive' }] },
      'invalid-state: Pool default on kvm1 is inactive.',
    ],
    ['an unknown network', `${line} --network lab`, {}, 'unknown-network: kvm1 has no network "lab".'],
    [
      'a network that is not active',
      line,
      { networks: [{ ...network, active: false }] },
      'invalid-state: Network default on kvm1 is not active.',
    ],
    [
      'disks of an earlier VM',
      line,
      { orphans: { web1: ['/pool/web1_0.img'] } },
      'orphan-disk: Files of an earlier VM web1 are on kvm1 and would be reused: /pool/web1_0.img.',
    ],
  ])('%s', async (_, typed, options, expected) => {
    expect(await blockers(typed, oneHost(options))).toEqual([expected])
  })

  it('disks of the VM that has the name, only by the name: nobody is told to delete them', async () => {
    const { fleet } = oneHost({ vms: [aVm({ name: 'web1' })], orphans: { web1: ['/pool/web1_0.img'] } })
    expect(await blockers(line, { fleet })).toEqual(['name-taken: There is already a VM web1 on kvm1.'])
  })

  it('a name that is taken on another host', async () => {
    const { fleet } = aFleet({
      hosts: [
        { name: 'kvm1', images: [anImage({ name: 'rocky9.qcow2' })] },
        { name: 'kvm2', vms: [aVm({ name: 'web1' })] },
      ],
    })
    expect(await blockers(`${line} --host kvm1`, { fleet })).toEqual([
      'name-taken: There is already a VM web1 on kvm2.',
    ])
  })

  it('everything at once, with what to type for each', async () => {
    const { plan: made } = await plan(
      'vm create web1 --image roky9.qcow2 --memory 64G --network lab',
      oneHost(),
    )
    expect(made.kind === 'blocked' && made.blockers.map(({ code, fix }) => [code, fix])).toEqual([
      ['unknown-image', 'Did you mean rocky9.qcow2?'],
      ['insufficient-memory', 'Ask for at most --memory 7168M, or stop VMs: vm list kvm1'],
      ['unknown-network', 'Its networks are: default.'],
    ])
  })

  it('a line without image and profile', async () => {
    const catalogue = await theCatalogue()
    expect(() => catalogue.parse('vm create web1')).toThrowError(
      expect.objectContaining({
        code: 'missing-argument',
        message: '"vm create" needs an image or a profile.',
      }),
    )
  })

  it('a host that does not answer', async () => {
    await expect(plan(line, oneHost({ unreachable: true }))).rejects.toMatchObject({
      code: 'host-unreachable',
    })
  })

  it('an unknown host', async () => {
    await expect(plan(`${line} --host kvm9`, oneHost())).rejects.toMatchObject({ code: 'unknown-host' })
  })
})

describe('vm create', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  const line = 'vm create web1 --image rocky9.qcow2'

  it('makes the VM and tells its address', async () => {
    const { fleet, host } = oneHost({ newVmAddresses: ['192.168.122.50'] })
    const report = await work(`${line} --cpus 1 --memory 1G --disk 12G,3G`, { fleet })
    expect(report).toMatchObject({ title: 'web1 runs at 192.168.122.50', tone: 'ok' })
    expect(factsOf(report)).toMatchObject({
      Host: 'kvm1',
      Memory: '1 GiB',
      Disks: '12 GiB, 3 GiB',
      Addresses: '192.168.122.50',
    })
    expect(offers(report)).toMatchObject({ Stop: 'vm stop web1@kvm1' })
    expect(host('kvm1').machines.get('web1')).toMatchObject({
      cpus: 1,
      memoryMiB: 1024,
      ownership: { owner: 'U1', requester: 'U1', job: 'j-test1' },
      kcliOwner: 'U1',
      image: 'rocky9.qcow2',
    })
  })

  it('keeps the VM when its owner cannot be recorded, and says what is missing', async () => {
    const { fleet, host } = oneHost({ newVmAddresses: ['192.168.122.50'] })
    const why = new UserError('libvirt-failed', 'libvirt has other things to do.', { fix: 'Try again.' })
    host('kvm1').fail('setOwnership', why)
    const report = await work(`${line} --owner U22 --ticket ABC-1`, { fleet })
    expect(report).toMatchObject({ title: 'web1 runs at 192.168.122.50', tone: 'warn' })
    expect(report.notes?.[0]).toContain('libvirt has other things to do. Until it is')
    expect(offers(report)).toMatchObject({ 'Record the owner': 'vm adopt web1@kvm1 --owner U22' })
    expect(factsOf(report)).not.toHaveProperty('Owner')
    expect(host('kvm1').machines.has('web1')).toBe(true)
  })

  it('makes it for somebody else', async () => {
    const { fleet, host } = oneHost()
    const { plan: made } = await plan(`${line} --owner U22 --ticket ABC-1`, { fleet })
    expect(factsOf(made)).toMatchObject({ Owner: 'U22', Ticket: 'ABC-1' })
    expect(factsOf(await work(`${line} --owner U22 --no-start`, { fleet }))).toMatchObject({ Owner: 'U22' })
    expect(host('kvm1').machines.get('web1')?.ownership).toMatchObject({ owner: 'U22', requester: 'U1' })
  })

  it('does not wait for an address of a VM that is not started', async () => {
    const report = await work(`${line} --no-start`, oneHost())
    expect(report).toMatchObject({ title: 'web1 is created, not started', tone: 'ok' })
    expect(offers(report)).toMatchObject({ Start: 'vm start web1@kvm1' })
  })

  it('says after a minute that there is no address yet, and goes on watching', async () => {
    const { fleet, host } = oneHost({ newVmAddresses: [] })
    const { done, published, progress } = await begin(line, { fleet })
    await vi.advanceTimersByTimeAsync(55_000)
    expect(published).toEqual([])
    await vi.advanceTimersByTimeAsync(10_000)
    expect(published.map(({ title, tone }) => [title, tone])).toEqual([
      ['web1 runs, no address yet', 'working'],
    ])
    expect(progress).toContain('runs, no address yet (1 min)')
    host('kvm1').machines.get('web1')?.addresses.push('192.168.122.77')
    await vi.advanceTimersByTimeAsync(5_000)
    expect(await done).toMatchObject({ title: 'web1 runs at 192.168.122.77', tone: 'ok' })
    expect(published).toHaveLength(1)
  })

  it('ends after ten minutes with "created, no address yet" and what to do next', async () => {
    const { done } = await begin(line, oneHost({ newVmAddresses: [] }))
    await vi.advanceTimersByTimeAsync(601_000)
    const report = await done
    expect(report).toMatchObject({
      title: 'web1 is created, no address yet',
      tone: 'warn',
      summary: 'It runs, and within 10 min no address was seen.',
    })
    expect(report.notes?.[0]).toBe('A slow first boot may still bring one; look again: vm show web1@kvm1')
  })

  it('says so when the VM did not stay up', async () => {
    const { fleet, host } = oneHost({ newVmAddresses: [] })
    const { done } = await begin(line, { fleet })
    await vi.advanceTimersByTimeAsync(6_000)
    const made = host('kvm1').machines.get('web1')
    if (made !== undefined) made.state = 'crashed'
    await vi.advanceTimersByTimeAsync(5_000)
    expect(await done).toMatchObject({ title: 'web1 is created and is crashed', tone: 'warn' })
  })

  it('goes on watching while the host does not answer', async () => {
    const { fleet, host } = oneHost({ newVmAddresses: [] })
    const { done } = await begin(line, { fleet })
    await vi.advanceTimersByTimeAsync(6_000)
    host('kvm1').goDown()
    await vi.advanceTimersByTimeAsync(20_000)
    host('kvm1').comeBack()
    host('kvm1').machines.get('web1')?.addresses.push('192.168.122.77')
    await vi.advanceTimersByTimeAsync(5_000)
    expect(await done).toMatchObject({ title: 'web1 runs at 192.168.122.77' })
  })

  it('counts the ten minutes from the creation, across a restart of the bot', async () => {
    const { fleet, host } = oneHost({ newVmAddresses: [] })
    const first = await begin(line, { fleet })
    await vi.advanceTimersByTimeAsync(540_000)
    const again = await first.restart()
    await vi.advanceTimersByTimeAsync(61_000)
    expect(await again.done).toMatchObject({ title: 'web1 is created, no address yet' })
    expect(host('kvm1').calls).toEqual(['createVm web1', 'setOwnership web1'])
  })

  it('says what is left when it is cancelled while it waits', async () => {
    const { done, cancel } = await begin(line, oneHost({ newVmAddresses: [] }))
    await vi.advanceTimersByTimeAsync(6_000)
    cancel()
    await expect(done).rejects.toMatchObject({
      message: 'web1 on kvm1 was created and runs; only the wait for its address was given up.',
      fix: 'Look at it: vm show web1@kvm1',
    })
  })

  it('tells what kcli could not do', async () => {
    const { fleet, host } = oneHost()
    host('kvm1').fail('createVm', new UserError('kcli-failed', 'kcli did not make web1.', { fix: 'Look.' }))
    await expect(work(line, { fleet })).rejects.toMatchObject({ code: 'kcli-failed' })
  })
})
