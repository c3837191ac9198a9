/** chat.*: posting, changing, deleting. */
import { limits } from '../block-validation/index.js'
import type { Json, SandboxMessage } from '../protocol.js'
import { app } from '../workspace.js'
import { wireMessage } from '../world/wire.js'
import type { World } from '../world/world.js'
import {
  type Args,
  type Call,
  channelById,
  destination,
  type Methods,
  requireMember,
  SlackError,
} from './method.js'

/** Longest `text` of chat.update and chat.postEphemeral (chat.postMessage cuts at 40 000 instead). */
const editableText = 4000

interface Content {
  text: string
  blocks: Json[] | undefined
}

/** Text and blocks of a post; `markdown_text` becomes a markdown block. */
function contentOf(args: Args): Content {
  const text = args.optional('text')
  const blocks = args.blocks()
  const markdown = args.optional('markdown_text')
  if (markdown !== undefined) {
    if (text !== undefined || blocks !== undefined) throw new SlackError('markdown_text_conflict')
    if (markdown.length > limits.markdown) throw new SlackError('msg_too_long')
    return { text: markdown, blocks: [{ type: 'markdown', text: markdown }] }
  }
  const hasAttachments = args.optional('attachments') !== undefined
  if (text === undefined && !hasAttachments && (blocks === undefined || blocks.length === 0))
    throw new SlackError('no_text')
  return { text: text ?? '', blocks }
}

function ownMessage(world: World, args: Args, { refusal }: { refusal: string }): SandboxMessage {
  const channel = channelById(world, args.required('channel'))
  const message = world.message(channel.id, args.required('ts'))
  if (message === undefined) throw new SlackError('message_not_found')
  if (message.botId !== app.botId) throw new SlackError(refusal)
  return message
}

function threadOf(world: World, channel: string, args: Args): string | undefined {
  const threadTs = args.optional('thread_ts')
  if (threadTs === undefined) return undefined
  if (!/^\d+\.\d{6}$/.test(threadTs)) throw new SlackError('invalid_thread_ts')
  const parent = world.message(channel, threadTs)
  if (parent === undefined) throw new SlackError('thread_not_found')
  return parent.threadTs ?? threadTs
}

function postMessage({ args, world }: Call): Json {
  const channel = destination(world, args.required('channel'))
  const mayPostAnywhere = world.manifest.oauth_config.scopes.bot.includes('chat:write.public')
  if (!(mayPostAnywhere && channel.kind === 'public')) requireMember(channel)
  const { text, blocks } = contentOf(args)
  const metadata = args.metadata()
  const threadTs = threadOf(world, channel.id, args)
  const message = world.post(channel.id, {
    user: app.botUserId,
    botId: app.botId,
    text: text.slice(0, limits.messageText),
    ...(blocks === undefined ? {} : { blocks }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(threadTs === undefined ? {} : { threadTs }),
    ...(args.flag('reply_broadcast') ? { broadcast: true } : {}),
  })
  const cut =
    text.length > limits.messageText ? { response_metadata: { warnings: ['message_truncated'] } } : {}
  return {
    channel: channel.id,
    ts: message.ts,
    message: wireMessage(world, message, { withMetadata: true }),
    ...cut,
  }
}

function update({ args, world }: Call): Json {
  const message = ownMessage(world, args, { refusal: 'cant_update_message' })
  if (message.streaming) throw new SlackError('streaming_state_conflict')
  const content = contentOf(args)
  if (content.text.length > editableText) throw new SlackError('msg_too_long')
  const text = args.optional('text') === undefined && content.text === '' ? message.text : content.text
  const blocks = content.blocks?.length === 0 ? undefined : content.blocks
  world.edit(message, { text, blocks, metadata: args.metadata() })
  return {
    channel: message.channel,
    ts: message.ts,
    text,
    message: wireMessage(world, message, { withMetadata: true }),
  }
}

function remove({ args, world }: Call): Json {
  const message = ownMessage(world, args, { refusal: 'cant_delete_message' })
  world.remove(message.channel, message.ts)
  return { channel: message.channel, ts: message.ts }
}

function postEphemeral({ args, world }: Call): Json {
  const channel = channelById(world, args.required('channel'))
  requireMember(channel)
  const user = args.required('user')
  if (!channel.members.includes(user)) throw new SlackError('user_not_in_channel')
  const { text, blocks } = contentOf(args)
  if (text.length > editableText) throw new SlackError('msg_too_long')
  const threadTs = threadOf(world, channel.id, args)
  const message = world.whisper({
    channel: channel.id,
    user,
    kind: 'app',
    text,
    ...(blocks === undefined ? {} : { blocks }),
    ...(threadTs === undefined ? {} : { threadTs }),
  })
  return { message_ts: message.ts }
}

function getPermalink({ args, world, backend }: Call): Json {
  const channel = channelById(world, args.required('channel'))
  const message = world.message(channel.id, args.required('message_ts'))
  if (message === undefined) throw new SlackError('message_not_found')
  const thread = message.threadTs === undefined ? '' : `?thread_ts=${message.threadTs}&cid=${channel.id}`
  return {
    channel: channel.id,
    permalink: `${backend.baseUrl()}archives/${channel.id}/p${message.ts.replace('.', '')}${thread}`,
  }
}

const scopes = ['chat:write']

export const chat: Methods = {
  'chat.postMessage': { scopes, run: postMessage },
  'chat.update': { scopes, run: update },
  'chat.delete': { scopes, run: remove },
  'chat.postEphemeral': { scopes, run: postEphemeral },
  'chat.getPermalink': { run: getPermalink },
}
