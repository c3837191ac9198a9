export type { ReceiverSettings, SlackConnection } from './connection.js'
export { createSlackSurface, type SlackParts, type SlackSurface } from './surface.js'
