import { WebClient } from '@slack/web-api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { type Sandbox, startSandbox } from '../../src/sandbox/index.js'
import { type App, startApp } from './bolt-app.js'

let sandbox: Sandbox
let apps: App[] = []

beforeEach(async () => {
  sandbox = await startSandbox({ port: 0 })
  apps = []
})
afterEach(async () => {
  sandbox.control.clearFaults()
  await Promise.all(apps.map((app) => app.stop()))
  await sandbox.control.waitForConnections(0)
  await sandbox.stop()
})

async function run(define: (app: App) => void, options?: Parameters<typeof startApp>[2]): Promise<App> {
  const app = await startApp(sandbox, define, options)
  apps.push(app)
  return app
}

const client = (retries = 0, timeout = 2000) => {
  return new WebClient(sandbox.botToken, {
    slackApiUrl: sandbox.apiUrl,
    retryConfig: { retries, minTimeout: 1 },
    timeout,
    rejectRateLimitedCalls: true,
  })
}
const command = { user: 'U0ANN', channel: 'C0VMS', text: '/qnav vm list' }

describe('faults of the Web API', () => {
  it('answer 429 with Retry-After, for one method and as often as asked', async () => {
    sandbox.control.fault({ kind: 'rate-limit', method: 'chat.update', retryAfterS: 7 })
    const { ts } = await client().chat.postMessage({ channel: 'C0VMS', text: 'one' })
    const update = { channel: 'C0VMS', ts: String(ts), text: 'two' }
    await expect(client().chat.update(update)).rejects.toMatchObject({ retryAfter: 7 })
    await client().chat.update(update)
    expect(sandbox.control.calls('chat.update').map(({ outcome }) => outcome)).toEqual(['ratelimited', 'ok'])
    expect(sandbox.control.messages('C0VMS')).toMatchObject([{ text: 'two' }])
  })

  it('answer 5xx without an effect, until ended', async () => {
    const end = sandbox.control.fault({
      kind: 'http-error',
      method: 'chat.postMessage',
      status: 503,
      times: -1,
    })
    await expect(client().chat.postMessage({ channel: 'C0VMS', text: 'lost' })).rejects.toMatchObject({
      statusCode: 503,
    })
    expect(sandbox.control.messages('C0VMS')).toEqual([])
    end()
    await client().chat.postMessage({ channel: 'C0VMS', text: 'kept' })
    expect(sandbox.control.messages('C0VMS')).toHaveLength(1)
  })

  it('drop the answer after the effect, so that a client that retries posts twice', async () => {
    sandbox.control.fault({ kind: 'drop-response', method: 'chat.postMessage' })
    await client(2).chat.postMessage({ channel: 'C0VMS', text: 'twice' })
    expect(sandbox.control.messages('C0VMS').map(({ text }) => text)).toEqual(['twice', 'twice'])
  })

  it('refuse with any error of Slack', async () => {
    sandbox.control.fault({ kind: 'api-error', method: '*', error: 'fatal_error' })
    await expect(client().auth.test()).rejects.toThrow('fatal_error')
  })

  it('answer late', async () => {
    sandbox.control.fault({ kind: 'slow-response', method: 'auth.test', delayMs: 60_000 })
    const answer = client(0, 0).auth.test()
    await sandbox.control.waitForCall('auth.test')
    sandbox.control.advanceClock(60_000)
    expect((await answer).ok).toBe(true)
  })
})

