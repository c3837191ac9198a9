/** Everything a network can do to an SSH connection: every call ends in time and in words, and the next one works. */
import { setTimeout as wait } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest'
import { UserError } from '../../../src/errors.js'
import { createLog } from '../../../src/log.js'
import { PrivateKeys, type SshSettings, SshTransport } from '../../../src/ssh/index.js'
import { FaultProxy } from './fault-proxy.js'
import { handles } from './handles.js'
import { type Sshd, startSshd } from './sshd.js'

const isHere = inject('lab') !== undefined
const onHost = describe.skipIf(!isHere)
const log = createLog({ level: 'silent' })
const privateKeys = new PrivateKeys()
/** QNAV_FAULTS=all: cuts at every byte, and a freeze of 30 s. Else at every so-manieth, a different set in each run, and
 * everything about the freeze ten times shorter. */
const isThorough = process.env.QNAV_FAULTS === 'all'
const stride = isThorough ? 1 : 23
const phase = Math.floor(Math.random() * stride)
const echo = ['echo', 'through'] as const

let sshd: Sshd
let proxy: FaultProxy
const transports = new Set<SshTransport>()

beforeAll(async () => {
  sshd = await startSshd()
})
afterAll(() => sshd.stop())
beforeEach(async () => {
  proxy = await FaultProxy.before(sshd)
})
afterEach(async () => {
  proxy.thaw()
  await Promise.all([...transports].map((transport) => transport.close()))
  transports.clear()
  await proxy.close()
})

function aTransport(change: Partial<SshSettings> = {}, through = proxy): SshTransport {
  const knownHosts = sshd.knownHostsAt(through.port)
  const transport = new SshTransport({ ...sshd, port: through.port, knownHosts, log, privateKeys, ...change })
  transports.add(transport)
  return transport
}

/** How a call ended, and how long it took. */
async function outcome(call: Promise<{ stdout: string }>): Promise<{ ms: number; error?: unknown }> {
  const begin = performance.now()
  const error = await call.then(
    ({ stdout }) => {
      expect(stdout).toBe('through\n')
      return undefined
    },
    (reason: unknown) => reason,
  )
  return { ms: performance.now() - begin, ...(error === undefined ? {} : { error }) }
}

/** A refusal that a person understands: typed, a sentence, something to do, nothing of the client's insides. */
function expectWords(error: unknown, codes: string[] = ['host-unreachable', 'timeout']): void {
  expect(error).toBeInstanceOf(UserError)
  if (!(error instanceof UserError)) return
  expect(codes).toContain(error.code)
  expect(error.message).toMatch(/^\S.*\.$/)
  expect(error.message).not.toMatch(/undefined|\[object|No response from server|ECONN|EPIPE/)
  expect(error.fix).not.toBe('')
}

/** Works `all` eight at a time. */
async function eightAtOnce<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const rest = [...all]
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let one = rest.shift(); one !== undefined; one = rest.shift()) await work(one)
    }),
  )
}

onHost('an SSH connection that is cut', () => {
  /** Bytes that a session of one command takes. */
  async function sessionBytes(direction: 'up' | 'down'): Promise<number> {
    const transport = aTransport()
    await transport.exec(echo, { timeoutMs: 10_000 })
    const { [direction]: bytes } = proxy.passed
    await transport.close()
    return bytes
  }

  it.each([
    ['down', 'end'],
    ['up', 'end'],
    ['down', 'reset'],
  ] as const)(
    'at any byte %s by %s fails the call in words and lets the next one work',
    { timeout: 900_000 },
    async (direction, kind) => {
      const total = await sessionBytes(direction)
      expect(total).toBeGreaterThan(1500)
      const offsets = Array.from({ length: Math.ceil(total / stride) }, (_, n) => n * stride + phase)
      let failed = 0
      await eightAtOnce(offsets, async (afterBytes) => {
        const own = await FaultProxy.before(sshd)
        own.willMeet({ direction, afterBytes, kind })
        const transport = aTransport({}, own)
        const { ms, error } = await outcome(transport.exec(echo, { timeoutMs: 10_000 }))
        if (error !== undefined) {
          failed += 1
          expectWords(error, ['host-unreachable'])
        }
        // Told of the end, nobody waits for a deadline.
        expect(ms).toBeLessThan(9000)
        own.willMeet()
        // Cut after the command's end, the connection fails only a call that comes before that is known here.
        own.cut()
        if (error === undefined) {
          const early = await outcome(transport.exec(echo, { timeoutMs: 10_000 }))
          if (early.error !== undefined) expectWords(early.error, ['host-unreachable'])
        }
        await expect(transport.exec(echo, { timeoutMs: 10_000 })).resolves.toMatchObject({ exitCode: 0 })
        await transport.close()
        transports.delete(transport)
        await vi.waitFor(() => expect(own.open).toBe(0))
        await own.close()
      })
      expect(failed).toBeGreaterThan(offsets.length / 2)
    },
  )

  it('while many calls are out fails each of them, and the next one works', async () => {
    const transport = aTransport()
    await transport.connect()
    const { up } = proxy.passed
    const calls = Array.from({ length: 20 }, () => transport.exec(['sleep', '20'], { timeoutMs: 15_000 }))
    const settled = Promise.allSettled(calls)
    await vi.waitFor(() => expect(proxy.passed.up).toBeGreaterThan(up + 600))
    proxy.cut()
    // Those that waited for their turn go on over the new connection, until that is cut as well.
    const cutting = setInterval(() => proxy.cut(), 300)
    for (const each of await settled) {
      expect(each.status).toBe('rejected')
      if (each.status === 'rejected') expectWords(each.reason)
    }
    clearInterval(cutting)
    await expect(transport.exec(echo, { timeoutMs: 10_000 })).resolves.toMatchObject({ exitCode: 0 })
  })
})

