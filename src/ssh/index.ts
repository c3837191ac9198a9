export { type SshSettings, SshTransport } from './ssh-transport.js'
