/** What an agent makes of a failing network: it is right again within one step of its backoff, asked or not. */
import { setTimeout as wait } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest'
import { createFleet, type Fleet, type HostSettings } from '../../../src/agents/index.js'
import { UserError } from '../../../src/errors.js'
import { createLog } from '../../../src/log.js'
import { FaultProxy } from './fault-proxy.js'
import { handles } from './handles.js'
import { type Sshd, startSshd } from './sshd.js'

const log = createLog({ level: 'silent' })
const backoff = { firstMs: 200, maxMs: 400 }
/** One step, and time to connect on a busy machine. */
const rightWithinMs = backoff.maxMs + 2600

describe.skipIf(inject('lab') === undefined)('an agent over a failing network', () => {
  let sshd: Sshd
  let proxy: FaultProxy
  let fleet: Fleet
  let close: () => Promise<void>
  beforeAll(async () => {
    sshd = await startSshd()
  })
  afterAll(() => sshd.stop())
  beforeEach(async () => {
    proxy = await FaultProxy.before(sshd)
    ;({ fleet, close } = createFleet({ hosts: [aHost('kvm1')], log, backoff }))
  })
  afterEach(async () => {
    proxy.thaw()
    await close()
    await proxy.close()
  })

  function aHost(name: string, change: Partial<Connection> = {}): HostSettings {
    const { user, host, identityFile } = sshd
    return {
      name,
      labels: {},
      connection: {
        transport: 'ssh',
        ...{ user, host, identityFile, port: proxy.port, knownHosts: sshd.knownHostsAt(proxy.port) },
        ...change,
      },
      libvirt: { uri: 'test:///default' },
      kcli: { sudo: false },
      virtType: 'qemu',
      pool: 'default',
      network: 'default',
    }
  }
  type Connection = Extract<HostSettings['connection'], { transport: 'ssh' }>

  /** How long it takes until the agent answers; until then it refuses in words. */
  async function untilRight(): Promise<number> {
    const begin = performance.now()
    for (;;) {
      const answer = await fleet
        .agent('kvm1')
        .vms()
        .catch((error: unknown) => error)
      if (Array.isArray(answer)) {
        expect(answer.map(({ name }: { name: string }) => name)).toEqual(['test'])
        return performance.now() - begin
      }
      expect(answer).toBeInstanceOf(UserError)
      expect(['host-unreachable', 'libvirt-unavailable']).toContain((answer as UserError).code)
      await wait(20)
    }
  }

  it('is right again after every cut', async () => {
    await untilRight()
    for (let cuts = 0; cuts < 20; cuts++) {
      proxy.cut()
      expect(await untilRight()).toBeLessThan(rightWithinMs)
    }
  })

  it('comes back by itself when nobody asks', async () => {
    await untilRight()
    for (let cuts = 0; cuts < 3; cuts++) {
      const { accepted } = proxy
      proxy.cut()
      await vi.waitFor(() => expect(proxy.accepted).toBe(accepted + 1), rightWithinMs)
      await vi.waitFor(() => expect(proxy.passed.down).toBeGreaterThan(2500), rightWithinMs)
    }
  })

  it('is right again after sshd was restarted, within one step from then', async () => {
    await close()
    ;({ fleet, close } = createFleet({
      hosts: [aHost('kvm1', { port: sshd.port, knownHosts: sshd.knownHosts })],
      log,
      backoff,
    }))
    await untilRight()
    await sshd.restart({ whileDown: () => wait(1500) })
    expect(await untilRight()).toBeLessThan(rightWithinMs)
  })

  it('is right again soon after its host fell silent, and nobody waits longer than a question may', async () => {
    await untilRight()
    proxy.forget()
    const begin = performance.now()
    // Believed for two seconds, libvirt has five for a question, and then the host has five to show that it is there.
    await vi.waitFor(async () => expect((await fleet.agent('kvm1').summary()).status).toBe('unreachable'), {
      timeout: 9000,
      interval: 50,
    })
    await vi.waitFor(() => fleet.agent('kvm1').vms(), { timeout: 16_000, interval: 50 })
    expect(performance.now() - begin).toBeLessThan(12_000 + rightWithinMs)
  }, 60_000)

  it('leaves nothing behind after a hundred cuts', { timeout: 180_000 }, async () => {
    await close()
    await wait(500)
    const before = handles()
    ;({ fleet, close } = createFleet({ hosts: [aHost('kvm1')], log, backoff }))
    for (let cuts = 0; cuts < 100; cuts++) {
      await untilRight()
      proxy.cut()
    }
    await close()
    for (let tries = 0; tries < 100 && !isDeepStrictEqual(handles(), before); tries++) await wait(100)
    expect(handles()).toEqual(before)
  })

  it('shares one connection to the host on the way with the others behind it', async () => {
    const inner = await startSshd()
    const { user, host, port } = sshd
    const behind = (name: string) =>
      aHost(name, {
        ...{ port: inner.port, identityFile: inner.identityFile },
        knownHosts: inner.knownHostsOf(sshd),
        jump: { user, host, port },
      })
    // The same key opens both, as in qnav.yml.
    sshd.letIn(inner)
    const others = createFleet({ hosts: ['kvm1', 'kvm2', 'kvm3'].map(behind), log })
    try {
      const lists = await Promise.all(others.fleet.agents.map((agent) => agent.vms()))
      expect(lists.map((vms) => vms.length)).toEqual([1, 1, 1])
      expect(sshd.connections()).toBe(1)
      expect(inner.connections()).toBe(3)
    } finally {
      await others.close()
      await inner.stop()
    }
    await vi.waitFor(() => expect(sshd.connections()).toBe(0))
  })
})
