export { type ConversationParts, converse, type TerminalEvent } from './conversation.js'
export { renderError, renderJob, renderReport } from './render.js'
export { askRunningBot } from './socket-client.js'
export { serveTerminal } from './socket-server.js'
