import type { App, ReceiverEvent } from '@slack/bolt'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../src/jobs/index.js'
import { PooledSocketReceiver } from '../../src/slack/receivers/index.js'
import { aLog } from './fakes.js'
import { SocketServer } from './socket-server.js'

let server: SocketServer
let receiver: PooledSocketReceiver
let log: ReturnType<typeof aLog>
let received: ReceiverEvent[]
/** What is done before the acknowledgement. */
let work: () => Promise<void>
const unhandled: unknown[] = []
const remember = (reason: unknown) => unhandled.push(reason)

function build(clock = systemClock): PooledSocketReceiver {
  const pool = new PooledSocketReceiver({ appToken: 'xapp-test', apiUrl: server.apiUrl, log, clock })
  const app = {
    processEvent: async (event: ReceiverEvent) => {
      received.push(event)
      await work()
      await event.ack()
    },
  }
  pool.init(app as unknown as App)
  return pool
}
/** Time that passes a hundred times as fast. */
const fastClock = {
  now: () => Date.now() * 100,
  after: (ms: number, wake: () => void) => systemClock.after(ms / 100, wake),
}
const connected = (n: number) => vi.waitFor(() => expect(server.sockets).toHaveLength(n), 4000)

beforeEach(async () => {
  server = new SocketServer()
  await server.start()
  received = []
  work = async () => {}
  log = aLog()
  receiver = build()
  unhandled.length = 0
  process.on('unhandledRejection', remember)
})
afterEach(async () => {
  await receiver.stop()
  await server.stop()
  process.off('unhandledRejection', remember)
  expect(unhandled).toEqual([])
})

