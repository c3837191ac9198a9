/** How an agent reaches its host: over SSH, or directly when the bot runs on it. Both pass one contract suite. */
import type { Duplex } from 'node:stream'
import type { ExecOptions, ExecResult } from '../exec.js'

export interface HostTransport {
  readonly kind: 'local' | 'ssh'
  /** Connects if needed. Rejects with host-unreachable, host-key-unknown, host-key-changed or ssh-auth-failed. */
  connect(): Promise<void>
  /** A byte stream to a unix socket on the host. */
  openSocket(path: string): Promise<Duplex>
  /** Runs argv[0] with the rest as its arguments, each arriving unchanged; no shell sees user text. */
  exec(argv: readonly [string, ...string[]], options: ExecOptions): Promise<ExecResult>
  close(): Promise<void>
}
