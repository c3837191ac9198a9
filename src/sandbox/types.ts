/** What the door of this room promises. */

import type { Clock } from './clock.js'
import type {
  Delivery,
  ElementPick,
  Fault,
  Json,
  Place,
  SandboxEphemeral,
  SandboxManifest,
  SandboxMessage,
  SandboxState,
  SandboxView,
  SubmitOutcome,
  TrafficEntry,
} from './protocol.js'
import type { Workspace } from './workspace.js'

export interface SandboxOptions {
  /** TCP port on 127.0.0.1; 0 takes a free one. */
  port: number
  /** People, channels and groups; default `defaultWorkspace()`. */
  workspace?: Workspace
  /** Scopes, commands, shortcuts and events of the app; default `defaultManifest()`. */
  manifest?: SandboxManifest
  /** Time: default the wall clock, which `control.advanceClock` moves forward. */
  clock?: Clock
  /** Picks a connection for each envelope; default Math.random. Result in [0, 1). */
  random?: () => number
  /** Deliver by signed HTTP to this URL instead of Socket Mode. */
  requestUrl?: string
}

export interface Sandbox {
  /** The page, e.g. `http://127.0.0.1:4390/`. */
  url: string
  /** For `slackApiUrl` (ends with a slash, as Bolt wants it). */
  apiUrl: string
  botToken: string
  appToken: string
  signingSecret: string
  control: SandboxControl
  /** Closes connections and the port. */
  stop(): Promise<void>
}

/**
 * What a test (or the page, over HTTP) does in the place of people and of Slack. Every wait is on a condition and has a
 * deadline in real milliseconds (default 5000); its error says what was seen instead.
 */
export interface SandboxControl {
  /** Types `/qnav vm list` (or, without a slash, the arguments of the app's first command) into a channel. */
  command(what: { user: string; channel: string; text: string }): Promise<Delivery>
  /** Writes a message; mentions of the bot and direct messages reach the app as events. */
  message(what: { user: string; channel: string; text: string; threadTs?: string }): Promise<SandboxMessage>
  /** Presses a button (or an overflow entry by its text). In a view, `values` are the form's values at that moment. */
  click(what: { user: string; values?: FieldInput } & Place & ElementPick): Promise<Delivery>
  /** Chooses in a select, radio, checkbox, date or time element; several values for the multi ones. */
  choose(
    what: { user: string; value: string | string[]; values?: FieldInput } & Place & ElementPick,
  ): Promise<Delivery>
  /** What an external select offers for a typed query. */
  suggest(what: { user: string; query: string } & Place & ElementPick): Promise<SuggestOutcome>
  /** Fills the topmost modal (or `viewId`) and presses its submit button. */
  submit(what: { user: string; viewId?: string; values?: FieldInput }): Promise<SubmitOutcome>
  /** Closes the topmost modal (or `viewId`). */
  close(what: { user: string; viewId?: string }): Promise<void>
  /** Uses a global shortcut, or a message shortcut on `channel` and `ts`. */
  shortcut(what: { user: string; callbackId: string; channel?: string; ts?: string }): Promise<Delivery>
  /** Opens the app's Home (or Messages) tab. */
  home(what: { user: string; tab?: 'home' | 'messages' }): Promise<Delivery>

  /** Makes a fault active; the function returned ends it. `refresh` and `freeze` act at once. */
  fault(fault: Fault): () => void
  clearFaults(): void
  /** Moves the sandbox's time: acknowledgement timers, trigger ids, response URLs, redelivery. */
  advanceClock(ms: number): void
  /** Deliver by signed HTTP to this URL; undefined goes back to Socket Mode. */
  setRequestUrl(url: string | undefined): void
  /** Forgets messages, views, traffic and faults; connections stay. */
  reset(): void

  state(user?: string): SandboxState
  messages(channel: string): SandboxMessage[]
  ephemerals(user: string, channel?: string): SandboxEphemeral[]
  /** Open modals of a person, the topmost last. */
  modals(user: string): SandboxView[]
  homeOf(user: string): SandboxView | undefined
  traffic(): TrafficEntry[]
  /** Web API calls the app made, oldest first. */
  calls(method: string): TrafficEntry[]
  /** Live Socket Mode connections. */
  connections(): number

  waitForMessage(
    channel: string,
    match?: (message: SandboxMessage) => boolean,
    timeoutMs?: number,
  ): Promise<SandboxMessage>
  waitForEphemeral(
    user: string,
    match?: (message: SandboxEphemeral) => boolean,
    timeoutMs?: number,
  ): Promise<SandboxEphemeral>
  waitForModal(user: string, match?: (view: SandboxView) => boolean, timeoutMs?: number): Promise<SandboxView>
  waitForHome(user: string, match?: (view: SandboxView) => boolean, timeoutMs?: number): Promise<SandboxView>
  waitForCall(
    method: string,
    match?: (call: TrafficEntry) => boolean,
    timeoutMs?: number,
  ): Promise<TrafficEntry>
  waitForConnections(count: number, timeoutMs?: number): Promise<void>
  /** Waits until `probe` returns something other than undefined; asked again whenever anything changes. */
  waitFor<T>(what: string, probe: () => T | undefined, timeoutMs?: number): Promise<T>
}

/**
 * Values of form fields by block_id, by action_id or by label: text, or an option's value (or its text), several for
 * the multi selects and checkboxes; null empties a field.
 */
export type FieldInput = Record<string, string | number | string[] | null>

export interface SuggestOutcome {
  delivery: Delivery
  options: Json[]
  groups: { label: string; options: Json[] }[]
}
