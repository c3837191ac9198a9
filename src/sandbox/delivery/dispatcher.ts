/** Sends envelopes over whichever carrier is set, writes them to the traffic log, redelivers events. */
import { randomUUID } from 'node:crypto'
import type { Delivery, Json } from '../protocol.js'
import { app } from '../workspace.js'
import type { World } from '../world/world.js'
import type { Carrier, Envelope } from './carrier.js'

/** Slack docs: a failed event is tried again nearly at once, after 1 minute and after 5 minutes. */
const retryAfterMs = [100, 60_000, 300_000]

export class Dispatcher {
  private readonly world: World
  private readonly carrier: () => Carrier
  private stopped = false

  constructor({ world, carrier }: { world: World; carrier: () => Carrier }) {
    this.world = world
    this.carrier = carrier
  }

  /** Delivers a command or an interaction, once: Slack does not repeat these. */
  async deliver(envelope: Envelope): Promise<Delivery> {
    const settle = this.world.traffic.begin({
      direction: 'to-app',
      kind: 'envelope',
      name: nameOf(envelope),
      summary: summaryOf(envelope),
      request: envelope.payload,
    })
    const delivery = await this.carrier().send(envelope)
    settle(
      delivery.acknowledged ? 'acknowledged' : delivery.reason,
      delivery.acknowledged ? delivery.payload : undefined,
    )
    return delivery
  }

  /** Delivers an event if the app subscribed to it; the answer is that of the first attempt. */
  async event(type: string, event: Json): Promise<Delivery | undefined> {
    const subscription = event.type === 'message' ? messageSubscription(event.channel_type) : type
    if (!(this.world.manifest.settings.event_subscriptions?.bot_events ?? []).includes(subscription))
      return undefined
    const payload = {
      token: 'sandbox-verification-token',
      team_id: this.world.team.id,
      api_app_id: app.id,
      event,
      type: 'event_callback',
      event_id: this.world.newId('Ev'),
      event_time: Math.floor(this.world.clock.now() / 1000),
      authorizations: [
        {
          enterprise_id: null,
          team_id: this.world.team.id,
          user_id: app.botUserId,
          is_bot: true,
          is_enterprise_install: false,
        },
      ],
      is_ext_shared_channel: false,
      event_context: randomUUID(),
    }
    const envelope: Envelope = { type: 'events_api', payload, acceptsResponse: false }
    const first = await this.deliver(envelope)
    if (!first.acknowledged) this.retry(envelope, 1, first.reason)
    return first
  }

  stop(): void {
    this.stopped = true
  }

  private retry(envelope: Envelope, attempt: number, failure: 'operation_timeout' | 'dispatch_failed'): void {
    const waitMs = retryAfterMs[attempt - 1]
    if (waitMs === undefined || this.stopped) return
    const reason = failure === 'operation_timeout' ? 'timeout' : 'connection_failed'
    this.world.clock.after(waitMs, () => {
      if (this.stopped) return
      void this.deliver({ ...envelope, retry: { attempt, reason } }).then((delivery) => {
        if (!delivery.acknowledged) this.retry(envelope, attempt + 1, delivery.reason)
      })
    })
  }
}

function messageSubscription(channelType: unknown): string {
  return channelType === 'im' ? 'message.im' : `message.${String(channelType)}s`
}

function nameOf({ type, payload }: Envelope): string {
  if (type === 'slash_commands') return String(payload.command)
  if (type === 'events_api') return String((payload.event as Json).type)
  return String(payload.type)
}

function summaryOf({ type, payload, retry }: Envelope): string {
  const again = retry === undefined ? '' : ` (retry ${retry.attempt})`
  if (type === 'slash_commands')
    return `${String(payload.user_name)}: ${String(payload.command)} ${String(payload.text)}`
  if (type === 'events_api') {
    const { user, text } = payload.event as Json
    return `${String(user ?? '')} ${String(text ?? '').slice(0, 60)}${again}`
  }
  const actions = (payload.actions as Json[] | undefined) ?? []
  const view = payload.view as Json | undefined
  const what = actions[0]?.action_id ?? payload.action_id ?? payload.callback_id ?? view?.callback_id ?? ''
  return `${String((payload.user as Json).username)}: ${String(what)}`
}