describe('faults of delivery', () => {
  it('lose an acknowledgement: the person sees a timeout although the app answered', async () => {
    let calls = 0
    await run((app) =>
      app.command('/qnav', async ({ ack }) => {
        calls += 1
        await ack('fine')
      }),
    )
    sandbox.control.fault({ kind: 'lose-ack' })
    const delivery = sandbox.control.command(command)
    await sandbox.control.waitFor('the envelope', () =>
      sandbox.control.traffic().find(({ name }) => name === '/qnav'),
    )
    sandbox.control.advanceClock(3000)
    expect(await delivery).toEqual({ acknowledged: false, reason: 'operation_timeout' })
    expect(sandbox.control.ephemerals('U0ANN')).toMatchObject([
      { text: 'qnav did not respond (operation_timeout)' },
    ])
    expect((await sandbox.control.command(command)).acknowledged).toBe(true)
    expect(calls).toBe(2)
  })

  it('delay an acknowledgement within and beyond the three seconds', async () => {
    let answered = 0
    await run((app) =>
      app.command('/qnav', async ({ ack }) => {
        await ack('fine')
        answered += 1
      }),
    )
    for (const [delayMs, acknowledged] of [
      [2000, true],
      [3500, false],
    ] as const) {
      sandbox.control.fault({ kind: 'delay-ack', delayMs })
      const before = answered
      const delivery = sandbox.control.command(command)
      await sandbox.control.message({ user: 'U0ANN', channel: 'C0RANDOM', text: 'a change to look at' })
      await expect.poll(() => answered).toBe(before + 1)
      // One more round trip: the acknowledgement frame was sent before this answer came back.
      await apps[0]?.client.auth.test()
      sandbox.control.advanceClock(delayMs)
      expect((await delivery).acknowledged).toBe(acknowledged)
    }
  })

  it('deliver an envelope twice with the same id', async () => {
    const ids: unknown[] = []
    await run((app) => {
      app.use(async ({ context, next }) => {
        ids.push(context.retryNum ?? 'first')
        await next()
      })
      app.command('/qnav', async ({ ack }) => ack())
    })
    sandbox.control.fault({ kind: 'duplicate-delivery' })
    await sandbox.control.command(command)
    await expect.poll(() => ids).toEqual(['first', 'first'])
    await sandbox.control.command(command)
    await expect.poll(() => ids).toHaveLength(3)
  })

  it('expire a trigger before it reaches the app', async () => {
    const outcomes: string[] = []
    await run((app) =>
      app.command('/qnav', async ({ ack, body, client: web }) => {
        await ack()
        const view = {
          type: 'modal' as const,
          title: { type: 'plain_text' as const, text: 'Form' },
          blocks: [],
        }
        const opened = await web.views
          .open({ trigger_id: body.trigger_id, view })
          .catch((error: Error) => error)
        outcomes.push(opened instanceof Error ? opened.message : 'opened')
      }),
    )
    sandbox.control.fault({ kind: 'expired-trigger' })
    await sandbox.control.command(command)
    await sandbox.control.command(command)
    await expect.poll(() => outcomes).toEqual([expect.stringContaining('expired_trigger_id'), 'opened'])
  })

  it('redeliver an event that was not acknowledged, with its retry number and the same event id', async () => {
    const heard: { id: unknown; retry: unknown; reason: unknown }[] = []
    await run((app) =>
      app.event('app_mention', async ({ body, context }) => {
        heard.push({ id: body.event_id, retry: context.retryNum, reason: context.retryReason })
      }),
    )
    sandbox.control.fault({ kind: 'lose-ack', times: 2 })
    await sandbox.control.message({ user: 'U0ANN', channel: 'C0VMS', text: '@qnav hello' })
    const timeouts = () =>
      sandbox.control.traffic().filter(({ outcome }) => outcome === 'operation_timeout').length
    for (const [seen, untilRetryMs] of [
      [1, 100],
      [2, 60_000],
    ] as const) {
      await expect.poll(() => heard.length).toBe(seen)
      sandbox.control.advanceClock(3000)
      await expect.poll(timeouts).toBe(seen)
      sandbox.control.advanceClock(untilRetryMs)
    }
    await expect.poll(() => heard.length).toBe(3)
    expect(new Set(heard.map(({ id }) => id)).size).toBe(1)
    expect(heard.map(({ retry }) => retry)).toEqual([0, 1, 2])
    expect(heard[2]?.reason).toBe('timeout')
  })
})

