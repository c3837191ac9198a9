import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeFrame, type Frame, FrameReader } from '../../src/libvirt/frames.js'
import { ProtocolError } from '../../src/libvirt/xdr.js'

const anyFrame: fc.Arbitrary<Frame> = fc.record({
  program: fc.constantFrom(0x20008086, 0x6b656570),
  procedure: fc.nat({ max: 500 }),
  type: fc.nat({ max: 6 }),
  serial: fc.nat(),
  status: fc.nat({ max: 2 }),
  payload: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
})

describe('the frame reader', () => {
  it('finds the same frames however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(anyFrame, { maxLength: 6 }),
        fc.array(fc.integer({ min: 1, max: 90 })),
        (frames, sizes) => {
          const bytes = Buffer.concat(frames.map(encodeFrame))
          const reader = new FrameReader()
          const found: Frame[] = []
          let at = 0
          for (let n = 0; at < bytes.length; n++) {
            const size = sizes[n % Math.max(1, sizes.length)] ?? 17
            found.push(...reader.push(bytes.subarray(at, at + size)))
            at += size
          }
          expect(found.map((frame) => ({ ...frame, payload: frame.payload.toString('hex') }))).toEqual(
            frames.map((frame) => ({ ...frame, payload: frame.payload.toString('hex') })),
          )
        },
      ),
    )
  })

  it('refuses a length that no frame can have', () => {
    for (const length of [0, 27, 33_554_437, 0xffffffff]) {
      const bytes = Buffer.alloc(28)
      bytes.writeUInt32BE(length)
      expect(() => new FrameReader().push(bytes)).toThrow(ProtocolError)
    }
  })
})
