/** Bytes beside a call: screenshots, consoles, volumes up and down. Read with `for await`, written with `write` and `finish`. */
import { errorFromReply, LibvirtError } from './errors.js'
import { type Frame, messageTypes, statuses } from './frames.js'
import { RemoteError } from './types.js'
import { i64, Reader, struct, u32, Writer } from './xdr.js'

/** VIR_NET_MESSAGE_LEGACY_PAYLOAD_MAX less the header: what every daemon takes in one frame. */
export const maxChunkBytes = 262_120
/** Bytes that may wait for a slow reader before the whole session is paused. */
const highWaterBytes = 4 * 1024 * 1024

/** Bytes that are all zero and were not sent: part of a sparse volume. */
export interface Hole {
  hole: number
}

const holeForm = struct({ length: i64, flags: u32 })

export interface DataStreamParts {
  /** Returns false when the transport's buffer is full. */
  send(type: number, status: number, payload?: Buffer): boolean
  /** Resolves when there is room in it again, or the session has ended. */
  drained(): Promise<void>
  ended(): void
  pause(): void
  resume(): void
}

export class DataStream implements AsyncIterable<Buffer> {
  readonly #parts: DataStreamParts
  readonly #chunks: (Buffer | Hole)[] = []
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
    for await (const piece of this.pieces()) {
      if (Buffer.isBuffer(piece)) yield piece
      else yield* zeros(piece.hole)
    }
  }

  /** The same, with holes as they are told, where the procedure was asked for a sparse stream. */
  async *pieces(): AsyncGenerator<Buffer | Hole> {
    let complete = false
    try {
      for (;;) {
        const piece = this.#chunks.shift()
        if (piece !== undefined) {
          this.#buffered -= Buffer.isBuffer(piece) ? piece.length : 0
          if (this.#paused && this.#buffered < highWaterBytes / 2) {
            this.#paused = false
            this.#parts.resume()
          }
          yield piece
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
      await this.#sendPiece(messageTypes.stream, Buffer.from(bytes.subarray(at, at + maxChunkBytes)))
    }
  }

  /** Leaves out bytes that are zero, where the procedure was asked for a sparse stream. */
  async writeHole(bytes: number): Promise<void> {
    const writer = new Writer()
    holeForm.write(writer, { length: bytes, flags: 0 })
    await this.#sendPiece(messageTypes.streamHole, Buffer.from(writer.finish()))
  }

  async #sendPiece(type: number, payload: Buffer): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure
    if (!this.#parts.send(type, statuses.continue, payload)) await this.#parts.drained()
    if (this.#failure !== undefined) throw this.#failure
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
    this.#parts.send(messageTypes.stream, statuses.ok)
    await confirmed
  }

  /** Gives up; the daemon is told. What was written so far may be on the host. */
  abort(): void {
    if (this.#state === 'finished' || this.#failure !== undefined) return
    this.#parts.send(messageTypes.stream, statuses.error)
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
    } else if (type === messageTypes.streamHole) {
      this.#chunks.push({ hole: holeForm.read(new Reader(payload)).length })
      this.#wake?.()
    } else if (payload.length === 0) {
      this.#state = 'read to the end'
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

const zeroChunk = Buffer.alloc(64 * 1024)

function* zeros(length: number): Generator<Buffer> {
  for (let left = length; left > 0; left -= zeroChunk.length)
    yield zeroChunk.subarray(0, Math.min(left, zeroChunk.length))
}
