/** How an agent reaches its host: over SSH, or directly when the bot runs on it. Both pass one contract suite. */
import type { Duplex } from 'node:stream'

export interface ExecOptions {
  /** Milliseconds until the command is killed and `timeout` is thrown. No command runs without a limit. */
  timeoutMs: number
  signal?: AbortSignal
  /** Sent to the command's standard input, which is closed after it; closed at once when absent. */
  stdin?: string | Uint8Array
  env?: Readonly<Record<string, string>>
  /** Bytes kept of each of stdout and stderr; the rest is dropped and `truncated` set. Default 1 MiB. */
  maxOutputBytes?: number
}

export interface ExecResult {
  /** null when a signal ended it. */
  exitCode: number | null
  signal?: string
  stdout: string
  stderr: string
  truncated: boolean
}

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
