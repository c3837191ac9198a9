/** conversations.*: who is where, and what was said. */
import type { Json, SandboxChannel } from '../protocol.js'
import { app } from '../workspace.js'
import { wireChannel, wireMessage } from '../world/wire.js'
import {
  activeUser,
  type Call,
  channelById,
  type Methods,
  page,
  requireMember,
  SlackError,
} from './method.js'

const reading = ['channels:read', 'groups:read', 'im:read', 'mpim:read']
const history = ['channels:history', 'groups:history', 'im:history', 'mpim:history']

const slackKind = { public: 'public_channel', private: 'private_channel', im: 'im' } as const

function listed({ args, world }: Call): SandboxChannel[] {
  const kinds = (args.optional('types') ?? 'public_channel').split(',').map((each) => each.trim())
  return world.channels.filter((channel) => {
    const visible = channel.kind === 'public' || channel.members.includes(app.botUserId)
    return visible && kinds.includes(slackKind[channel.kind])
  })
}

function open({ args, world }: Call): Json {
  const users = args.optional('users')
  const channelId = args.optional('channel')
  if (users === undefined && channelId === undefined) throw new SlackError('users_list_not_supplied')
  if (users?.includes(',')) throw new SlackError('not_enough_users')
  const user = users === undefined ? undefined : activeUser(world, users)
  if (user?.deleted) throw new SlackError('user_disabled')
  const isNew =
    user !== undefined &&
    !world.channels.some(({ kind, members }) => kind === 'im' && members.includes(user.id))
  const channel = user === undefined ? channelById(world, channelId ?? '') : world.directMessage(user.id)
  return {
    ...(isNew ? {} : { no_op: true, already_open: true }),
    channel: args.flag('return_im') ? wireChannel(world, channel) : { id: channel.id },
  }
}

function join({ args, world }: Call): Json {
  const channel = channelById(world, args.required('channel'))
  if (channel.kind !== 'public') throw new SlackError('method_not_supported_for_channel_type')
  const already = channel.members.includes(app.botUserId)
  if (!already) channel.members.push(app.botUserId)
  world.touch()
  return { channel: wireChannel(world, channel), ...(already ? { warning: 'already_in_channel' } : {}) }
}

function between(call: Call, ts: string): boolean {
  const oldest = call.args.optional('oldest')
  const latest = call.args.optional('latest')
  const inclusive = call.args.flag('inclusive')
  if (oldest !== undefined && (inclusive ? ts < oldest : ts <= oldest)) return false
  return latest === undefined || (inclusive ? ts <= latest : ts < latest)
}

function readable(call: Call): SandboxChannel {
  const channel = channelById(call.world, call.args.required('channel'))
  requireMember(channel)
  return channel
}

function historyOf(call: Call): Json {
  const channel = readable(call)
  const withMetadata = call.args.flag('include_all_metadata')
  const shown = call.world
    .messages(channel.id)
    .filter((message) => (message.threadTs === undefined || message.broadcast) && between(call, message.ts))
    .reverse()
  const { items, response_metadata } = page(shown, call.args)
  return {
    messages: items.map((message) => wireMessage(call.world, message, { withMetadata })),
    has_more: response_metadata.next_cursor !== '',
    response_metadata,
  }
}

function repliesOf(call: Call): Json {
  const channel = readable(call)
  const ts = call.args.required('ts')
  const parent = call.world.message(channel.id, ts)
  if (parent === undefined) throw new SlackError('thread_not_found')
  const withMetadata = call.args.flag('include_all_metadata')
  const replies = call.world
    .messages(channel.id)
    .filter((each) => each.threadTs === ts && between(call, each.ts))
  const { items, response_metadata } = page([parent, ...replies], call.args)
  return {
    messages: items.map((message) => wireMessage(call.world, message, { withMetadata })),
    has_more: response_metadata.next_cursor !== '',
    response_metadata,
  }
}

export const conversations: Methods = {
  'conversations.list': {
    scopes: reading,
    run: (call) => {
      const { items, response_metadata } = page(listed(call), call.args)
      return { channels: items.map((channel) => wireChannel(call.world, channel)), response_metadata }
    },
  },
  'conversations.info': {
    scopes: reading,
    run: ({ args, world }) => ({ channel: wireChannel(world, channelById(world, args.required('channel'))) }),
  },
  'conversations.members': {
    scopes: reading,
    run: ({ args, world }) => {
      const { items, response_metadata } = page(channelById(world, args.required('channel')).members, args)
      return { members: items, response_metadata }
    },
  },
  'conversations.open': { scopes: ['im:write', 'chat:write'], run: open },
  'conversations.join': { scopes: ['channels:join'], run: join },
  'conversations.history': { scopes: history, run: historyOf },
  'conversations.replies': { scopes: history, run: repliesOf },
}
