/** Quotas counted from real libvirt, through the real way of a request. Only making a VM is shortened: defining it. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { type Agent, createFleet, type HostSettings } from '../../../src/agents/index.js'
import { loadCatalogue } from '../../../src/command/index.js'
import { createJobs, isOver, type Jobs } from '../../../src/jobs/index.js'
import { createLog } from '../../../src/log.js'
import { createPolicy } from '../../../src/policy/index.js'
import { createRequests, type Requests } from '../../../src/request/index.js'
import { aFleet, anImage } from '../../fakes/fleet.js'
import { SessionDaemon } from '../inventory/session-daemon.js'

const log = createLog({ level: 'silent' })
const commands = fileURLToPath(new URL('../../../commands', import.meta.url))
const person = { id: 'UANN' }
const members = (...users: string[]) => ({ users, groups: [] })

describe.skipIf(inject('lab') === undefined)('quotas over real libvirt', () => {
  const path = mkdtempSync(join(tmpdir(), 'qnav-quotas-'))
  let daemon: SessionDaemon
  let made: ReturnType<typeof createFleet>
  let agent: Agent
  let jobs: Jobs
  let requests: Requests

  beforeAll(async () => {
    daemon = new SessionDaemon()
    await daemon.start()
    const settings: HostSettings = {
      name: 'kvm1',
      labels: {},
      connection: { transport: 'local' },
      libvirt: { uri: 'qemu:///session' as HostSettings['libvirt']['uri'], socket: daemon.socket },
      kcli: { sudo: false },
      virtType: 'qemu',
      pool: 'default',
      network: 'default',
    }
    made = createFleet({ hosts: [settings], log })
    const real = made.fleet.agent('kvm1')
    // What a host needs beside libvirt for vm create.
    const rest = aFleet({ hosts: [{ name: 'kvm1', images: [anImage({ name: 'tiny.qcow2' })] }] }).host('kvm1')
    const shortened: Partial<Agent> = {
      images: () => rest.images(),
      pools: () => rest.pools(),
      networks: () => rest.networks(),
      capacity: () => rest.capacity(),
      orphansOf: async () => [],
      createVm: async ({ name }) => {
        await daemon.define(name)
        const vm = await vi.waitUntil(() => real.find(name), { timeout: 5000 })
        return vm
      },
    }
    agent = new Proxy(real, {
      get: (target, key) => {
        const value: unknown = Reflect.get(shortened, key) ?? Reflect.get(target, key)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
    const fleet = { ...made.fleet, agents: [agent], agent: () => agent }
    const roles = { operator: members(person.id), approver: members(), admin: members() }
    const audit = async () => {}
    jobs = createJobs({ data: { path }, audit, log })
    requests = createRequests({
      catalogue: await loadCatalogue(commands),
      policy: createPolicy({ settings: { roles, approvals: [] }, log }),
      fleet,
      jobs,
      audit,
      quotas: { owners: [{ limits: { vms: 5 } }], hosts: [], perVm: {} },
    })
    await jobs.start()
  })
  afterAll(async () => {
    await jobs.stop()
    await made.close()
    await daemon.close()
    rmSync(path, { recursive: true, force: true })
  })

  const say = (text: string) => requests.handle({ text, person, origin: { surface: 'terminal' } })
  const over = async (text: string) => {
    const answer = await say(text)
    if (answer.kind !== 'job') throw new Error(`${text} was answered at once`)
    return vi.waitUntil(() => [jobs.get(answer.job.id)].find(isOver), { timeout: 60_000, interval: 20 })
  }
  const create = (name: string) => over(`vm create ${name} --image tiny.qcow2 --memory 64M --no-start`)

  it('let exactly five of twenty in that ask at once', async () => {
    const ended = await Promise.all(Array.from({ length: 20 }, (_, n) => create(`vm-${n}`)))
    expect(ended.filter(({ state }) => state === 'succeeded')).toHaveLength(5)
    expect(ended.filter(({ state }) => state === 'refused')).toHaveLength(15)
    const holdings = await agent.holdings()
    expect(holdings.map(({ owner }) => owner)).toEqual(Array(5).fill(person.id))
    expect((await daemon.virsh('list', '--all', '--name')).split('\n').filter(Boolean)).toHaveLength(5)
  }, 120_000)

  it('see what other tools delete', async () => {
    const [first] = await agent.holdings()
    await daemon.virsh('undefine', first?.name ?? '')
    expect(await create('next')).toMatchObject({ state: 'succeeded' })
    expect(await create('one-more')).toMatchObject({ state: 'refused' })
  })

  it('count what each VM takes: processors, memory, disks, snapshots', async () => {
    const target = join(daemon.directory, 'pool')
    mkdirSync(target)
    chmodSync(target, 0o777)
    await daemon.virsh('pool-create-as', 'default', 'dir', '--target', target)
    await daemon.virsh('vol-create-as', 'default', 'd.qcow2', '3G', '--format', 'qcow2')
    const disk = join(target, 'd.qcow2')
    await daemon.virsh(
      'attach-disk',
      'next',
      disk,
      'hda',
      '--subdriver',
      'qcow2',
      '--targetbus',
      'ide',
      '--config',
    )
    for (const name of ['one', 'two']) await daemon.virsh('snapshot-create-as', 'next', name)
    await daemon.virsh('setvcpus', 'next', '2', '--maximum', '--config')
    await daemon.virsh('setvcpus', 'next', '2', '--config')
    await daemon.virsh('start', 'next')
    const holding = (await agent.holdings()).find(({ name }) => name === 'next')
    expect(holding).toMatchObject({
      owner: person.id,
      runs: true,
      cpus: 2,
      memoryMiB: 16,
      diskGiB: 3,
      snapshots: ['one', 'two'],
    })
    await daemon.virsh('destroy', 'next')
    expect((await agent.holdings()).find(({ name }) => name === 'next')?.runs).toBe(false)
  })
})
