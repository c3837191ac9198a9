/** Delivery by HTTP: a signed POST to the app's request URL; its answer is the acknowledgement. */
import { createHmac } from 'node:crypto'
import type { Delivery, Json } from '../protocol.js'
import { signingSecret } from '../workspace.js'
import type { Faults } from '../world/faults.js'
import type { World } from '../world/world.js'
import { ackDeadlineMs, type Carrier, type Envelope } from './carrier.js'

/** When it was sent, and what the armed faults do to its acknowledgement. */
interface Fate {
  sentAt: number
  isLost: boolean
  delayMs: number | undefined
}

export class HttpMode implements Carrier {
  private readonly world: World
  private readonly faults: Faults
  private readonly requestUrl: () => string

  constructor({ world, faults, requestUrl }: { world: World; faults: Faults; requestUrl: () => string }) {
    this.world = world
    this.faults = faults
    this.requestUrl = requestUrl
  }

  async send(envelope: Envelope): Promise<Delivery> {
    const sentAt = performance.now()
    const abort = new AbortController()
    const timeout = new Promise<Delivery>((resolve) => {
      const cancel = this.world.clock.after(ackDeadlineMs, () => {
        abort.abort()
        resolve({ acknowledged: false, reason: 'operation_timeout' })
      })
      abort.signal.addEventListener('abort', cancel)
    })
    const ack = {
      isLost: this.faults.take('lose-ack') !== undefined,
      delayMs: this.faults.take('delay-ack')?.delayMs,
    }
    const twice = this.faults.take('duplicate-delivery') !== undefined
    const answer = this.post(envelope, abort.signal, { sentAt, ...ack })
    // The second copy of a duplicate is nobody's answer.
    if (twice) void this.post(envelope, abort.signal, { sentAt, ...ack })
    const delivery = await Promise.race([answer, timeout])
    if (delivery.acknowledged) abort.abort()
    return delivery
  }

  private async post(
    envelope: Envelope,
    signal: AbortSignal,
    { sentAt, isLost, delayMs }: Fate,
  ): Promise<Delivery> {
    const { body, type } = encode(envelope)
    const timestamp = String(Math.floor(this.world.clock.now() / 1000))
    const signature = createHmac('sha256', signingSecret).update(`v0:${timestamp}:${body}`).digest('hex')
    try {
      const response = await fetch(this.requestUrl(), {
        method: 'POST',
        headers: {
          'content-type': type,
          'user-agent': 'Slackbot 1.0',
          'x-slack-request-timestamp': timestamp,
          'x-slack-signature': `v0=${signature}`,
          ...(envelope.retry === undefined
            ? {}
            : {
                'x-slack-retry-num': String(envelope.retry.attempt),
                'x-slack-retry-reason': envelope.retry.reason,
              }),
        },
        body,
        signal,
      })
      const text = await response.text()
      if (isLost) return await never(signal)
      if (delayMs !== undefined)
        await new Promise<void>((resolve) => this.world.clock.after(delayMs, resolve))
      if (!response.ok) return { acknowledged: false, reason: 'dispatch_failed' }
      return { acknowledged: true, payload: payloadOf(text), durationMs: performance.now() - sentAt }
    } catch {
      return { acknowledged: false, reason: signal.aborted ? 'operation_timeout' : 'dispatch_failed' }
    }
  }
}

function encode({ type, payload }: Envelope): { body: string; type: string } {
  if (type === 'events_api') return { body: JSON.stringify(payload), type: 'application/json' }
  const form =
    type === 'interactive' ? { payload: JSON.stringify(payload) } : (payload as Record<string, string>)
  return { body: new URLSearchParams(form).toString(), type: 'application/x-www-form-urlencoded' }
}

function payloadOf(text: string): Json | undefined {
  if (text === '') return undefined
  try {
    return JSON.parse(text) as Json
  } catch {
    return { text }
  }
}

function never(signal: AbortSignal): Promise<Delivery> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve({ acknowledged: false, reason: 'operation_timeout' }))
  })
}
