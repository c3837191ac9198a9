/** Pictures as QEMU before 7.1 takes them (portable pixmap, P6), turned into PNG (RFC 2083). */
import { crc32, deflateSync } from 'node:zlib'

const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const bitDepth = 8
const trueColor = 2

export function isPng(picture: Buffer): boolean {
  return picture.subarray(0, signature.length).equals(signature)
}

/** Undefined for what is no pixmap of 8 bits a colour, or has not all its pixels. */
export function pngOfPixmap(picture: Buffer): Buffer | undefined {
  const head = /^P6\s+(\d{1,5})\s+(\d{1,5})\s+255\s/.exec(picture.subarray(0, 64).toString('latin1'))
  if (head === null) return undefined
  const [width, height] = [Number(head[1]), Number(head[2])]
  const pixels = picture.subarray(head[0].length)
  const rowBytes = width * 3
  if (width === 0 || height === 0 || pixels.length < rowBytes * height) return undefined
  // Each row begins with its filter: none.
  const rows = Buffer.alloc((rowBytes + 1) * height)
  for (let row = 0; row < height; row += 1) {
    pixels.copy(rows, row * (rowBytes + 1) + 1, row * rowBytes, (row + 1) * rowBytes)
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header[8] = bitDepth
  header[9] = trueColor
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const check = Buffer.alloc(4)
  check.writeUInt32BE(crc32(named))
  return Buffer.concat([length, named, check])
}
