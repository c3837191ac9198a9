/**
 * A local Slack for the demo and for end-to-end tests: Web API, Socket Mode or signed HTTP, a control interface, and a
 * page where a person acts as anybody. The bot never imports it; it talks to it as it talks to Slack.
 */
export type { Clock } from './clock.js'
export { manualClock, wallClock } from './clock.js'
export type * from './protocol.js'
export { startSandbox } from './sandbox.js'
export { sandboxCommand } from './sandbox-command.js'
export type { FieldInput, Sandbox, SandboxControl, SandboxOptions, SuggestOutcome } from './types.js'
export type { Workspace } from './workspace.js'
export { app, defaultManifest, defaultWorkspace } from './workspace.js'
