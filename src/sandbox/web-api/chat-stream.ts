/** chat.startStream, appendStream, stopStream: one message that grows by text, tasks and blocks. */
import { limits } from '../block-validation/index.js'
import type { Json, SandboxMessage } from '../protocol.js'
import { app } from '../workspace.js'
import { withIds } from '../world/block-ids.js'
import { wireMessage } from '../world/wire.js'
import {
  type Args,
  type Call,
  channelById,
  type Methods,
  refuseBlocks,
  requireMember,
  SlackError,
} from './method.js'

interface Chunk extends Json {
  type: string
}

function chunksOf(args: Args): Chunk[] {
  const markdown = args.optional('markdown_text')
  const chunks = (args.json('chunks', 'invalid_chunks') as Chunk[] | undefined) ?? []
  if (!Array.isArray(chunks)) throw new SlackError('invalid_chunks')
  return markdown === undefined ? chunks : [{ type: 'markdown_text', text: markdown }, ...chunks]
}

function planOf(blocks: Json[]): Json & { tasks: Json[] } {
  const existing = blocks.find(({ type }) => type === 'plan')
  if (existing !== undefined) return existing as Json & { tasks: Json[] }
  const plan = { type: 'plan', title: 'Working on it', tasks: [] as Json[] }
  blocks.push(plan)
  return plan
}

function paragraph(text: unknown): Json | undefined {
  if (typeof text !== 'string' || text === '') return undefined
  return { type: 'rich_text', elements: [{ type: 'rich_text_section', elements: [{ type: 'text', text }] }] }
}

function apply(blocks: Json[], chunk: Chunk): void {
  switch (chunk.type) {
    case 'markdown_text': {
      const last = blocks.at(-1)
      if (last?.type === 'markdown') last.text = `${String(last.text)}${String(chunk.text)}`
      else blocks.push({ type: 'markdown', text: String(chunk.text) })
      return
    }
    case 'plan_update':
      planOf(blocks).title = chunk.title
      return
    case 'task_update': {
      const { tasks } = planOf(blocks)
      const details = paragraph(chunk.details)
      const output = paragraph(chunk.output)
      const task: Json = {
        type: 'task_card',
        task_id: chunk.id,
        title: chunk.title,
        status: chunk.status,
        ...(details === undefined ? {} : { details }),
        ...(output === undefined ? {} : { output }),
        ...(Array.isArray(chunk.sources) ? { sources: chunk.sources } : {}),
      }
      const index = tasks.findIndex((each) => each.task_id === chunk.id)
      if (index < 0) tasks.push(task)
      else tasks[index] = { ...tasks[index], ...task }
      return
    }
    case 'blocks':
      blocks.push(...(chunk.blocks as Json[]))
      return
    default:
      throw new SlackError('invalid_chunks')
  }
}

function grow(call: Call, message: SandboxMessage, chunks: Chunk[]): void {
  const blocks = structuredClone(message.blocks ?? []).map(({ block_id: _id, ...block }) => block)
  for (const chunk of chunks) apply(blocks, chunk)
  if (blocks.some(({ type, text }) => type === 'markdown' && String(text).length > limits.markdown)) {
    throw new SlackError('msg_too_long')
  }
  refuseBlocks(blocks, '/blocks')
  message.blocks = withIds(blocks)
  const text = chunks.filter(({ type }) => type === 'markdown_text').map((chunk) => String(chunk.text))
  message.text += text.join('')
  call.world.touch()
}

function start(call: Call): Json {
  const { args, world } = call
  const channel = channelById(world, args.required('channel'))
  requireMember(channel)
  const threadTs = args.required('thread_ts')
  if (channel.kind !== 'im') {
    if (args.optional('recipient_user_id') === undefined) throw new SlackError('missing_recipient_user_id')
    if (args.optional('recipient_team_id') === undefined) throw new SlackError('missing_recipient_team_id')
  }
  const message = world.post(channel.id, {
    user: app.botUserId,
    botId: app.botId,
    text: '',
    threadTs,
    streaming: true,
  })
  try {
    grow(call, message, chunksOf(args))
  } catch (error) {
    world.remove(channel.id, message.ts)
    throw error
  }
  return { channel: channel.id, ts: message.ts }
}

function streamed({ args, world }: Call): SandboxMessage {
  const channel = channelById(world, args.required('channel'))
  const message = world.message(channel.id, args.required('ts'))
  if (message === undefined) throw new SlackError('message_not_found')
  if (!message.streaming) throw new SlackError('message_not_in_streaming_state')
  return message
}

function append(call: Call): Json {
  const message = streamed(call)
  grow(call, message, chunksOf(call.args))
  return { channel: message.channel, ts: message.ts }
}

function stop(call: Call): Json {
  const message = streamed(call)
  const blocks = call.args.blocks() ?? []
  grow(call, message, [...chunksOf(call.args), ...(blocks.length > 0 ? [{ type: 'blocks', blocks }] : [])])
  const metadata = call.args.metadata()
  if (metadata !== undefined) message.metadata = metadata
  delete message.streaming
  call.world.touch()
  return {
    channel: message.channel,
    ts: message.ts,
    message: wireMessage(call.world, message, { withMetadata: true }),
  }
}

const scopes = ['chat:write']

export const chatStream: Methods = {
  'chat.startStream': { scopes, run: start },
  'chat.appendStream': { scopes, run: append },
  'chat.stopStream': { scopes, run: stop },
}
