/** Messages, shortcuts and the Home tab. */
import { globalShortcutPayload, messageShortcutPayload } from '../delivery/payloads.js'
import type { Delivery, SandboxMessage } from '../protocol.js'
import { app } from '../workspace.js'
import { wireMessage, wireView } from '../world/wire.js'
import { actor, channelFor, failureNotice, type Parts } from './parts.js'
import { messageText } from './typed-text.js'

export async function say(
  parts: Parts,
  what: { user: string; channel: string; text: string; threadTs?: string | undefined },
): Promise<SandboxMessage> {
  const { world, dispatcher } = parts
  const user = actor(world, what.user)
  const channel = channelFor(world, user, what.channel)
  const text = messageText(world, what.text)
  const threadTs = what.threadTs === undefined ? {} : { threadTs: what.threadTs }
  const message = world.post(channel.id, { user: user.id, text, ...threadTs })
  if (!channel.members.includes(app.botUserId)) return message
  const event = { ...wireMessage(world, message), channel: channel.id, event_ts: message.ts }
  const channelType = channel.kind === 'im' ? 'im' : channel.kind === 'private' ? 'group' : 'channel'
  // Nobody waits for events: the writer sees the message at once, the app's answer comes as a message of its own.
  void dispatcher.event('message', { ...event, channel_type: channelType })
  if (channel.kind !== 'im' && text.includes(`<@${app.botUserId}>`))
    void dispatcher.event('app_mention', { ...event, type: 'app_mention' })
  return message
}

export async function openHome(
  parts: Parts,
  what: { user: string; tab?: 'home' | 'messages' | undefined },
): Promise<Delivery> {
  const { world } = parts
  const user = actor(world, what.user)
  const view = world.views.home(user.id)
  const delivery = await parts.dispatcher.event('app_home_opened', {
    type: 'app_home_opened',
    user: user.id,
    channel: world.directMessage(user.id).id,
    tab: what.tab ?? 'home',
    event_ts: world.newTs(),
    ...(view === undefined ? {} : { view: wireView(world, view) }),
  })
  return delivery ?? { acknowledged: false, reason: 'dispatch_failed' }
}

export async function useShortcut(
  parts: Parts,
  what: { user: string; callbackId: string; channel?: string | undefined; ts?: string | undefined },
): Promise<Delivery> {
  const { world, triggers } = parts
  const user = actor(world, what.user)
  const shortcuts = world.manifest.features.shortcuts ?? []
  const shortcut = shortcuts.find((each) => each.callback_id === what.callbackId)
  if (shortcut === undefined) {
    throw new Error(
      `no shortcut ${what.callbackId}; there are: ${shortcuts.map((each) => each.callback_id).join(', ') || 'none'}`,
    )
  }
  const base = {
    user,
    callbackId: what.callbackId,
    triggerId: triggers.issue(user.id),
    actionTs: world.newTs(),
  }
  const channel = what.channel === undefined ? undefined : channelFor(world, user, what.channel)
  const message = channel === undefined ? undefined : world.message(channel.id, what.ts ?? '')
  if (shortcut.type === 'message' && (channel === undefined || message === undefined)) {
    throw new Error(`${what.callbackId} is a message shortcut: say on which message (channel and ts)`)
  }
  const payload =
    shortcut.type === 'message' && channel !== undefined && message !== undefined
      ? messageShortcutPayload(world, {
          ...base,
          channel,
          message,
          responseUrl: parts.responseUrls.issue({ user: user.id, channel: channel.id }),
        })
      : globalShortcutPayload(world, base)
  const delivery = await parts.dispatcher.deliver({ type: 'interactive', payload, acceptsResponse: false })
  if (!delivery.acknowledged && channel !== undefined) {
    world.whisper({
      channel: channel.id,
      user: user.id,
      kind: 'notice',
      text: failureNotice(world, delivery.reason),
    })
  }
  return delivery
}