onHost('an SSH connection that falls silent', () => {
  const short = { connectTimeoutMs: 1000, answerTimeoutMs: 300 }

  it.each(['down', 'up'] as const)(
    'at any point %s lets no call wait beyond its deadline',
    async (direction) => {
      const offsets = [0, 1, 20, 21, 30, 60, 300, 900, 1000, 1300, 1600, 1800, 2000, 2100, 2200, 2400]
      await eightAtOnce(offsets, async (afterBytes) => {
        const own = await FaultProxy.before(sshd)
        own.willMeet({ direction, afterBytes, kind: 'stall' })
        const transport = aTransport(short, own)
        // When it falls silent after the first command's end, the next one meets that.
        let failed = false
        for (let calls = 1; !failed && calls <= 9; calls++) {
          const { ms, error } = await outcome(transport.exec(echo, { timeoutMs: 2000 }))
          if (error !== undefined) expectWords(error)
          expect(ms).toBeLessThan(2500)
          failed = error !== undefined
        }
        expect(failed).toBe(true)
        own.willMeet()
        const next = await outcome(transport.exec(echo, { timeoutMs: 10_000 }))
        expect(next.error).toBeUndefined()
        expect(next.ms).toBeLessThan(2000)
        await transport.close()
        transports.delete(transport)
        await own.close()
      })
    },
  )

  it('after it was made fails the call at its deadline, and the next call has a new one', async () => {
    const transport = aTransport(short)
    await transport.exec(echo, { timeoutMs: 10_000 })
    proxy.forget()
    const first = await outcome(transport.exec(echo, { timeoutMs: 500 }))
    expect(first.error).toMatchObject({ code: 'timeout' })
    expect(first.ms).toBeLessThan(800)
    const next = await outcome(transport.exec(echo, { timeoutMs: 10_000 }))
    expect(next.error).toBeUndefined()
    expect(next.ms).toBeLessThan(short.answerTimeoutMs + 1500)
    await vi.waitFor(() => expect(proxy.open).toBe(1))
  })

  it('while nobody asks is found out by its keepalive', async () => {
    const transport = aTransport({ keepaliveMs: 50 })
    await transport.exec(echo, { timeoutMs: 10_000 })
    proxy.forget()
    await vi.waitFor(() => expect(proxy.open).toBe(0))
    await expect(transport.exec(echo, { timeoutMs: 10_000 })).resolves.toMatchObject({ exitCode: 0 })
  })

  it('does not keep it from being closed', async () => {
    const transport = aTransport()
    await transport.exec(echo, { timeoutMs: 10_000 })
    proxy.forget()
    const begin = performance.now()
    await transport.close()
    expect(performance.now() - begin).toBeLessThan(2000)
    await vi.waitFor(() => expect(proxy.open).toBe(0))
  })

  it('while it is made does not keep it from being closed either', async () => {
    proxy.willMeet({ direction: 'down', afterBytes: 30, kind: 'stall' })
    const transport = aTransport()
    const connecting = outcome(transport.exec(echo, { timeoutMs: 60_000 }))
    await vi.waitFor(() => expect(proxy.passed.down).toBe(30))
    const begin = performance.now()
    await transport.close()
    expectWords((await connecting).error, ['host-unreachable'])
    expect(performance.now() - begin).toBeLessThan(1000)
    await vi.waitFor(() => expect(proxy.open).toBe(0))
  })

  it('also fails streams that are being opened, by the time for connecting', async () => {
    const transport = aTransport(short)
    await transport.connect()
    proxy.forget()
    const begin = performance.now()
    const error = await transport.openSocket('/run/libvirt/libvirt-sock').catch((reason: unknown) => reason)
    expectWords(error)
    expect(performance.now() - begin).toBeLessThan(2000)
    await expect(transport.exec(echo, { timeoutMs: 10_000 })).resolves.toMatchObject({ exitCode: 0 })
  })
})

