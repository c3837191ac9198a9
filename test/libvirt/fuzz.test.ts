import { describe, expect, it } from 'vitest'
import { messages } from '../../src/libvirt/event-registration.js'
import { encodeFrame, FrameReader, messageTypes, statuses } from '../../src/libvirt/frames.js'
import type { Procedure } from '../../src/libvirt/procedure.js'
import { procedures } from '../../src/libvirt/procedures/index.js'
import { RemoteError } from '../../src/libvirt/types.js'
import { type Codec, ProtocolError, Reader, Writer } from '../../src/libvirt/xdr.js'

const frames = 1_000_000
/** Set it to see a failure again. */
const seed = Number(process.env.QNAV_FUZZ_SEED ?? Date.now() % 2 ** 31)

/** mulberry32: quick, and the same numbers for the same seed. */
function randomOf(state: number): (below: number) => number {
  let a = state
  return (below) => {
    a = (a + 0x6d2b79f5) | 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

type Decoded = Pick<Procedure<unknown, unknown>, 'program' | 'number'> & {
  codec: Codec<unknown>
  name: string
}

const replies: Decoded[] = Object.values(procedures).map(({ program, number, reply, name }) => ({
  program,
  number,
  name,
  codec: reply as Codec<unknown>,
}))
const events: Decoded[] = Object.values(messages).map(({ program, number, args, name }) => ({
  program,
  number,
  name,
  codec: args as Codec<unknown>,
}))
const all = [
  ...replies,
  ...events,
  { program: 0, number: 0, name: 'error', codec: RemoteError as Codec<unknown> },
]

/** Small numbers read as lengths, flags and values: some of such data is a valid message, and is written out again. */
function validPayloads(decoded: Decoded, random: (below: number) => number): Buffer[] {
  const found: Buffer[] = [Buffer.alloc(0)]
  for (let attempt = 0; attempt < 60 && found.length < 4; attempt++) {
    const bytes = Buffer.alloc(4 * 256)
    for (let word = 0; word < 256; word++) bytes.writeUInt32BE(random(8), word * 4)
    try {
      const value = decoded.codec.read(new Reader(bytes))
      const writer = new Writer()
      decoded.codec.write(writer, value)
      found.push(Buffer.from(writer.finish()))
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
    }
  }
  return found
}

function mutate(bytes: Buffer, random: (below: number) => number): Buffer {
  const times = 1 + random(4)
  let result = Buffer.from(bytes)
  for (let n = 0; n < times && result.length > 0; n++) {
    const at = random(result.length)
    switch (random(6)) {
      case 0:
        result[at] = (result[at] ?? 0) ^ (1 << random(8))
        break
      case 1:
        result[at] = random(256)
        break
      case 2:
        if (at + 4 <= result.length)
          result.writeUInt32BE([0, 1, 0xffffffff, 0x7fffffff, 1 << 20, 5][random(6)] ?? 0, at)
        break
      case 3:
        result = result.subarray(0, at)
        break
      case 4:
        result = Buffer.concat([result.subarray(0, at), Buffer.alloc(4, random(256)), result.subarray(at)])
        break
      default:
        result = Buffer.concat([result, Buffer.alloc(random(16), random(256))])
    }
  }
  return result
}

describe('damaged messages', () => {
  it(`end in a ProtocolError or a value, a million of them (seed ${seed})`, { timeout: 300_000 }, () => {
    const random = randomOf(seed)
    const samples = all.flatMap((decoded) =>
      validPayloads(decoded, random).map((payload) => ({
        decoded,
        frame: encodeFrame({
          program: decoded.program,
          procedure: decoded.number,
          type: messageTypes.reply,
          serial: 1,
          status: statuses.ok,
          payload,
        }),
      })),
    )
    expect(samples.length).toBeGreaterThan(all.length * 1.5)
    const outcome = { read: 0, refused: 0, incomplete: 0 }
    const before = process.memoryUsage().rss
    for (let n = 0; n < frames; n++) {
      const sample = samples[random(samples.length)]
      if (sample === undefined) throw new Error('no sample')
      const bytes = mutate(sample.frame, random)
      const reader = new FrameReader()
      const cut = random(bytes.length + 1)
      try {
        const found = [...reader.push(bytes.subarray(0, cut)), ...reader.push(bytes.subarray(cut))]
        if (found.length === 0) outcome.incomplete++
        for (const { payload } of found) {
          sample.decoded.codec.read(new Reader(payload))
          outcome.read++
        }
      } catch (error) {
        if (!(error instanceof ProtocolError)) {
          throw new Error(`${sample.decoded.name}, frame ${n} of seed ${seed}: ${bytes.toString('hex')}`, {
            cause: error,
          })
        }
        outcome.refused++
      }
    }
    // Each kind of end was met, so that the mutations did reach every stage.
    expect(Math.min(outcome.read, outcome.refused, outcome.incomplete)).toBeGreaterThan(frames / 50)
    expect(process.memoryUsage().rss - before).toBeLessThan(400 * 1024 * 1024)
  })
})
