/** How the world looks in Slack's own JSON. */
import type {
  Json,
  SandboxChannel,
  SandboxEphemeral,
  SandboxMessage,
  SandboxUser,
  SandboxUserGroup,
  SandboxView,
} from '../protocol.js'
import { app } from '../workspace.js'
import type { World } from './world.js'

export function wireUser(world: World, user: SandboxUser, { withEmail = false } = {}): Json {
  return {
    id: user.id,
    team_id: world.team.id,
    name: user.name,
    real_name: user.realName,
    deleted: user.deleted,
    tz: user.tz,
    tz_label: user.tz,
    tz_offset: user.tzOffset,
    is_admin: user.isAdmin,
    is_owner: false,
    is_primary_owner: false,
    is_restricted: user.isRestricted,
    is_ultra_restricted: false,
    is_bot: user.isBot,
    is_app_user: false,
    updated: 0,
    profile: {
      real_name: user.realName,
      display_name: user.name,
      title: user.title,
      team: world.team.id,
      ...(withEmail && user.email !== '' ? { email: user.email } : {}),
      ...(user.isBot ? { bot_id: app.botId, api_app_id: app.id } : {}),
    },
  }
}

export function wireChannel(world: World, channel: SandboxChannel): Json {
  const isIm = channel.kind === 'im'
  return {
    id: channel.id,
    created: 0,
    is_im: isIm,
    is_mpim: false,
    is_channel: channel.kind === 'public',
    is_group: channel.kind === 'private',
    is_private: channel.kind !== 'public',
    is_archived: false,
    ...(isIm
      ? { user: channel.members.find((id) => id !== app.botUserId) }
      : {
          name: channel.name,
          name_normalized: channel.name,
          is_general: channel.name === 'general',
          is_member: channel.members.includes(app.botUserId),
          num_members: channel.members.length,
          topic: { value: channel.topic, creator: '', last_set: 0 },
          purpose: { value: '', creator: '', last_set: 0 },
        }),
    context_team_id: world.team.id,
  }
}

export function wireUserGroup(world: World, group: SandboxUserGroup, { withUsers = false } = {}): Json {
  return {
    id: group.id,
    team_id: world.team.id,
    is_usergroup: true,
    handle: group.handle,
    name: group.name,
    description: '',
    date_delete: 0,
    user_count: group.users.length,
    ...(withUsers ? { users: group.users } : {}),
  }
}

export function wireMessage(world: World, message: SandboxMessage, { withMetadata = false } = {}): Json {
  const replies = world
    .messages(message.channel)
    .filter((each) => each.threadTs === message.ts && each.ts !== message.ts)
  const isBot = message.botId !== undefined
  return {
    type: 'message',
    user: message.user,
    ts: message.ts,
    text: message.text,
    team: world.team.id,
    ...(isBot
      ? {
          bot_id: message.botId,
          app_id: app.id,
          bot_profile: {
            id: app.botId,
            app_id: app.id,
            name: world.botName,
            deleted: false,
            team_id: world.team.id,
          },
        }
      : { client_msg_id: `client-${message.ts}` }),
    ...(message.blocks === undefined ? {} : { blocks: message.blocks }),
    ...(message.threadTs === undefined ? {} : { thread_ts: message.threadTs }),
    ...(message.broadcast ? { subtype: 'thread_broadcast' } : {}),
    ...(replies.length === 0
      ? {}
      : {
          thread_ts: message.ts,
          reply_count: replies.length,
          reply_users: [...new Set(replies.map(({ user }) => user))],
          latest_reply: replies.at(-1)?.ts,
        }),
    ...(message.editedTs === undefined ? {} : { edited: { user: message.user, ts: message.editedTs } }),
    ...(message.reactions.length === 0
      ? {}
      : { reactions: message.reactions.map((each) => ({ ...each, count: each.users.length })) }),
    ...(message.files.length === 0 ? {} : { files: message.files, upload: true }),
    ...(withMetadata && message.metadata !== undefined ? { metadata: message.metadata } : {}),
  }
}

export function wireEphemeral(world: World, message: SandboxEphemeral): Json {
  return {
    type: 'message',
    subtype: 'bot_message',
    is_ephemeral: true,
    user: app.botUserId,
    bot_id: app.botId,
    app_id: app.id,
    team: world.team.id,
    ts: message.ts,
    text: message.text,
    ...(message.blocks === undefined ? {} : { blocks: message.blocks }),
    ...(message.threadTs === undefined ? {} : { thread_ts: message.threadTs }),
  }
}

export function wireView(world: World, view: SandboxView): Json {
  const label = (text: string | undefined) =>
    text === undefined ? null : { type: 'plain_text', text, emoji: true }
  return {
    id: view.id,
    team_id: world.team.id,
    type: view.type,
    blocks: view.blocks,
    private_metadata: view.privateMetadata,
    callback_id: view.callbackId,
    external_id: view.externalId,
    state: { values: view.values },
    hash: view.hash,
    title: label(view.title),
    submit: label(view.submit),
    close: label(view.close),
    clear_on_close: view.clearOnClose,
    notify_on_close: view.notifyOnClose,
    root_view_id: view.rootId,
    previous_view_id: view.previousId ?? null,
    app_id: app.id,
    bot_id: app.botId,
    app_installed_team_id: world.team.id,
  }
}
