/** How an agent reaches its host: over SSH, or directly when the bot runs on it. Both pass one contract suite. */
import type { Duplex } from 'node:stream'
import type { ExecOptions, ExecResult } from '../exec.js'

export interface HostTransport {
  readonly kind: 'local' | 'ssh'
  /** Connects if needed. Rejects with host-unreachable, host-key-unknown, host-key-changed or ssh-auth-failed. */
  connect(): Promise<void>
  /** A byte stream to a unix socket on the host. */
  openSocket(path: string): Promise<Duplex>
  /** The input and output of a program on the host, for one that speaks a protocol; ends with the stream. Absent where
   * sockets can always be opened. */
  openProgram?(argv: readonly [string, ...string[]]): Promise<Duplex>
  /** When something on the host did not answer in time: looks whether the way to it still works, and ends it if not. */
  suspect?(): void
  /** Runs argv[0] with the rest as its arguments, each arriving unchanged; no shell sees user text. */
  exec(argv: readonly [string, ...string[]], options: ExecOptions): Promise<ExecResult>
  close(): Promise<void>
}