describe('the pool of Socket Mode connections', () => {
  it('keeps two, opened one after another', async () => {
    await receiver.start()
    await connected(2)
    expect(server.openingAtOnce).toBe(1)
  })

  it('hands on what comes through either, with the id of the envelope, and acknowledges through the same', async () => {
    await receiver.start()
    await connected(2)
    server.command('e1', 'vm list', server.sockets[0])
    server.command('e2', 'vm list', server.sockets[1])
    await vi.waitFor(() =>
      expect(server.acks.map(({ envelope_id }) => envelope_id).sort()).toEqual(['e1', 'e2']),
    )
    expect(received.map(({ customProperties }) => customProperties)).toContainEqual({ deliveryId: 'e1' })
  })

  it('replaces a connection that Slack refreshes at once, and loses no command meanwhile', async () => {
    await receiver.start()
    await connected(2)
    const startedAt = Date.now()
    for (let n = 0; n < 30; n += 1) {
      // The oldest that was not told yet: those that were stay a while.
      if (n % 10 === 0) server.refresh(server.sockets[n / 10])
      // Slack picks a connection that has not been told to leave.
      server.command(`e${n}`, 'vm list', server.sockets.at(-1))
      await vi.waitFor(() => expect(server.acks.map(({ envelope_id }) => envelope_id)).toContain(`e${n}`))
    }
    // The library alone would have been away for 5 s each time.
    expect(Date.now() - startedAt).toBeLessThan(4000)
    await vi.waitFor(() => expect(server.opens).toBe(5), 4000)
    await connected(2)
  })

  it('acknowledges what came just before Slack announced the end, through the connection that it came by', async () => {
    await receiver.start()
    await connected(2)
    let acknowledge = () => {}
    const working = new Promise<void>((resolve) => {
      acknowledge = resolve
    })
    work = () => working
    const [oldest] = server.sockets
    server.command('e1', 'vm list', oldest)
    server.refresh(oldest)
    await connected(3)
    acknowledge()
    await vi.waitFor(() => expect(server.acks.map(({ envelope_id }) => envelope_id)).toEqual(['e1']))
    await connected(2)
    expect(server.sockets).not.toContain(oldest)
  })

  it('comes back after the connection breaks', async () => {
    await receiver.start()
    await connected(2)
    for (const socket of [...server.sockets]) socket.terminate()
    await vi.waitFor(() => expect(server.opens).toBeGreaterThanOrEqual(4), 4000)
    await connected(2)
  })

  it('survives that Slack refuses new connections for a while', async () => {
    receiver = build(fastClock)
    await receiver.start()
    await connected(2)
    server.refusal = { error: 'invalid_auth' }
    for (const socket of [...server.sockets]) socket.terminate()
    await vi.waitFor(() => expect(server.opens).toBeGreaterThan(6), 4000)
    server.refusal = { status: 503 }
    const before = server.opens
    await vi.waitFor(() => expect(server.opens).toBeGreaterThan(before + 2), 4000)
    server.refusal = undefined
    await connected(2)
  })

  it('survives frames that are not what Slack sends', async () => {
    await receiver.start()
    await connected(2)
    for (const frame of [
      '',
      'nonsense',
      '{}',
      '{"type":"events_api"}',
      '{"type":"events_api","payload":{}}',
      'null',
    ]) {
      server.sockets[0]?.send(frame)
    }
    server.sockets[0]?.send(Buffer.from([1, 2, 3]))
    server.command('e1', 'vm list')
    await vi.waitFor(() => expect(server.acks).toContainEqual({ envelope_id: 'e1', payload: {} }))
  })

  it('decides itself when to try again, and gives up after 30 s at the start', async () => {
    receiver = build(fastClock)
    server.refusal = { status: 503 }
    await expect(receiver.start()).rejects.toMatchObject({ code: 'slack-unavailable' })
    // One call for each of our own tries within 30 s: the library's 100 retries are not at work.
    expect(server.opens).toBeGreaterThan(2)
    expect(server.opens).toBeLessThan(10)
  })

  it('names the token that Slack does not accept', async () => {
    server.refusal = { error: 'invalid_auth' }
    await expect(receiver.start()).rejects.toMatchObject({
      code: 'bad-config',
      message: 'Slack does not accept the token in SLACK_APP_TOKEN: invalid_auth.',
    })
    expect(server.opens).toBe(1)
  })

  it('waits as long as Slack asks before it opens another', async () => {
    const waits: number[] = []
    const clock = {
      ...systemClock,
      after: (ms: number, wake: () => void) => {
        waits.push(ms)
        return systemClock.after(ms / 100, wake)
      },
    }
    receiver = build(clock)
    server.refusal = { status: 429, retryAfter: 17 }
    const started = receiver.start()
    await vi.waitFor(() => expect(waits).toContain(17_000))
    server.refusal = undefined
    await started
  })
})

describe('the end of the pool', () => {
  it('closes all sockets before it resolves', async () => {
    await receiver.start()
    await connected(2)
    await receiver.stop()
    await connected(0)
  })

  it('takes seconds, not the 30 s of the library, when the other side does not answer', async () => {
    await receiver.start()
    await connected(2)
    for (const socket of server.sockets) socket.pause()
    const startedAt = Date.now()
    await receiver.stop()
    expect(Date.now() - startedAt).toBeLessThan(4000)
  })

  it('in the middle of opening a connection leaves nothing open and nothing unhandled', async () => {
    await receiver.start()
    await connected(2)
    server.greets = false
    server.refresh(server.sockets[0])
    await vi.waitFor(() => expect(server.opens).toBe(3))
    await receiver.stop()
    await connected(0)
  })

  it('during a pause between two tries leaves nothing unhandled', async () => {
    await receiver.start()
    await connected(2)
    server.refusal = { status: 503 }
    for (const socket of [...server.sockets]) socket.terminate()
    await vi.waitFor(() => expect(server.opens).toBeGreaterThanOrEqual(4))
    await receiver.stop()
    const opens = server.opens
    await new Promise((resolve) => setImmediate(resolve))
    expect(server.opens).toBe(opens)
  })
})
