export type { Jump } from './connection.js'
export { PrivateKeys } from './private-keys.js'
export { type SshSettings, SshTransport } from './ssh-transport.js'
