/** Whose a VM is, in real libvirt: what we write virsh shows, what virsh writes we see, and neither the bot nor the daemon
 * has to live for it. */
import { execFileSync } from 'node:child_process'
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { createFleet, type Ownership } from '../../../src/agents/index.js'
import { createLog } from '../../../src/log.js'
import { SessionDaemon } from '../inventory/session-daemon.js'
import { sessionHost } from './session-house.js'

const log = createLog({ level: 'silent' })
const namespace = 'https://qnav.dev/xmlns/vm/1'
const ours: Ownership = {
  owner: 'UANN',
  requester: 'UBEN',
  ticket: 'ABC-1 <&"\'> ünïcode',
  createdAt: '2026-01-02T03:04:05.000Z',
  lease: { from: '2026-01-02T03:04:05.000Z', until: '2040-01-31T18:00:00.000Z' },
  job: 'j-test1',
}

describe.skipIf(inject('lab') === undefined)('whose a VM is', () => {
  let daemon: SessionDaemon
  let made: ReturnType<typeof createFleet>
  const agent = () => made.fleet.agent('kvm1')
  const open = () => {
    made = createFleet({ hosts: [sessionHost(daemon)], log, backoff: { firstMs: 100, maxMs: 200 } })
  }
  const found = async (name: string) => {
    const vm = await agent().find(name)
    if (vm === undefined) throw new Error(`there is no ${name}`)
    return vm
  }
  const ownerIn = async (name: string) => (await agent().vms()).find((vm) => vm.name === name)?.owner

  beforeAll(async () => {
    daemon = new SessionDaemon()
    await daemon.start()
    for (const name of ['runs', 'off', 'other']) await daemon.define(name)
    await daemon.virsh('start', 'runs')
    open()
  })
  afterAll(async () => {
    await made.close()
    await daemon.close()
  })

  it.each(['runs', 'off'])('is written where virsh reads it, for one that %s', async (name) => {
    const vm = await found(name)
    expect(await agent().ownershipOf(vm)).toBeUndefined()
    await agent().setOwnership(vm, ours)
    expect(await agent().ownershipOf(vm)).toEqual(ours)
    expect(await ownerIn(name)).toBe('UANN')
    expect((await agent().vms()).find((each) => each.name === name)?.lease).toEqual(ours.lease)
    expect(await agent().detailOf(vm)).toMatchObject({ ownership: ours, owner: 'UANN' })
    for (const which of name === 'runs' ? [[], ['--inactive']] : [[]]) {
      const xml = await daemon.virsh('dumpxml', name, ...which)
      expect(xml).toContain(`xmlns:qnav="${namespace}"`)
      expect(xml).toContain('<qnav:owner>UANN</qnav:owner>')
    }
    expect(await daemon.virsh('metadata', name, namespace)).toContain('<job>j-test1</job>')
  })

  it('is seen as soon as another tool changes it, and nobody’s again when it is taken away', async () => {
    const given = '<vm><owner>UCLEO</owner></vm>'
    await daemon.virsh('metadata', 'other', namespace, '--key', 'qnav', '--set', given, '--config')
    await vi.waitFor(async () => expect(await ownerIn('other')).toBe('UCLEO'), { timeout: 3000 })
    await daemon.virsh('metadata', 'other', namespace, '--remove', '--config')
    await vi.waitFor(async () => expect(await ownerIn('other')).toBeUndefined(), { timeout: 3000 })
    await daemon.virsh('metadata', 'other', namespace, '--key', 'q', '--set', '<else/>', '--config')
    expect(await ownerIn('other')).toBeUndefined()
    expect((await agent().vms()).map(({ name }) => name)).toContain('other')
  })

  it('outlives a restart of the bot and of libvirt, and a stop of the VM', async () => {
    await made.close()
    await daemon.stop('SIGKILL')
    await daemon.start()
    open()
    await daemon.virsh('destroy', 'runs')
    for (const name of ['runs', 'off']) expect(await agent().ownershipOf(await found(name))).toEqual(ours)
  })

  it('stays what it is when a VM goes back to a snapshot of another owner’s time', async () => {
    const disk = join(daemon.directory, 'disk.qcow2')
    execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', disk, '1M'])
    chmodSync(disk, 0o666)
    const attached = ['--subdriver', 'qcow2', '--targetbus', 'ide', '--config']
    await daemon.virsh('attach-disk', 'off', disk, 'hda', ...attached)
    const vm = await found('off')
    await agent().createSnapshot(vm, { name: 'before' })
    const now = { ...ours, owner: 'UDORA', job: 'j-test2' }
    await agent().setOwnership(vm, now)
    await agent().revertSnapshot(vm, 'before')
    expect(await agent().ownershipOf(vm)).toEqual(now)
    expect(await ownerIn('off')).toBe('UDORA')
  })
})