describe('faults of connections', () => {
  it('refresh: the app is asked to reconnect, and a command in the gap fails at once', async () => {
    await run((app) => app.command('/qnav', async ({ ack }) => ack()), { clientPingTimeout: 300 })
    sandbox.control.fault({ kind: 'refresh' })
    expect(await sandbox.control.command(command)).toEqual({ acknowledged: false, reason: 'dispatch_failed' })
    await sandbox.control.waitForConnections(1)
    expect((await sandbox.control.command(command)).acknowledged).toBe(true)
  })

  it('spread envelopes over several connections and ask only the oldest to go', async () => {
    const served = [0, 0]
    for (const index of [0, 1]) {
      await run(
        (app) =>
          app.command('/qnav', async ({ ack }) => {
            served[index] = (served[index] ?? 0) + 1
            await ack()
          }),
        { clientPingTimeout: 200 },
      )
    }
    for (let count = 0; count < 30; count += 1) await sandbox.control.command(command)
    expect(Math.min(...served)).toBeGreaterThan(0)
    sandbox.control.fault({ kind: 'refresh', connections: 'oldest' })
    expect(sandbox.control.connections()).toBe(1)
    expect((await sandbox.control.command(command)).acknowledged).toBe(true)
    await sandbox.control.waitForConnections(2)
    const before = [...served]
    await expect
      .poll(async () => {
        await sandbox.control.command(command)
        return served.every((count, index) => count > (before[index] ?? 0))
      })
      .toBe(true)
  })

  it('outage: connections are cut and calls fail until it is over', async () => {
    await run((app) => app.command('/qnav', async ({ ack }) => ack()), { clientPingTimeout: 200 })
    sandbox.control.fault({ kind: 'outage', durationMs: 60_000 })
    expect(sandbox.control.connections()).toBe(0)
    await expect(client().auth.test()).rejects.toThrow()
    sandbox.control.advanceClock(60_000)
    expect((await client().auth.test()).ok).toBe(true)
    await sandbox.control.waitForConnections(1)
    expect((await sandbox.control.command(command)).acknowledged).toBe(true)
  })

  it('conflict: a WebSocket upgrade is answered with 409', async () => {
    sandbox.control.fault({ kind: 'socket-conflict' })
    const answer = await fetch(`${sandbox.apiUrl}apps.connections.open`, {
      method: 'POST',
      headers: { authorization: `Bearer ${sandbox.appToken}` },
    })
    const { url } = (await answer.json()) as { url: string }
    const refused = await new Promise((resolve) => {
      const socket = new WebSocket(url)
      socket.onerror = () => resolve('refused')
      socket.onopen = () => resolve('open')
    })
    expect(refused).toBe('refused')
  })

  it('freeze: an app that closes gets no answer to its close frame', async () => {
    await run(() => {}, { clientPingTimeout: 60_000 })
    sandbox.control.fault({ kind: 'freeze' })
    await apps[0]?.stop()
    await expect(sandbox.control.waitForConnections(0, 300)).rejects.toThrow(
      'waited 300 ms for 0 connections; seen: 1 connections',
    )
    sandbox.control.fault({ kind: 'outage' })
  })

  it('an eleventh connection is sent away', async () => {
    const open = async () => {
      const answer = await fetch(`${sandbox.apiUrl}apps.connections.open`, {
        method: 'POST',
        headers: { authorization: `Bearer ${sandbox.appToken}` },
      })
      const { url } = (await answer.json()) as { url: string }
      return new Promise<{ socket: WebSocket; first: string }>((resolve) => {
        const socket = new WebSocket(url)
        socket.onmessage = ({ data }) => resolve({ socket, first: String(data) })
      })
    }
    const sockets: WebSocket[] = []
    for (let count = 0; count < 10; count += 1) sockets.push((await open()).socket)
    expect(JSON.parse((await open()).first)).toMatchObject({
      type: 'disconnect',
      reason: 'too_many_websockets',
    })
    for (const socket of sockets) socket.close()
  })
})

describe('response URLs', () => {
  it('work five times, for thirty minutes', async () => {
    const urls: string[] = []
    await run((app) =>
      app.command('/qnav', async ({ ack, body }) => {
        urls.push(body.response_url)
        await ack()
      }),
    )
    await sandbox.control.command(command)
    await sandbox.control.command(command)
    const use = async (url: string | undefined) =>
      (await fetch(String(url), { method: 'POST', body: JSON.stringify({ text: 'again' }) })).status
    const statuses: number[] = []
    for (let count = 0; count < 6; count += 1) statuses.push(await use(urls[0]))
    expect(statuses).toEqual([200, 200, 200, 200, 200, 404])
    expect(sandbox.control.ephemerals('U0ANN')).toHaveLength(5)
    sandbox.control.advanceClock(30 * 60_000)
    expect(await use(urls[1])).toBe(404)
  })
})

describe('triggers', () => {
  it('expire after three seconds and work once', async () => {
    let trigger = ''
    await run((app) =>
      app.command('/qnav', async ({ ack, body }) => {
        trigger = body.trigger_id
        await ack()
      }),
    )
    const view = { type: 'modal' as const, title: { type: 'plain_text' as const, text: 'Form' }, blocks: [] }
    const open = () =>
      client()
        .views.open({ trigger_id: trigger, view })
        .then(
          () => 'opened',
          (error: Error) => error.message,
        )
    await sandbox.control.command(command)
    expect([await open(), await open()]).toEqual(['opened', expect.stringContaining('exchanged_trigger_id')])
    await sandbox.control.command(command)
    sandbox.control.advanceClock(3000)
    expect(await open()).toContain('expired_trigger_id')
    trigger = 'made.up'
    expect(await open()).toContain('invalid_trigger_id')
  })
})
