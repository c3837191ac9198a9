/** Running one program on a host: what it takes, what it gives, and how much of its output is kept. */

export interface ExecOptions {
  /** Milliseconds until the command is killed and `timeout` is thrown, waiting for its turn included. No command runs
   * without a limit. */
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

/** Keeps the first `limit` bytes of a stream and drops the rest, so that a chatty command cannot fill the memory. */
export class BoundedOutput {
  readonly #limit: number
  #chunks: Buffer[] = []
  #kept = 0
  #truncated = false

  constructor(limit: number) {
    this.#limit = limit
  }

  add(chunk: Buffer): void {
    const room = this.#limit - this.#kept
    if (chunk.length > room) this.#truncated = true
    if (room <= 0) return
    const kept = chunk.subarray(0, room)
    this.#chunks.push(kept)
    this.#kept += kept.length
  }

  get truncated(): boolean {
    return this.#truncated
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString('utf8')
  }
}
