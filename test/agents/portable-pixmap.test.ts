import { inflateSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isPng, pngOfPixmap } from '../../src/agents/portable-pixmap.js'

const pixmap = (width: number, height: number, pixels: Uint8Array) =>
  Buffer.concat([Buffer.from(`P6\n${width} ${height}\n255\n`), pixels])

/** The pixels of a PNG that has no filters, by its chunks. */
function pixelsOf(png: Buffer): { width: number; height: number; pixels: Buffer } {
  const width = png.readUInt32BE(16)
  const height = png.readUInt32BE(20)
  const length = png.readUInt32BE(33)
  expect(png.subarray(37, 41).toString()).toBe('IDAT')
  const rows = inflateSync(png.subarray(41, 41 + length))
  const row = width * 3
  const pixels = Array.from({ length: height }, (_, at) =>
    rows.subarray(at * (row + 1) + 1, (at + 1) * (row + 1)),
  )
  return { width, height, pixels: Buffer.concat(pixels) }
}

describe('a portable pixmap', () => {
  it('becomes a PNG with the same pixels', () => {
    const size = fc.integer({ min: 1, max: 12 })
    fc.assert(
      fc.property(
        size.chain((width) =>
          size.chain((height) =>
            fc
              .uint8Array({ minLength: width * height * 3, maxLength: width * height * 3 })
              .map((pixels) => ({ width, height, pixels })),
          ),
        ),
        ({ width, height, pixels }) => {
          const png = pngOfPixmap(pixmap(width, height, pixels)) ?? Buffer.alloc(0)
          expect(isPng(png)).toBe(true)
          expect(pixelsOf(png)).toEqual({ width, height, pixels: Buffer.from(pixels) })
        },
      ),
    )
  })

  it.each([
    ['another picture', Buffer.from('GIF89a')],
    ['16 bits a colour', Buffer.from('P6\n1 1\n65535\n000000')],
    ['no size', pixmap(0, 0, Buffer.alloc(0))],
    ['pixels that are missing', pixmap(2, 2, Buffer.alloc(11))],
    ['nothing', Buffer.alloc(0)],
  ])('is none when it has %s', (_, picture) => {
    expect(pngOfPixmap(picture)).toBeUndefined()
    expect(isPng(picture)).toBe(false)
  })
})
