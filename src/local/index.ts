export { type ExecOptions, type ExecResult, LocalTransport } from './local-transport.js'
