/** Bytes beside a call: screenshots, consoles, volumes up and down. Read with `for await`, written with `write` and `finish`. */
import { errorFromReply, LibvirtError } from './errors.js'
import { type Frame, messageTypes, statuses } from './frames.js'
import { RemoteError } from './types.js'
import { Reader } from './xdr.js'

/** VIR_NET_MESSAGE_LEGACY_PAYLOAD_MAX less the header: what every daemon takes in one frame. */
export const maxChunkBytes = 262_120
/** Bytes that may wait for a slow reader before the whole session is paused. */
const highWaterBytes = 4 * 1024 * 1024

export interface DataStreamParts {
  /** Returns false when the transport's buffer is full. */
  send(status: number, payload?: Buffer): boolean
  ended(): void
  pause(): void
  resume(): void
}

export class DataStream implements AsyncIterable<Buffer> {
  readonly #parts: DataStreamParts
  readonly #chunks: Buffer[] = []
  #buffered = 0
  #state: 'open' | 'read to the end' | 'finished' = 'open'
  #failure: Error | undefined
  #paused = false
  #wake: (() => void) | undefined
  #confirmed: (() => void) | undefined

  constructor(parts: DataStreamParts) {
    this.#parts = parts
  }

  /** All bytes until the daemon says that there are no more; then the stream is finished on both sides. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    let complete = false
    try {
      for (;;) {
        const chunk = this.#chunks.shift()
        if (chunk !== undefined) {
          this.#buffered -= chunk.length
          if (this.#paused && this.#buffered < highWaterBytes / 2) {
            this.#paused = false
            this.#parts.resume()
          }
          yield chunk
        } else if (this.#failure !== undefined) throw this.#failure
        else if (this.#state !== 'open') {
          complete = true
          await this.finish()
          return
        } else await this.#change()
      }
    } finally {
      if (!complete) this.abort()
    }
  }

  /** Sends bytes; resolves when there is room for more. */
  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += maxChunkBytes) {
      if (this.#failure !== undefined) throw this.#failure
      const payload = Buffer.from(bytes.subarray(at, at + maxChunkBytes))
      if (!this.#parts.send(statuses.continue, payload)) await new Promise((resolve) => setImmediate(resolve))
    }
  }

  /** Says that nothing more follows and waits for the daemon's confirmation: only then is everything on disk. */
  async finish(timeoutMs = 60_000): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    if (this.#state === 'finished') return
    const confirmed = new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.fail(
          new LibvirtError(`the daemon did not confirm the end of the data within ${timeoutMs} ms`, {
            kind: 'timeout',
          }),
        )
      }, timeoutMs)
      this.#confirmed = () => {
        clearTimeout(timer)
        if (this.#failure === undefined) resolve()
        else reject(this.#failure)
      }
    })
    this.#parts.send(statuses.ok)
    await confirmed
  }

  /** Gives up; the daemon is told. What was written so far may be on the host. */
  abort(): void {
    if (this.#state === 'finished' || this.#failure !== undefined) return
    this.#parts.send(statuses.error)
    this.fail(new LibvirtError('the transfer was given up', { kind: 'failed' }))
  }

  fail(error: Error): void {
    if (this.#failure !== undefined || this.#state === 'finished') return
    this.#failure = error
    this.#end()
  }

  receive({ type, status, payload }: Frame): void {
    if (status === statuses.error) {
      this.fail(errorFromReply(RemoteError.read(new Reader(payload))))
    } else if (status === statuses.ok) {
      this.#state = 'finished'
      this.#end()
    } else if (type === messageTypes.streamHole || payload.length === 0) {
      if (type !== messageTypes.streamHole) this.#state = 'read to the end'
      this.#wake?.()
    } else {
      this.#chunks.push(Buffer.from(payload))
      this.#buffered += payload.length
      if (!this.#paused && this.#buffered > highWaterBytes) {
        this.#paused = true
        this.#parts.pause()
      }
      this.#wake?.()
    }
  }

  #end(): void {
    if (this.#paused) this.#parts.resume()
    this.#parts.ended()
    this.#confirmed?.()
    this.#wake?.()
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#wake = undefined
        resolve()
      }
    })
  }
}
