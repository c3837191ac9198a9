/** Every small change of a log of 1,000 entries, on the bytes: the same verifier that reads the file. */
import { beforeAll, describe, expect, it } from 'vitest'
import { type ChainEnd, chainStart, nextLine } from '../../src/store/audit-chain.js'
import { AuditVerifier } from '../../src/store/audit-verifier.js'

const entries = 1000
const lineFeed = 0x0a

/** Lines with their line feeds, and where the chain stood before each; the last of `ends` is the log's end. */
const lines: Buffer[] = []
const ends: ChainEnd[] = [chainStart]

beforeAll(() => {
  for (let n = 0; n < entries; n += 1) {
    const at = new Date(Date.UTC(2026, 0, 2) + n * 1000).toISOString()
    const entry = JSON.stringify({ event: 'test', job: `j-${n % 7}`, by: { id: 'U1', name: 'Zoë' }, n })
    const { line, end } = nextLine(endAt(n), at, entry)
    lines.push(Buffer.from(line))
    ends.push(end)
  }
})

function endAt(line: number): ChainEnd {
  const end = ends[line]
  if (end === undefined) throw new Error(`no line ${line}`)
  return end
}

function lineAt(line: number): Buffer {
  return lines[line] ?? Buffer.alloc(0)
}

/**
 * Whether a log is found out that is the good one up to line `from`, and goes on with `changed` and then with the good
 * lines from `to` on. What is before a change is checked as ever, so each try starts where its change is.
 */
function isFound(from: number, changed: Buffer[], to: number): boolean {
  const verifier = new AuditVerifier(endAt(entries), { start: endAt(from) })
  for (const bytes of changed) {
    if (verifier.add(bytes) !== undefined) return true
  }
  for (let line = to; line < entries; line += 1) {
    if (verifier.add(lineAt(line)) !== undefined) return true
  }
  return !verifier.finish().intact
}

/** Places where `change` went unnoticed. */
function missed(change: (line: Buffer, at: number) => Buffer | undefined): string[] {
  const places: string[] = []
  for (const [index, line] of lines.entries()) {
    for (let at = 0; at < line.length; at += 1) {
      const changed = change(line, at)
      if (changed !== undefined && !isFound(index, [changed], index + 1)) places.push(`${index + 1}:${at}`)
    }
  }
  return places
}

function replaced(line: Buffer, at: number, byte: number): Buffer {
  const changed = Buffer.from(line)
  changed[at] = byte
  return changed
}

describe('a log of 1,000 entries', { timeout: 60_000 }, () => {
  it('is intact as it was written', () => {
    expect(isFound(0, [], 0)).toBe(false)
  })

  it('has no byte of which a bit could be changed', () => {
    expect(missed((line, at) => replaced(line, at, (line[at] ?? 0) ^ (1 << (at % 8))))).toEqual([])
  })

  it('has no byte that could become the end of a line', () => {
    expect(missed((line, at) => (line[at] === lineFeed ? undefined : replaced(line, at, lineFeed)))).toEqual(
      [],
    )
  })

  it('has no byte that could be taken out', () => {
    const places = missed((line, at) => Buffer.concat([line.subarray(0, at), line.subarray(at + 1)]))
    expect(places).toEqual([])
  })

  it('has no line with a byte that could become any other', () => {
    for (const index of [0, entries / 2, entries - 1]) {
      const line = lineAt(index)
      for (let at = 0; at < line.length; at += 1) {
        for (let byte = 0; byte < 256; byte += 1) {
          if (byte !== line[at] && !isFound(index, [replaced(line, at, byte)], index + 1)) {
            expect.fail(`line ${index + 1}, byte ${at} as ${byte}`)
          }
        }
      }
    }
  })

  it('has no line that could be taken out or repeated', () => {
    const places = [...lines.keys()].filter(
      (line) => !isFound(line, [], line + 1) || !isFound(line, [lineAt(line), lineAt(line)], line + 1),
    )
    expect(places).toEqual([])
  })

  it('could not be cut after any line', () => {
    expect([...lines.keys()].filter((line) => !isFound(line, [], entries))).toEqual([])
  })

  it('has no two lines that could change places', () => {
    const places: string[] = []
    for (let one = 0; one < entries; one += 1) {
      for (let other = one + 1; other < entries; other += 1) {
        const between = lines.slice(one + 1, other)
        if (!isFound(one, [lineAt(other), ...between, lineAt(one)], other + 1)) places.push(`${one}:${other}`)
      }
    }
    expect(places).toEqual([])
  })
})

describe('a log whose beginning was cut off', () => {
  /** A hundred entries, of which the first 40 were cut off after the 70th was written. */
  const cutUpTo = 40
  const all: Buffer[] = []
  const at: ChainEnd[] = [chainStart]
  beforeAll(() => {
    for (let n = 0; n < 100; n += 1) {
      const end = at[n] ?? chainStart
      const upTo = at[cutUpTo]
      const entry = n === 70 ? { event: 'audit.cut', upTo } : { event: 'test', n }
      const next = nextLine(end, '2026-01-02T03:04:05.000Z', JSON.stringify(entry))
      all.push(Buffer.from(next.line))
      at.push(next.end)
    }
  })
  const verdictOn = (lines: readonly Buffer[], seen?: ChainEnd) => {
    const verifier = new AuditVerifier(at[100], { seen })
    for (const line of lines) {
      const problem = verifier.add(line)
      if (problem !== undefined) return problem
    }
    return verifier.finish()
  }

  it('is intact, and says since when', () => {
    expect(verdictOn(all.slice(cutUpTo))).toEqual({
      intact: true,
      entries: 60,
      end: at[100],
      cut: at[cutUpTo],
    })
    // Before it was really cut.
    expect(verdictOn(all)).toEqual({ intact: true, entries: 100, end: at[100] })
  })

  it('is found out when it begins anywhere else', () => {
    const found = Array.from({ length: 99 }, (_, n) => n + 1).filter(
      (from) => verdictOn(all.slice(from)).intact,
    )
    expect(found).toEqual([cutUpTo])
  })

  it('is found out when the entry that says so is changed, taken out or made up', () => {
    const kept = all.slice(cutUpTo)
    const place = 70 - cutUpTo
    expect(verdictOn(kept.toSpliced(place, 1)).intact).toBe(false)
    const line = kept[place] ?? Buffer.alloc(0)
    for (let byte = 0; byte < line.length; byte += 1) {
      expect(
        verdictOn(kept.with(place, replaced(line, byte, (line[byte] ?? 0) ^ 1))).intact,
        String(byte),
      ).toBe(false)
    }
    // One that names another end of the same number.
    const forged = nextLine(
      at[70] ?? chainStart,
      '2026-01-02T03:04:05.000Z',
      JSON.stringify({
        event: 'audit.cut',
        upTo: { seq: cutUpTo, hash: 'f'.repeat(64) },
      }),
    )
    expect(verdictOn(kept.with(place, Buffer.from(forged.line))).intact).toBe(false)
  })

  it('still has every entry that somebody noted, or has cut it off', () => {
    for (const seen of at.slice(1))
      expect(verdictOn(all.slice(cutUpTo), seen).intact, String(seen.seq)).toBe(true)
    for (const { seq } of at.slice(cutUpTo + 1))
      expect(verdictOn(all.slice(cutUpTo), { seq, hash: 'e'.repeat(64) }).intact, String(seq)).toBe(false)
    expect(verdictOn(all.slice(cutUpTo), { seq: 101, hash: 'e'.repeat(64) })).toMatchObject({ intact: false })
  })
})
