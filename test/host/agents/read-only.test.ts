/** A bot that may only look: an account outside of group libvirt, at the sockets that are open to everybody. */
import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { createFleet, type Fleet, type HostSettings } from '../../../src/agents/index.js'
import { createLog } from '../../../src/log.js'
import { type Sshd, startSshd } from '../ssh/sshd.js'
import { settingsFor, virsh } from './agent-suite.js'

const lab = inject('lab')
const user = 'qnav-viewer-test'
const log = createLog({ level: 'silent' })

describe.skipIf(lab === undefined).each([
  { way: 'its read-only sockets', config: [] },
  { way: 'its helper program', config: ['DisableForwarding yes'] },
])('a host that the bot only looks at, through $way', ({ config }) => {
  let sshd: Sshd
  let fleet: Fleet
  let close: () => Promise<void>
  beforeAll(async () => {
    if (lab === undefined) return
    execFileSync('sh', ['-c', `id ${user} 2>/dev/null || useradd --password '*' --shell /bin/sh ${user}`])
    sshd = await startSshd({ user, config })
    const { host, port, identityFile, knownHosts } = sshd
    const settings: HostSettings = {
      ...settingsFor(lab, {
        connection: { transport: 'ssh', user, host, port, identityFile, knownHosts },
        kcli: { ...lab.kcli, sudo: false },
        close: async () => {},
      }),
      libvirt: { uri: 'qemu:///system', readOnly: true },
    }
    ;({ fleet, close } = createFleet({ hosts: [settings], log }))
  })
  afterAll(async () => {
    await close?.()
    await sshd?.stop()
    execFileSync('userdel', [user], { stdio: 'ignore' })
  })

  it('is read as ever', async () => {
    const agent = fleet.agent('kvm1')
    const names = virsh('list', '--all', '--name').split('\n').filter(Boolean).sort()
    expect((await agent.vms()).map(({ name }) => name)).toEqual(names)
    expect((await agent.pools()).find(({ name }) => name === lab?.pool)).toMatchObject({ state: 'running' })
    expect((await agent.networks()).map(({ name }) => name)).toContain(lab?.network)
    expect((await agent.images()).map(({ name }) => name)).toContain(lab?.image)
    const findings = await agent.check()
    expect(findings.find(({ check }) => check === 'libvirt')).toMatchObject({ result: 'pass' })
  })

  it('is changed by nothing', async () => {
    const agent = fleet.agent('kvm1')
    const vm = { name: 'web1', host: 'kvm1', uuid: '00000000-0000-0000-0000-000000000001' }
    for (const change of [
      agent.start(vm),
      agent.powerOff(vm),
      agent.createSnapshot(vm, { name: 'x' }),
      agent.deleteVm({ vm, state: 'running', removes: [], keeps: [], snapshots: [] }),
    ]) {
      await expect(change).rejects.toMatchObject({
        code: 'unsupported',
        fix: expect.stringContaining('read_only'),
      })
    }
  })
})
