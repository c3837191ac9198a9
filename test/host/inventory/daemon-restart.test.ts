/** What becomes of an agent whose libvirt is restarted, crashes, or comes back to another world. */
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest'
import { type Agent, createFleet, type HostSettings } from '../../../src/agents/index.js'
import { createLog } from '../../../src/log.js'
import { SessionDaemon } from './session-daemon.js'

const log = createLog({ level: 'silent' })
const backoff = { firstMs: 200, maxMs: 400 }
/** One step, and what it takes to connect and list on a busy machine. */
const rightWithinMs = backoff.maxMs + 2600

describe.skipIf(inject('lab') === undefined)('an agent whose libvirt is restarted', () => {
  let daemon: SessionDaemon
  let agent: Agent
  let close: () => Promise<void>

  beforeEach(async () => {
    daemon = new SessionDaemon()
    await daemon.start()
    const settings: HostSettings = {
      name: 'kvm1',
      labels: {},
      connection: { transport: 'local' },
      // People cannot choose the daemon of a user; here it is a world that nobody else lives in.
      libvirt: {
        uri: 'qemu:///session' as HostSettings['libvirt']['uri'],
        socket: daemon.socket,
      },
      kcli: { sudo: false },
      virtType: 'qemu',
      pool: 'default',
      network: 'default',
    }
    const made = createFleet({ hosts: [settings], log, backoff })
    agent = made.fleet.agent('kvm1')
    close = made.close
  })
  afterEach(async () => {
    await close()
    await daemon.close()
  })

  const told = async () => Object.fromEntries((await agent.vms()).map(({ name, state }) => [name, state]))
  const agrees = async (within = 5000) =>
    vi.waitFor(async () => expect(await told()).toEqual(await daemon.states()), {
      timeout: within,
      interval: 20,
    })

  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'is right again within one step after %s, events included',
    async (signal) => {
      for (const name of ['runs', 'dies', 'off']) await daemon.define(name)
      for (const name of ['runs', 'dies']) await daemon.virsh('start', name)
      await agrees()
      for (let times = 0; times < 3; times++) {
        await daemon.stop(signal)
        await expect(agent.vms()).rejects.toMatchObject({ code: 'libvirt-unavailable' })
        // Nobody tells of it: there is no daemon.
        if (times === 0) daemon.killGuest('dies')
        await daemon.start()
        const begin = performance.now()
        await agrees(rightWithinMs)
        expect(performance.now() - begin).toBeLessThan(rightWithinMs)
        expect(await told()).toMatchObject({ runs: 'running', dies: 'shut off' })
      }
      // The new session has its events.
      await daemon.virsh('start', 'off')
      await vi.waitFor(async () => expect((await told()).off).toBe('running'), { timeout: 2000, interval: 5 })
      await agrees()
    },
    60_000,
  )

  it('tells whoever asks while it is away in words, and at once', async () => {
    await daemon.define('web1')
    await agrees()
    await daemon.stop('SIGKILL')
    const begin = performance.now()
    const answers = await Promise.allSettled([
      agent.vms(),
      agent.find('web1'),
      agent.pools(),
      agent.summary(),
    ])
    expect(performance.now() - begin).toBeLessThan(5000)
    const codes = answers.map((answer) => (answer.status === 'rejected' ? answer.reason.code : answer.value))
    expect(codes.slice(0, 3)).toEqual(Array(3).fill('libvirt-unavailable'))
    expect(codes[3]).toMatchObject({ status: 'unreachable' })
  })
})
