/** The payloads Slack sends for what people do. */
import type {
  Json,
  SandboxChannel,
  SandboxEphemeral,
  SandboxMessage,
  SandboxUser,
  SandboxView,
  ViewValues,
} from '../protocol.js'
import { app } from '../workspace.js'
import { wireEphemeral, wireMessage, wireView } from '../world/wire.js'
import type { World } from '../world/world.js'

const verificationToken = 'sandbox-verification-token'

function channelName(channel: SandboxChannel): string {
  return channel.kind === 'im' ? 'directmessage' : channel.name
}

function common(world: World, user: SandboxUser): Json {
  return {
    token: verificationToken,
    team: { id: world.team.id, domain: world.team.domain },
    user: { id: user.id, username: user.name, name: user.name, team_id: world.team.id },
    api_app_id: app.id,
    enterprise: null,
    is_enterprise_install: false,
  }
}

export function commandPayload(
  world: World,
  what: {
    user: SandboxUser
    channel: SandboxChannel
    command: string
    text: string
    triggerId: string
    responseUrl: string
  },
): Json {
  return {
    token: verificationToken,
    team_id: world.team.id,
    team_domain: world.team.domain,
    channel_id: what.channel.id,
    channel_name: channelName(what.channel),
    user_id: what.user.id,
    user_name: what.user.name,
    command: what.command,
    text: what.text,
    api_app_id: app.id,
    is_enterprise_install: 'false',
    response_url: what.responseUrl,
    trigger_id: what.triggerId,
  }
}

interface MessageAction {
  user: SandboxUser
  channel: SandboxChannel
  message: SandboxMessage | SandboxEphemeral
  ephemeral: boolean
  action: Json
  values: ViewValues
  triggerId: string
  responseUrl: string
}

function messageOn(world: World, { ephemeral, message }: Pick<MessageAction, 'ephemeral' | 'message'>): Json {
  return ephemeral
    ? wireEphemeral(world, message as SandboxEphemeral)
    : wireMessage(world, message as SandboxMessage)
}

export function messageActionPayload(world: World, what: MessageAction): Json {
  return {
    type: 'block_actions',
    ...common(world, what.user),
    container: containerOf(what),
    trigger_id: what.triggerId,
    channel: { id: what.channel.id, name: channelName(what.channel) },
    // Slack leaves the message out for ephemeral messages.
    ...(what.ephemeral ? {} : { message: messageOn(world, what) }),
    state: { values: what.values },
    response_url: what.responseUrl,
    actions: [what.action],
  }
}

function containerOf({
  channel,
  message,
  ephemeral,
}: Pick<MessageAction, 'channel' | 'message' | 'ephemeral'>): Json {
  return {
    type: 'message',
    message_ts: message.ts,
    channel_id: channel.id,
    is_ephemeral: ephemeral,
    ...(message.threadTs === undefined ? {} : { thread_ts: message.threadTs }),
  }
}

export function viewActionPayload(
  world: World,
  what: { user: SandboxUser; view: SandboxView; action: Json; triggerId: string },
): Json {
  return {
    type: 'block_actions',
    ...common(world, what.user),
    container: { type: 'view', view_id: what.view.id },
    trigger_id: what.triggerId,
    view: wireView(world, what.view),
    actions: [what.action],
  }
}

export function suggestionPayload(
  world: World,
  what: { user: SandboxUser; actionId: string; blockId: string; query: string } & (
    | { view: SandboxView }
    | Pick<MessageAction, 'channel' | 'message' | 'ephemeral'>
  ),
): Json {
  return {
    type: 'block_suggestion',
    ...common(world, what.user),
    action_id: what.actionId,
    block_id: what.blockId,
    value: what.query,
    ...('view' in what
      ? { container: { type: 'view', view_id: what.view.id }, view: wireView(world, what.view) }
      : {
          container: containerOf(what),
          channel: { id: what.channel.id, name: channelName(what.channel) },
          message: messageOn(world, what),
        }),
  }
}

export function submissionPayload(
  world: World,
  what: { user: SandboxUser; view: SandboxView; triggerId: string },
): Json {
  return {
    type: 'view_submission',
    ...common(world, what.user),
    trigger_id: what.triggerId,
    view: wireView(world, what.view),
    response_urls: [],
  }
}

export function closedPayload(
  world: World,
  what: { user: SandboxUser; view: SandboxView; isCleared: boolean },
): Json {
  return {
    type: 'view_closed',
    ...common(world, what.user),
    view: wireView(world, what.view),
    is_cleared: what.isCleared,
  }
}

export function globalShortcutPayload(
  world: World,
  what: { user: SandboxUser; callbackId: string; triggerId: string; actionTs: string },
): Json {
  return {
    type: 'shortcut',
    ...common(world, what.user),
    action_ts: what.actionTs,
    callback_id: what.callbackId,
    trigger_id: what.triggerId,
  }
}

export function messageShortcutPayload(
  world: World,
  what: {
    user: SandboxUser
    callbackId: string
    channel: SandboxChannel
    message: SandboxMessage
    triggerId: string
    responseUrl: string
    actionTs: string
  },
): Json {
  return {
    type: 'message_action',
    ...common(world, what.user),
    action_ts: what.actionTs,
    callback_id: what.callbackId,
    trigger_id: what.triggerId,
    response_url: what.responseUrl,
    message_ts: what.message.ts,
    channel: { id: what.channel.id, name: channelName(what.channel) },
    message: wireMessage(world, what.message),
  }
}
