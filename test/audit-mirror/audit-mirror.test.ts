/** What the audit log has, others get: in order, from where they stopped, and nobody waits for them. */
import { rm } from 'node:fs/promises'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { openAuditMirrors, type Sink } from '../../src/audit-mirror/index.js'
import { systemClock } from '../../src/jobs/index.js'
import { openAuditLog } from '../../src/store/index.js'
import { aDirectory, aLog } from '../store/temporary-data.js'

/** A hundred times as fast. */
const clock = { ...systemClock, after: (ms: number, wake: () => void) => systemClock.after(ms / 100, wake) }
const wanted = { channel: 'C0AUDIT', journald: false }

/** Keeps what it is given, unless it is away. */
class Keeper implements Sink {
  readonly seqs: number[] = []
  readonly batches: number[] = []
  isAway = false
  tries = 0

  async take(records: Parameters<Sink['take']>[0]): Promise<void> {
    this.tries += 1
    if (this.isAway) throw new Error('away')
    this.batches.push(records.length)
    this.seqs.push(...records.map(({ seq }) => seq))
  }

  async stop(): Promise<void> {}
}

async function aMirroredLog({ sink = new Keeper(), path = '' }: { sink?: Keeper; path?: string } = {}) {
  const data = { path: path || (await aDirectory()) }
  const { log, text } = aLog()
  let now = Date.parse('2026-01-01')
  const audit = await openAuditLog(data, { log, now: () => new Date(now) })
  const start = async (with_: Sink = sink) => {
    const mirrors = await openAuditMirrors(wanted, { audit, data, channelSink: () => with_, log, clock })
    mirrors.start()
    onTestFinished(() => mirrors.stop())
    return mirrors
  }
  onTestFinished(() => audit.close())
  const append = async (entries: number) => {
    await Promise.all(Array.from({ length: entries }, (_, n) => audit.append({ event: 'test', n })))
  }
  return { audit, sink, start, append, text, data, pass: (ms: number) => (now += ms) }
}
const upTo = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, n) => first + n)
const has = (sink: Keeper, seqs: number[]) =>
  vi.waitFor(() => expect(sink.seqs).toEqual(seqs), { timeout: 5000 })

describe('a mirror of the audit log', () => {
  it('gets every entry once and in order, from when it was first asked for', async () => {
    const { sink, start, append } = await aMirroredLog()
    await append(3)
    await start()
    await append(500)
    await append(1)
    await has(sink, upTo(4, 504))
  })

  it('goes on after a restart where it stopped', async () => {
    const { sink, start, append } = await aMirroredLog()
    const mirrors = await start()
    await append(2)
    await has(sink, [1, 2])
    await mirrors.stop()
    await append(3)
    await start()
    await has(sink, [1, 2, 3, 4, 5])
    await append(1)
    await has(sink, upTo(1, 6))
  })

  it('that was away gets what came meanwhile, however much, in pieces', async () => {
    const { sink, start, append, text } = await aMirroredLog()
    sink.isAway = true
    await start()
    for (let n = 0; n < 6; n += 1) await append(500)
    await vi.waitFor(() => expect(sink.tries).toBeGreaterThan(2))
    sink.isAway = false
    await has(sink, upTo(1, 3000))
    expect(Math.max(...sink.batches)).toBeLessThanOrEqual(200)
    // However often it was tried, it is told once.
    expect(text().match(/cannot be mirrored/g)).toHaveLength(1)
  })

  it('that was away gets large entries too, and holds none of them in memory for long', async () => {
    const { audit, sink, start } = await aMirroredLog()
    sink.isAway = true
    await start()
    const large = { event: 'test', text: 'x '.repeat(60_000) }
    for (let n = 0; n < 60; n += 1) await audit.append(large)
    sink.isAway = false
    await has(sink, upTo(1, 60))
    expect(Math.max(...sink.batches)).toBeLessThanOrEqual(10)
  })

  it('that hangs holds up nobody who appends, and not the end of the bot', async () => {
    const { start, append } = await aMirroredLog()
    let stopped = () => {}
    const hanging: Sink = {
      take: () => new Promise((_, reject) => (stopped = () => reject(new Error('stopped')))),
      stop: async () => stopped(),
    }
    const mirrors = await start(hanging)
    await append(300)
    await mirrors.stop()
  })

  it('says which entries were cut off before it got them', async () => {
    const { audit, sink, start, append, text, pass } = await aMirroredLog()
    const mirrors = await start()
    await append(1)
    await has(sink, [1])
    await mirrors.stop()
    await append(4)
    pass(10_000)
    await append(1)
    expect(await audit.retain(5000)).toBe(5)
    await start()
    await has(sink, [1, 6, 7])
    expect(text()).toContain('"from":2,"to":5')
  })

  it('begins anew with a log that begins anew', async () => {
    const first = await aMirroredLog()
    const mirrors = await first.start()
    await first.append(5)
    await has(first.sink, upTo(1, 5))
    await mirrors.stop()
    await first.audit.close()
    for (const file of ['audit.jsonl', 'audit.head']) await rm(`${first.data.path}/${file}`)
    const second = await aMirroredLog({ path: first.data.path })
    await second.append(2)
    await second.start()
    await has(second.sink, [1, 2])
  })
})
