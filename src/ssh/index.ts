export type { ExecOptions, ExecResult } from './exec.js'
export { type SshSettings, SshTransport } from './ssh-transport.js'
