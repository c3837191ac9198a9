/**
 * The shapes that the server, the control interface and the page share. Types only: the page is compiled for the browser
 * and may import this file, and nothing else of the server.
 */

/** A JSON object as it comes over the wire; block contents are kept exactly as the app sent them. */
export type Json = Record<string, unknown>

export interface SandboxUser {
  id: string
  /** Handle, as in `@ann`. */
  name: string
  realName: string
  title: string
  email: string
  /** IANA zone and its offset in seconds, as users.info gives them. */
  tz: string
  tzOffset: number
  isAdmin: boolean
  isBot: boolean
  deleted: boolean
  /** A guest: restricted to single channels. */
  isRestricted: boolean
}

export interface SandboxChannel {
  id: string
  name: string
  kind: 'public' | 'private' | 'im'
  topic: string
  members: string[]
}

export interface SandboxUserGroup {
  id: string
  handle: string
  name: string
  users: string[]
}

export interface SlashCommand {
  command: string
  description: string
  usage_hint?: string
  /** Whether `@ann` and `#vms` arrive as `<@U0ANN|ann>` and `<#C0VMS|vms>`. */
  should_escape?: boolean
  /** HTTP mode only; Socket Mode ignores it. */
  url?: string
}

export interface Shortcut {
  type: 'global' | 'message'
  name: string
  callback_id: string
  description: string
}

/** The part of a Slack app manifest that the sandbox obeys; the parsed manifest.yml of an app fits. */
export interface SandboxManifest {
  display_information: { name: string; description?: string }
  features: { slash_commands?: SlashCommand[]; shortcuts?: Shortcut[] }
  oauth_config: { scopes: { bot: string[]; bot_optional?: string[] } }
  settings: { event_subscriptions?: { bot_events?: string[] } }
}

export interface SandboxMessage {
  ts: string
  channel: string
  /** Who wrote it: a person or the bot's user. */
  user: string
  botId?: string
  text: string
  blocks?: Json[]
  threadTs?: string
  /** A thread reply that is also shown in the channel. */
  broadcast?: boolean
  metadata?: Json
  editedTs?: string
  reactions: { name: string; users: string[] }[]
  files: SandboxFile[]
  /** `chat.startStream` has begun it and `chat.stopStream` has not ended it. */
  streaming?: boolean
}

export interface SandboxFile {
  id: string
  name: string
  title: string
  mimetype: string
  size: number
  url: string
}

/** A message that one person sees. `app` comes from the bot, `notice` from Slack itself (a failed delivery). */
export interface SandboxEphemeral {
  ts: string
  channel: string
  user: string
  kind: 'app' | 'notice'
  text: string
  blocks?: Json[]
  threadTs?: string
}

export type FieldState = Json & { type: string }
export type ViewValues = Record<string, Record<string, FieldState>>

export interface SandboxView {
  id: string
  type: 'modal' | 'home'
  user: string
  hash: string
  title: string
  submit?: string
  close?: string
  blocks: Json[]
  callbackId: string
  privateMetadata: string
  externalId: string
  clearOnClose: boolean
  notifyOnClose: boolean
  values: ViewValues
  rootId: string
  previousId?: string
  /** Errors of the last submission, by block_id. */
  errors: Record<string, string>
  /** What Slack itself has to say, e.g. that the app did not answer. */
  notice?: string
}

/** One exchange between Slack and the app, newest last. Tokens never appear in it. */
export interface TrafficEntry {
  seq: number
  at: number
  direction: 'from-app' | 'to-app'
  kind: 'web-api' | 'envelope' | 'http' | 'response-url' | 'socket'
  /** Method, envelope type or event. */
  name: string
  summary: string
  request?: unknown
  response?: unknown
  /** `ok`, an error code, or `pending` while an acknowledgement is awaited. */
  outcome: string
  durationMs?: number
}

/** The answer of `GET /_control/state`. With `?user=` only what that person can see, without it everything. */
export interface SandboxState {
  revision: number
  now: number
  team: { id: string; name: string }
  app: { id: string; name: string; botUserId: string; botId: string }
  connections: number
  commands: SlashCommand[]
  shortcuts: Shortcut[]
  users: SandboxUser[]
  userGroups: SandboxUserGroup[]
  channels: SandboxChannel[]
  messages: Record<string, SandboxMessage[]>
  ephemerals: SandboxEphemeral[]
  /** Open modals per person, the topmost last. */
  modals: Record<string, SandboxView[]>
  homes: Record<string, SandboxView>
  traffic: TrafficEntry[]
}

/** How an app answered a command, an interaction or an event. */
export type Delivery =
  | { acknowledged: true; payload: Json | undefined; durationMs: number }
  | { acknowledged: false; reason: 'operation_timeout' | 'dispatch_failed' }

/** Where an element sits: in a message (or ephemeral message), or in an open view. */
export type Place = { channel: string; ts: string } | { viewId: string }

/** Which element: by its action_id, or by the text a person sees on it. `blockId` narrows where ids repeat. */
export type ElementPick = { actionId: string; blockId?: string } | { text: string; blockId?: string }

export type SubmitOutcome =
  /** A required or malformed field kept the form from being sent, as Slack's clients do. */
  | { sent: false; errors: Record<string, string> }
  | { sent: true; delivery: Delivery; errors: Record<string, string> }

/**
 * A fault to inject. `times` says how often it strikes before it is gone (default 1; `Infinity` in process or -1 over
 * HTTP for always).
 */
export type Fault =
  /** The method answers 429 with Retry-After. */
  | { kind: 'rate-limit'; method: string; retryAfterS: number; times?: number }
  /** The method answers with this HTTP status and has no effect. */
  | { kind: 'http-error'; method: string; status: number; times?: number }
  /** The method answers `ok:false` with this error and has no effect. */
  | { kind: 'api-error'; method: string; error: string; times?: number }
  /** The effect happens, then the connection is cut without an answer. */
  | { kind: 'drop-response'; method: string; times?: number }
  /** The method answers this much later; the effect happens at once. */
  | { kind: 'slow-response'; method: string; delayMs: number; times?: number }
  /** Acknowledgements reach Slack this much later. */
  | { kind: 'delay-ack'; delayMs: number; times?: number }
  /** Acknowledgements never reach Slack. */
  | { kind: 'lose-ack'; times?: number }
  /** The next envelopes are delivered twice with the same envelope_id. */
  | { kind: 'duplicate-delivery'; times?: number }
  /** The next trigger ids are expired when the app gets them. */
  | { kind: 'expired-trigger'; times?: number }
  /** The next WebSocket upgrades are answered with 409. */
  | { kind: 'socket-conflict'; times?: number }
  /** Slack asks every (or the oldest) connection to reconnect, at once. */
  | { kind: 'refresh'; connections?: 'oldest' | 'all' }
  /** Connections stay open but Slack stops reading them: no pong, no answer to a close frame. */
  | { kind: 'freeze' }
  /** Slack is gone: connections are cut, requests are refused, until `durationMs` is over or faults are cleared. */
  | { kind: 'outage'; durationMs?: number }
