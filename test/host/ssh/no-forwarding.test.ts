/** An sshd that forwards no sockets, as hardening guides want it: the daemon is reached by its own helper program. */
import { execFileSync } from 'node:child_process'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest'
import { createFleet, type Fleet, type HostSettings } from '../../../src/agents/index.js'
import { createLog } from '../../../src/log.js'
import { SshTransport } from '../../../src/ssh/index.js'
import { type Sshd, startSshd } from './sshd.js'

const log = createLog({ level: 'silent' })

describe.skipIf(inject('lab') === undefined)('a host whose sshd forwards no sockets', () => {
  let sshd: Sshd
  let fleet: Fleet
  let close: () => Promise<void>
  beforeAll(async () => {
    sshd = await startSshd({ config: ['DisableForwarding yes'] })
  })
  afterAll(() => sshd.stop())
  beforeEach(() => {
    const { user, host, port, identityFile, knownHosts } = sshd
    const settings: HostSettings = {
      name: 'kvm1',
      labels: {},
      connection: { transport: 'ssh', user, host, port, identityFile, knownHosts },
      libvirt: { uri: 'test:///default' },
      kcli: { sudo: false },
      virtType: 'qemu',
      pool: 'default',
      network: 'default',
    }
    ;({ fleet, close } = createFleet({ hosts: [settings], log, backoff: { firstMs: 50, maxMs: 100 } }))
  })
  afterEach(() => close())

  const vms = async () => (await fleet.agent('kvm1').vms()).map(({ name }) => name)

  it('is worked through virt-ssh-helper, which ends with the sessions', async () => {
    expect(await vms()).toEqual(['test'])
    // Pools have sessions of their own.
    expect(await fleet.agent('kvm1').pools()).toMatchObject([{ name: 'default-pool' }])
    expect(helpers()).toBeGreaterThanOrEqual(2)
    await close()
    await vi.waitFor(() => expect(helpers()).toBe(0), 5000)
  })

  it('is right again after its connection was cut', async () => {
    expect(await vms()).toEqual(['test'])
    sshd.dropConnections()
    await vi.waitFor(async () => expect(await vms()).toEqual(['test']), 10_000)
  })

  it('still runs commands while every session is open, and never more at once than sshd lets it', async () => {
    const transport = new SshTransport({ ...sshd, log })
    try {
      const helper = ['virt-ssh-helper', 'test:///default'] as const
      const streams = await Promise.all(Array.from({ length: 5 }, () => transport.openProgram([...helper])))
      const runs = Array.from({ length: 20 }, () => transport.exec(['true'], { timeoutMs: 20_000 }))
      expect((await Promise.all(runs)).map(({ exitCode }) => exitCode)).toEqual(Array(20).fill(0))
      for (const stream of streams) stream.destroy()
    } finally {
      await transport.close()
    }
  })

  it('is not worked round where qnav.yml names the socket: the helper would speak to another daemon', async () => {
    await close()
    const { user, host, port, identityFile, knownHosts } = sshd
    const others = createFleet({
      hosts: [
        {
          name: 'kvm1',
          labels: {},
          connection: { transport: 'ssh', user, host, port, identityFile, knownHosts },
          libvirt: { uri: 'test:///default', socket: '/run/libvirt/libvirt-sock' },
          kcli: { sudo: false },
          virtType: 'qemu',
          pool: 'default',
          network: 'default',
        },
      ],
      log,
    })
    try {
      await expect(others.fleet.agent('kvm1').vms()).rejects.toMatchObject({
        code: 'libvirt-unavailable',
        message: expect.stringContaining('/run/libvirt/libvirt-sock'),
      })
    } finally {
      await others.close()
    }
  })
})

/** How many run. */
function helpers(): number {
  const names = execFileSync('ps', ['-e', '-o', 'comm=']).toString().split('\n')
  return names.filter((name) => name === 'virt-ssh-helper').length
}
