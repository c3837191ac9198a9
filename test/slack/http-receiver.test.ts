import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { App, ReceiverEvent } from '@slack/bolt'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/jobs/index.js'
import { SignedHttpReceiver } from '../../src/slack/receivers/index.js'
import { aLog } from './fakes.js'

const signingSecret = 'shhh'
let receiver: SignedHttpReceiver
let received: ReceiverEvent[]

beforeEach(async () => {
  received = []
  // Connections that are still open are not waited for.
  const clock = { ...systemClock, after: (_: number, wake: () => void) => systemClock.after(20, wake) }
  receiver = new SignedHttpReceiver({ signingSecret, port: 0, log: aLog(), clock })
  const app = {
    processEvent: async (event: ReceiverEvent) => {
      received.push(event)
      await event.ack()
    },
  }
  receiver.init(app as unknown as App)
  await receiver.start()
})
afterEach(() => receiver.stop())

const at = (path: string) => `http://127.0.0.1:${receiver.port}${path}`
const body = new URLSearchParams({
  command: '/qnav',
  text: 'vm list',
  user_id: 'U1',
  channel_id: 'C1',
}).toString()

function send({
  secret = signingSecret,
  time = Math.floor(Date.now() / 1000),
  text = body,
} = {}): Promise<Response> {
  const signature = `v0=${createHmac('sha256', secret).update(`v0:${time}:${text}`).digest('hex')}`
  return fetch(at('/slack/events'), {
    method: 'POST',
    body: text,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-slack-request-timestamp': String(time),
      'x-slack-signature': signature,
    },
  })
}

describe('the HTTP receiver', () => {
  it('takes signed requests and tells deliveries apart by their signature', async () => {
    const time = Math.floor(Date.now() / 1000)
    expect((await send({ time })).status).toBe(200)
    expect((await send({ time })).status).toBe(200)
    const ids = received.map(({ customProperties }) => customProperties?.deliveryId)
    expect(ids[0]).toMatch(/^v0=[0-9a-f]{64}$/)
    expect(ids[0]).toBe(ids[1])
    expect(received[0]?.body).toMatchObject({ command: '/qnav', text: 'vm list' })
  })

  it('refuses a wrong signature and an old request', async () => {
    expect((await send({ secret: 'wrong' })).status).toBe(401)
    expect((await send({ time: Math.floor(Date.now() / 1000) - 600 })).status).toBe(401)
    expect(received).toEqual([])
  })

  it('answers the check of a load balancer, and nothing else', async () => {
    const health = await fetch(at('/healthz'))
    expect([health.status, await health.text()]).toEqual([200, 'ok\n'])
    expect((await fetch(at('/'))).status).toBe(404)
  })

  it('refuses a body of more than 4 MB', async () => {
    expect((await send({ text: `text=${'x'.repeat(5_000_000)}` })).status).toBe(413)
  })

  it('says which port is taken', async () => {
    const other = createServer().listen(0)
    await new Promise((resolve) => other.once('listening', resolve))
    const { port } = other.address() as AddressInfo
    const second = new SignedHttpReceiver({ signingSecret, port, log: aLog(), clock: systemClock })
    await expect(second.start()).rejects.toMatchObject({
      code: 'bad-config',
      message: `Port ${port} is used by another program.`,
    })
    await second.stop()
    other.close()
  })
})
