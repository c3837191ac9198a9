/**
 * External Data Representation (RFC 4506) as libvirt uses it: small codecs that are put together, with the TypeScript
 * type of a value inferred from its codec. Every item is padded to four bytes; integers are big endian.
 */

/** Data that does not follow the protocol: truncated, over a limit, or of an impossible value. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'
}

/** libvirt's own limits (remote_protocol.x): a string, an opaque value, and the number of items of any list. */
export const maxStringBytes = 4 * 1024 * 1024
const maxItems = 1024 * 1024

/** Reads one message; every read is checked against its end. */
export class Reader {
  readonly #bytes: Buffer
  #offset: number

  constructor(bytes: Buffer, offset = 0) {
    this.#bytes = bytes
    this.#offset = offset
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset
  }

  take(count: number): number {
    const at = this.#offset
    if (count < 0 || at + count > this.#bytes.length) {
      throw new ProtocolError(`${count} bytes wanted at ${at}, the message has ${this.#bytes.length}`)
    }
    this.#offset = at + count
    return at
  }

  u32(): number {
    return this.#bytes.readUInt32BE(this.take(4))
  }

  i32(): number {
    return this.#bytes.readInt32BE(this.take(4))
  }

  u64(): bigint {
    return this.#bytes.readBigUInt64BE(this.take(8))
  }

  i64(): bigint {
    return this.#bytes.readBigInt64BE(this.take(8))
  }

  double(): number {
    return this.#bytes.readDoubleBE(this.take(8))
  }

  /** A view into the message, not a copy. */
  fixed(count: number): Buffer {
    const at = this.take(padded(count))
    return this.#bytes.subarray(at, at + count)
  }

  length(limit: number): number {
    const count = this.u32()
    if (count > limit) throw new ProtocolError(`a length of ${count} is over the limit of ${limit}`)
    return count
  }

  text(): string {
    const count = this.length(maxStringBytes)
    const at = this.take(padded(count))
    return this.#bytes.toString('utf8', at, at + count)
  }
}

/** Collects one message. */
export class Writer {
  #bytes: Buffer
  #length = 0

  constructor(initialBytes = 256) {
    this.#bytes = Buffer.allocUnsafe(initialBytes)
  }

  #room(count: number): number {
    const at = this.#length
    if (at + count > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, at + count))
      this.#bytes.copy(larger, 0, 0, at)
      this.#bytes = larger
    }
    this.#length = at + count
    return at
  }

  u32(value: number): void {
    const at = this.#room(4)
    this.#bytes.writeUInt32BE(value, at)
  }

  i32(value: number): void {
    const at = this.#room(4)
    this.#bytes.writeInt32BE(value, at)
  }

  u64(value: bigint): void {
    const at = this.#room(8)
    this.#bytes.writeBigUInt64BE(value, at)
  }

  i64(value: bigint): void {
    const at = this.#room(8)
    this.#bytes.writeBigInt64BE(value, at)
  }

  double(value: number): void {
    const at = this.#room(8)
    this.#bytes.writeDoubleBE(value, at)
  }

  fixed(bytes: Uint8Array): void {
    const at = this.#room(padded(bytes.length))
    this.#bytes.set(bytes, at)
    this.#bytes.fill(0, at + bytes.length, at + padded(bytes.length))
  }

  finish(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }
}

function padded(count: number): number {
  return (count + 3) & ~3
}

export interface Codec<T> {
  read(from: Reader): T
  write(to: Writer, value: T): void
}

/** The type of a codec's values. */
export type Of<C> = C extends Codec<infer T> ? T : never

export const u32: Codec<number> = { read: (from) => from.u32(), write: (to, value) => to.u32(value) }
export const i32: Codec<number> = { read: (from) => from.i32(), write: (to, value) => to.i32(value) }

/** 64-bit values are numbers: exact to 2^53, which bytes, KiB and seconds never pass; nanoseconds of CPU time round by 1 to 2. */
export const u64: Codec<number> = {
  read: (from) => Number(from.u64()),
  write: (to, value) => to.u64(BigInt(value)),
}
export const i64: Codec<number> = {
  read: (from) => Number(from.i64()),
  write: (to, value) => to.i64(BigInt(value)),
}

export const text: Codec<string> = {
  read: (from) => from.text(),
  write(to, value) {
    const bytes = Buffer.from(value, 'utf8')
    if (bytes.length > maxStringBytes)
      throw new ProtocolError(`a string of ${bytes.length} bytes is over libvirt's limit`)
    to.u32(bytes.length)
    to.fixed(bytes)
  },
}

export const opaque: Codec<Uint8Array> = {
  read: (from) => Uint8Array.prototype.slice.call(from.fixed(from.length(maxStringBytes))),
  write(to, value) {
    to.u32(value.length)
    to.fixed(value)
  },
}

/** 16 raw bytes, shown as `8-4-4-4-12` hexadecimal digits. */
export const uuid: Codec<string> = {
  read(from) {
    const hex = from.fixed(16).toString('hex')
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
  },
  write(to, value) {
    const bytes = Buffer.from(value.replaceAll('-', ''), 'hex')
    if (bytes.length !== 16) throw new ProtocolError(`"${value}" is not a uuid`)
    to.fixed(bytes)
  },
}

/** `char x[n]`: every character takes a word; read up to the first NUL. */
export function chars(count: number): Codec<string> {
  return {
    read(from) {
      const codes = Array.from({ length: count }, () => from.i32())
      const end = codes.indexOf(0)
      return String.fromCharCode(...codes.slice(0, end < 0 ? count : end).map((code) => code & 0xff))
    },
    write(to, value) {
      for (let at = 0; at < count; at++) to.i32(at < value.length ? value.charCodeAt(at) : 0)
    },
  }
}

/** `undefined` is absent. */
export function optional<T>(of: Codec<T>): Codec<T | undefined> {
  return {
    read: (from) => (from.u32() === 0 ? undefined : of.read(from)),
    write(to, value) {
      to.u32(value === undefined ? 0 : 1)
      if (value !== undefined) of.write(to, value)
    },
  }
}

export function list<T>(of: Codec<T>, limit = maxItems): Codec<T[]> {
  return {
    read(from) {
      const count = from.length(limit)
      // An item takes a word at least: a count beyond that is a lie, and must not make us allocate for it.
      if (count * 4 > from.remaining)
        throw new ProtocolError(`${count} items do not fit in ${from.remaining} bytes`)
      const items: T[] = []
      for (let n = 0; n < count; n++) items.push(of.read(from))
      return items
    },
    write(to, value) {
      to.u32(value.length)
      for (const item of value) of.write(to, item)
    },
  }
}

type Fields = Readonly<Record<string, Codec<unknown>>>
type StructOf<F extends Fields> = { [K in keyof F]: Of<F[K]> }

export function struct<const F extends { readonly [name: string]: Codec<never> | Codec<unknown> }>(
  fields: F,
): Codec<{ [K in keyof F]: Of<F[K]> }> {
  const entries = Object.entries(fields) as [string, Codec<unknown>][]
  return {
    read(from) {
      const value: Record<string, unknown> = {}
      for (const [name, codec] of entries) value[name] = codec.read(from)
      return value as StructOf<Fields> as { [K in keyof F]: Of<F[K]> }
    },
    write(to, value) {
      for (const [name, codec] of entries) codec.write(to, (value as Record<string, unknown>)[name])
    },
  }
}

export const nothing: Codec<undefined> = { read: () => undefined, write: () => undefined }
