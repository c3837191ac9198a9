/** What the workspace holds: people, channels, messages, views. Every change raises `changed`. */

import { randomBytes } from 'node:crypto'
import { EventEmitter } from 'node:events'
import type { Clock } from '../clock.js'
import type {
  Json,
  SandboxChannel,
  SandboxEphemeral,
  SandboxManifest,
  SandboxMessage,
  SandboxUser,
  SandboxUserGroup,
  ViewValues,
} from '../protocol.js'
import { app, type Workspace } from '../workspace.js'
import { withIds } from './block-ids.js'
import { Traffic } from './traffic.js'
import { Views } from './views.js'

/** How many messages a channel, and ephemeral messages the workspace, remembers; the oldest fall off. */
const keptMessages = 2000

export interface StoredFile {
  id: string
  name: string
  title: string
  mimetype: string
  /** Undefined until the upload arrived. */
  content?: Buffer
  length: number
  shared: boolean
}

interface MessageDraft {
  user: string
  botId?: string
  text: string
  blocks?: Json[]
  threadTs?: string
  broadcast?: boolean
  metadata?: Json
  files?: StoredFile[]
  streaming?: boolean
}

export class World {
  readonly team: Workspace['team']
  readonly users: SandboxUser[]
  readonly channels: SandboxChannel[]
  readonly userGroups: SandboxUserGroup[]
  readonly manifest: SandboxManifest
  readonly clock: Clock
  readonly changed = new EventEmitter<{ changed: [] }>()
  readonly views: Views
  readonly traffic: Traffic
  readonly files = new Map<string, StoredFile>()
  /** Values of inputs in messages, per person and message. */
  readonly messageValues = new Map<string, ViewValues>()
  revision = 0
  private readonly messagesByChannel = new Map<string, SandboxMessage[]>()
  private ephemerals: SandboxEphemeral[] = []
  private lastMicros = 0
  private counter = 0

  constructor({
    workspace,
    manifest,
    clock,
  }: { workspace: Workspace; manifest: SandboxManifest; clock: Clock }) {
    this.team = workspace.team
    this.users = structuredClone(workspace.users)
    this.channels = structuredClone(workspace.channels)
    this.userGroups = structuredClone(workspace.userGroups)
    this.manifest = manifest
    this.clock = clock
    this.changed.setMaxListeners(0)
    const touch = () => this.touch()
    this.views = new Views({ touch, newId: (prefix) => this.newId(prefix), newHash: () => this.newTs() })
    this.traffic = new Traffic({ clock, touch })
  }

  get botName(): string {
    return this.manifest.display_information.name
  }

  touch(): void {
    this.revision += 1
    this.changed.emit('changed')
  }

  newId(prefix: string): string {
    this.counter += 1
    return `${prefix}${this.counter.toString(36).toUpperCase().padStart(4, '0')}${randomBytes(3).toString('hex').toUpperCase()}`
  }

  /** Unix seconds with six decimals, unique and increasing in the whole workspace. */
  newTs(): string {
    this.lastMicros = Math.max(this.lastMicros + 1, Math.round(this.clock.now() * 1000))
    return `${Math.floor(this.lastMicros / 1e6)}.${String(this.lastMicros % 1e6).padStart(6, '0')}`
  }

  user(id: string): SandboxUser | undefined {
    return this.users.find((user) => user.id === id)
  }

  channel(id: string): SandboxChannel | undefined {
    return this.channels.find((channel) => channel.id === id)
  }

  /** The direct message channel between a person and the bot, made when first needed. */
  directMessage(userId: string): SandboxChannel {
    const existing = this.channels.find(({ kind, members }) => kind === 'im' && members.includes(userId))
    if (existing !== undefined) return existing
    const channel: SandboxChannel = {
      id: `D${userId.slice(1)}`,
      name: userId,
      kind: 'im',
      topic: '',
      members: [userId, app.botUserId],
    }
    this.channels.push(channel)
    return channel
  }

  messages(channel: string): SandboxMessage[] {
    return this.messagesByChannel.get(channel) ?? []
  }

  message(channel: string, ts: string): SandboxMessage | undefined {
    return this.messages(channel).find((message) => message.ts === ts)
  }

  post(channel: string, { blocks, files = [], ...draft }: MessageDraft): SandboxMessage {
    const ts = this.newTs()
    const message: SandboxMessage = {
      ts,
      channel,
      ...draft,
      ...(blocks === undefined ? {} : { blocks: withIds(blocks) }),
      reactions: [],
      files: files.map(({ id, name, title, mimetype, length }) => {
        return { id, name, title, mimetype, size: length, url: `/files/${id}/${encodeURIComponent(name)}` }
      }),
    }
    const messages = this.messagesByChannel.get(channel) ?? []
    messages.push(message)
    if (messages.length > keptMessages) messages.shift()
    this.messagesByChannel.set(channel, messages)
    this.touch()
    return message
  }

  /** Changes a message in place; `blocks: undefined` removes them. */
  edit(
    message: SandboxMessage,
    change: { text: string; blocks: Json[] | undefined; metadata?: Json | undefined },
  ): void {
    message.text = change.text
    if (change.blocks === undefined) delete message.blocks
    else message.blocks = withIds(change.blocks)
    if (change.metadata !== undefined) message.metadata = change.metadata
    message.editedTs = this.newTs()
    this.touch()
  }

  remove(channel: string, ts: string): boolean {
    const messages = this.messages(channel)
    const index = messages.findIndex((message) => message.ts === ts)
    if (index < 0) return false
    messages.splice(index, 1)
    this.touch()
    return true
  }

  whisper(draft: Omit<SandboxEphemeral, 'ts'>): SandboxEphemeral {
    const message: SandboxEphemeral = { ...draft, ts: this.newTs() }
    if (draft.blocks !== undefined) message.blocks = withIds(draft.blocks)
    this.ephemerals.push(message)
    if (this.ephemerals.length > keptMessages) this.ephemerals.shift()
    this.touch()
    return message
  }

  ephemeralsOf(user: string, channel?: string): SandboxEphemeral[] {
    return this.ephemerals.filter(
      (each) => each.user === user && (channel === undefined || each.channel === channel),
    )
  }

  allEphemerals(): SandboxEphemeral[] {
    return this.ephemerals
  }

  ephemeral(channel: string, ts: string): SandboxEphemeral | undefined {
    return this.ephemerals.find((each) => each.channel === channel && each.ts === ts)
  }

  editEphemeral(message: SandboxEphemeral, change: { text: string; blocks: Json[] | undefined }): void {
    message.text = change.text
    if (change.blocks === undefined) delete message.blocks
    else message.blocks = withIds(change.blocks)
    this.touch()
  }

  removeEphemeral(message: SandboxEphemeral): void {
    this.ephemerals = this.ephemerals.filter((each) => each !== message)
    this.touch()
  }

  /** Forgets what was said and shown; people and channels stay. */
  reset(): void {
    this.messagesByChannel.clear()
    this.ephemerals = []
    this.messageValues.clear()
    this.files.clear()
    this.views.reset()
    this.traffic.reset()
    this.touch()
  }
}
