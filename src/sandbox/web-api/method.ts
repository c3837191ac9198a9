/** What a Web API method is, and how it reads its arguments. */
import { messagesOf, validateBlocks } from '../block-validation/index.js'
import type { Json, SandboxChannel, SandboxUser } from '../protocol.js'
import { app } from '../workspace.js'
import type { Triggers } from '../world/triggers.js'
import type { World } from '../world/world.js'

/** The sandbox as methods see it. */
export interface Backend {
  world: World
  triggers: Triggers
  /** Where this server is reached, ends with a slash. */
  baseUrl: () => string
  /** A WebSocket address with a ticket that works once. */
  openSocket: () => string
}

export interface Call {
  args: Args
  backend: Backend
  world: World
}

export interface Method {
  /** Any one of these scopes is enough; none needed when empty. A function where it depends on the channel. */
  scopes?: readonly string[]
  /** Which token; default bot. */
  token?: 'bot' | 'app' | 'any'
  run: (call: Call) => Json | Promise<Json>
}

export type Methods = Record<string, Method>

/** An answer `{ok: false, error}`, with what Slack adds to it. */
export class SlackError extends Error {
  readonly code: string
  readonly details: Json

  constructor(code: string, details: Json = {}) {
    super(code)
    this.code = code
    this.details = details
  }
}

function invalidArguments(message: string): SlackError {
  return new SlackError('invalid_arguments', { response_metadata: { messages: [`[ERROR] ${message}`] } })
}

/** Arguments as they came: strings from a form, anything from JSON. */
export class Args {
  private readonly raw: Json

  constructor(raw: Json) {
    this.raw = raw
  }

  get all(): Json {
    return this.raw
  }

  optional(name: string): string | undefined {
    const value = this.raw[name]
    return value === undefined || value === null || value === '' ? undefined : String(value)
  }

  required(name: string): string {
    const value = this.optional(name)
    if (value === undefined) throw invalidArguments(`missing required field: ${name}`)
    return value
  }

  flag(name: string): boolean {
    return this.raw[name] === true || this.raw[name] === 'true' || this.raw[name] === '1'
  }

  /** A whole number, cut to `max`. */
  count(name: string, byDefault: number, max: number): number {
    const value = this.optional(name)
    if (value === undefined) return byDefault
    const count = Number(value)
    if (!Number.isInteger(count) || count < 1) throw invalidArguments(`${name} must be a positive integer`)
    return Math.min(count, max)
  }

  /** A value that a form carries as JSON text. */
  json(name: string, errorCode = 'invalid_json'): unknown {
    const value = this.raw[name]
    if (value === undefined || value === null || value === '') return undefined
    if (typeof value !== 'string') return value
    try {
      return JSON.parse(value) as unknown
    } catch {
      throw new SlackError(errorCode)
    }
  }

  /** The `blocks` argument, checked; undefined when absent. */
  blocks(name = 'blocks'): Json[] | undefined {
    const blocks = this.json(name, 'invalid_blocks_format')
    if (blocks === undefined) return undefined
    if (!Array.isArray(blocks)) throw new SlackError('invalid_blocks_format')
    refuseBlocks(blocks, `/${name}`)
    return blocks as Json[]
  }

  metadata(): Json | undefined {
    const metadata = this.json('metadata', 'invalid_metadata_format')
    if (metadata === undefined) return undefined
    const { event_type: type, event_payload: payload, entities } = metadata as Json
    const isEvent = typeof type === 'string' && typeof payload === 'object' && payload !== null
    if (!isEvent && !Array.isArray(entities)) throw new SlackError('invalid_metadata_schema')
    return metadata as Json
  }
}

/** @throws SlackError `invalid_blocks` with the findings in both of Slack's shapes. */
export function refuseBlocks(blocks: unknown, at: string): void {
  const errors = validateBlocks(blocks, 'message', at)
  if (errors.length === 0) return
  throw new SlackError('invalid_blocks', {
    errors: errors.map(({ message, pointer }) => `${message} [json-pointer:${pointer}]`),
    response_metadata: { messages: messagesOf(errors) },
  })
}

export function activeUser(world: World, id: string): SandboxUser {
  const user = world.user(id)
  if (user === undefined) throw new SlackError('user_not_found')
  return user
}

export function channelById(world: World, id: string): SandboxChannel {
  const channel = world.channel(id)
  const hidden = channel?.kind === 'private' && !channel.members.includes(app.botUserId)
  if (channel === undefined || hidden) throw new SlackError('channel_not_found')
  return channel
}

/** Where a post goes: a channel id, a channel name, or a person (which opens the direct message). */
export function destination(world: World, target: string): SandboxChannel {
  const user = world.user(target)
  if (user?.deleted) throw new SlackError('user_disabled')
  if (user?.isBot) throw new SlackError('cannot_dm_bot')
  if (user !== undefined) return world.directMessage(user.id)
  const byName = world.channels.find(({ kind, name }) => kind !== 'im' && name === target.replace(/^#/, ''))
  return channelById(world, byName?.id ?? target)
}

export function requireMember(channel: SandboxChannel): void {
  if (!channel.members.includes(app.botUserId)) throw new SlackError('not_in_channel')
}

/** One page of a list, with Slack's cursor in `response_metadata`. */
export function page<T>(
  items: readonly T[],
  args: Args,
  byDefault = 100,
): { items: T[]; response_metadata: Json } {
  const limit = args.count('limit', byDefault, 1000)
  const cursor = args.optional('cursor')
  const start = cursor === undefined ? 0 : Number(Buffer.from(cursor, 'base64url').toString())
  if (!Number.isInteger(start) || start < 0) throw new SlackError('invalid_cursor')
  const end = start + limit
  const next = end < items.length ? Buffer.from(String(end)).toString('base64url') : ''
  return { items: items.slice(start, end), response_metadata: { next_cursor: next } }
}
