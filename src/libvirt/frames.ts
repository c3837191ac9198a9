/** Frames of libvirt's remote protocol: a 28-byte header and a payload, split and merged at will by the transport. */
import { ProtocolError, Writer } from './xdr.js'

export const programs = { remote: 0x20008086, qemu: 0x20008087, keepalive: 0x6b656570 } as const

export const messageTypes = { call: 0, reply: 1, event: 2, stream: 3, streamHole: 6 } as const
export const statuses = { ok: 0, error: 1, continue: 2 } as const

export interface Frame {
  program: number
  procedure: number
  type: number
  /** Counted by the client; replies carry it back in any order, events have 0. */
  serial: number
  status: number
  payload: Buffer
}

const headerBytes = 28
/** VIR_NET_MESSAGE_MAX plus the length word. */
export const maxFrameBytes = 32 * 1024 * 1024 + 4

export function encodeFrame({ program, procedure, type, serial, status, payload }: Frame): Buffer {
  const length = headerBytes + payload.length
  if (length > maxFrameBytes) throw new ProtocolError(`a message of ${length} bytes is over libvirt's limit`)
  const bytes = Buffer.allocUnsafe(length)
  bytes.writeUInt32BE(length, 0)
  bytes.writeUInt32BE(program, 4)
  bytes.writeUInt32BE(1, 8)
  bytes.writeInt32BE(procedure, 12)
  bytes.writeInt32BE(type, 16)
  bytes.writeUInt32BE(serial, 20)
  bytes.writeInt32BE(status, 24)
  payload.copy(bytes, headerBytes)
  return bytes
}

/** A call whose serial is not known yet: the payload is written right behind its header. See {@link setSerial}. */
export function encodeCall(program: number, procedure: number, writePayload: (to: Writer) => void): Buffer {
  const writer = new Writer()
  for (const word of [0, program, 1, procedure, messageTypes.call, 0, statuses.ok]) writer.u32(word)
  writePayload(writer)
  const bytes = writer.finish()
  if (bytes.length > maxFrameBytes)
    throw new ProtocolError(`a message of ${bytes.length} bytes is over libvirt's limit`)
  bytes.writeUInt32BE(bytes.length, 0)
  return bytes
}

export function setSerial(call: Buffer, serial: number): void {
  call.writeUInt32BE(serial, 20)
}

/** Puts frames together from chunks of any size. Holds at most one incomplete frame. */
export class FrameReader {
  #chunks: Buffer[] = []
  #buffered = 0
  #wanted = 4

  /** The frames that became complete. Throws ProtocolError on an impossible header; the stream is then useless. */
  push(chunk: Buffer): Frame[] {
    this.#chunks.push(chunk)
    this.#buffered += chunk.length
    if (this.#buffered < this.#wanted) return []
    const bytes = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks, this.#buffered)
    const frames: Frame[] = []
    let at = 0
    this.#wanted = 4
    while (bytes.length - at >= 4) {
      const length = bytes.readUInt32BE(at)
      if (length < headerBytes || length > maxFrameBytes)
        throw new ProtocolError(`a frame claims ${length} bytes`)
      if (bytes.length - at < length) {
        this.#wanted = length
        break
      }
      frames.push(decodeFrame(bytes.subarray(at, at + length)))
      at += length
    }
    // What is left is copied, so that a few bytes do not keep a large chunk alive.
    this.#chunks = at < bytes.length ? [at === 0 ? bytes : Buffer.from(bytes.subarray(at))] : []
    this.#buffered = bytes.length - at
    return frames
  }
}

function decodeFrame(bytes: Buffer): Frame {
  const version = bytes.readUInt32BE(8)
  if (version !== 1) throw new ProtocolError(`a frame has protocol version ${version}`)
  return {
    program: bytes.readUInt32BE(4),
    procedure: bytes.readInt32BE(12),
    type: bytes.readInt32BE(16),
    serial: bytes.readUInt32BE(20),
    status: bytes.readInt32BE(24),
    payload: bytes.subarray(headerBytes),
  }
}