onHost('a host that is only slow with one command', () => {
  it('keeps its connection, and what else runs on it', async () => {
    const transport = aTransport({ answerTimeoutMs: 300 })
    const other = outcome(transport.exec(['sh', '-c', 'sleep 1; echo through'], { timeoutMs: 10_000 }))
    await expect(transport.exec(['sleep', '20'], { timeoutMs: 500 })).rejects.toMatchObject({
      code: 'timeout',
    })
    expect((await other).error).toBeUndefined()
    expect((await outcome(transport.exec(echo, { timeoutMs: 10_000 }))).error).toBeUndefined()
    expect(proxy.accepted).toBe(1)
  })
})

onHost('a host that freezes', () => {
  it('for less than the deadline is waited for', async () => {
    const transport = aTransport()
    await transport.exec(echo, { timeoutMs: 10_000 })
    proxy.freeze()
    const call = outcome(transport.exec(echo, { timeoutMs: 10_000 }))
    await wait(500)
    proxy.thaw()
    expect((await call).error).toBeUndefined()
    expect(proxy.accepted).toBe(1)
  })

  it('for longer fails calls at their deadlines, and answers the first call after it', async () => {
    const scale = isThorough ? 1 : 0.1
    const transport = aTransport({
      connectTimeoutMs: 15_000 * scale,
      answerTimeoutMs: 5000 * scale,
      keepaliveMs: 5000 * scale,
    })
    await transport.exec(echo, { timeoutMs: 10_000 })
    proxy.freeze()
    const thawing = setTimeout(() => proxy.thaw(), 30_000 * scale)
    const begin = performance.now()
    let failed = 0
    for (;;) {
      const { ms, error } = await outcome(transport.exec(echo, { timeoutMs: 7000 * scale }))
      expect(ms).toBeLessThan(7000 * scale + 300)
      if (error === undefined) break
      expectWords(error)
      failed += 1
    }
    expect(failed).toBeGreaterThan(1)
    expect(performance.now() - begin).toBeLessThan(30_000 * scale + 1500)
    clearTimeout(thawing)
  })
})

onHost('a host that boots', () => {
  it('is unreachable while it does, and reached by the first call after it', async () => {
    const transport = aTransport({ port: sshd.port, knownHosts: sshd.knownHosts })
    const running = outcome(transport.exec(['sleep', '20'], { timeoutMs: 15_000 }))
    await transport.exec(echo, { timeoutMs: 10_000 })
    await sshd.restart({
      whileDown: async () => {
        expectWords((await running).error, ['host-unreachable'])
        const { error } = await outcome(transport.exec(echo, { timeoutMs: 5000 }))
        expect(error).toMatchObject({ message: expect.stringContaining('nothing listens there') })
      },
    })
    await expect(transport.exec(echo, { timeoutMs: 10_000 })).resolves.toMatchObject({ exitCode: 0 })
  })

  it('with another key is refused until the key is mended, then reached', async () => {
    const transport = aTransport({ port: sshd.port, knownHosts: sshd.knownHosts })
    await transport.exec(echo, { timeoutMs: 10_000 })
    await sshd.restart({ newHostKeys: true })
    const { error } = await outcome(transport.exec(echo, { timeoutMs: 5000 }))
    expectWords(error, ['host-key-changed'])
    sshd.trustHostKeys()
    await expect(transport.exec(echo, { timeoutMs: 10_000 })).resolves.toMatchObject({ exitCode: 0 })
  })
})

onHost('a thousand connections, one after another, cut in the middle or closed in peace', () => {
  it('leave no socket, timer, listener or process behind', { timeout: 600_000 }, async () => {
    const warnings: string[] = []
    const hear = (warning: Error): void => {
      warnings.push(warning.message)
    }
    const listeners = () => process.eventNames().map((name) => [String(name), process.listenerCount(name)])
    const listenersBefore = listeners()
    process.on('warning', hear)
    // What earlier tests closed may still be closing.
    await wait(1000)
    const before = handles()
    await eightAtOnce([...Array(1000).keys()], async (cycle) => {
      const transport = aTransport()
      const work = cycle % 3 === 0 ? transport.exec(echo, { timeoutMs: 20_000 }) : transport.connect()
      await work.catch((error: unknown) => expectWords(error))
      // Whatever is out at that moment, of the others as well.
      if (cycle % 10 === 0) proxy.cut()
      await transport.close()
      transports.delete(transport)
    })
    process.off('warning', hear)
    expect(warnings).toEqual([])
    await vi.waitFor(() => expect([proxy.open, sshd.connections()]).toEqual([0, 0]), 20_000)
    // By hand: a waiting helper would hold timers of its own.
    for (let tries = 0; tries < 100 && !isDeepStrictEqual(handles(), before); tries++) await wait(100)
    expect(handles()).toEqual(before)
    expect(listeners()).toEqual(listenersBefore)
  })
})
