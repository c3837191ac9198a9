import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Domain, RemoteError, StatsRecord, TypedParam } from '../../src/libvirt/types.js'
import {
  type Codec,
  chars,
  list,
  opaque,
  optional,
  ProtocolError,
  Reader,
  text,
  u32,
  u64,
  uuid,
  Writer,
} from '../../src/libvirt/xdr.js'

function encode<T>(codec: Codec<T>, value: T): Buffer {
  const writer = new Writer(8)
  codec.write(writer, value)
  return Buffer.from(writer.finish())
}

function decode<T>(codec: Codec<T>, bytes: Buffer): T {
  const reader = new Reader(bytes)
  const value = codec.read(reader)
  expect(reader.remaining).toBe(0)
  return value
}

const anyText = fc.string({ unit: 'grapheme', maxLength: 60 })
const anyUuid = fc.uuid()
const anyParam = fc.record({
  field: anyText,
  value: fc.oneof(fc.nat({ max: 2 ** 40 }), fc.boolean(), anyText, fc.double({ noNaN: true, max: -0.5 })),
})

describe('the codec', () => {
  it('pads strings to four bytes', () => {
    expect(encode(text, 'abcde').toString('hex')).toBe('00000005616263646500 0000'.replace(' ', ''))
  })

  it('gives back every value it was given', () => {
    fc.assert(
      fc.property(anyText, (value) => {
        expect(decode(text, encode(text, value))).toBe(value)
      }),
    )
    fc.assert(
      fc.property(anyUuid, (value) => {
        expect(decode(uuid, encode(uuid, value))).toBe(value)
      }),
    )
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        expect(decode(u64, encode(u64, value))).toBe(value)
      }),
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 50 }), (value) => {
        expect([...decode(opaque, encode(opaque, value))]).toEqual([...value])
      }),
    )
    const params = list(optional(TypedParam))
    fc.assert(
      fc.property(fc.array(fc.option(anyParam, { nil: undefined }), { maxLength: 8 }), (value) => {
        expect(decode(params, encode(params, value))).toEqual(value)
      }),
    )
  })

  it('reads fixed character arrays up to their end', () => {
    expect(decode(chars(8), encode(chars(8), 'x86_64'))).toBe('x86_64')
  })

  it('answers damaged data with a ProtocolError and nothing else', () => {
    const whole = encode(list(StatsRecord), [
      {
        dom: { name: 'web1', uuid: '0f26f6b4-123b-4196-bbff-7cd190987a70', id: 3 },
        params: [{ field: 'state.state', value: 1 }],
      },
    ])
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: whole.length - 1 }), fc.nat({ max: 255 })), {
          minLength: 1,
          maxLength: 6,
        }),
        fc.nat({ max: whole.length }),
        (changes, length) => {
          const bytes = Buffer.from(whole)
          for (const [at, value] of changes) bytes[at] = value
          try {
            list(StatsRecord).read(new Reader(bytes.subarray(0, length)))
          } catch (error) {
            expect(error).toBeInstanceOf(ProtocolError)
          }
        },
      ),
      { numRuns: 5000 },
    )
  })

  it('does not allocate for a count that the message cannot hold', () => {
    const lie = encode(u32, 0x000fffff)
    expect(() => list(Domain).read(new Reader(lie))).toThrow('do not fit')
    expect(() => text.read(new Reader(encode(u32, 0xffffffff)))).toThrow('over the limit')
  })

  it('reads an error reply with everything absent', () => {
    const bytes = Buffer.alloc(4 * 11)
    bytes.writeInt32BE(42, 0)
    expect(RemoteError.read(new Reader(bytes))).toMatchObject({
      code: 42,
      message: undefined,
      dom: undefined,
    })
  })
})
