/** The form of the audit log's lines: each holds the hash of the one before and its own, over its exact bytes. */
import { createHash } from 'node:crypto'
import { z } from 'zod'

/** The last entry of a chain. */
export interface ChainEnd {
  /** 0 before the first entry. */
  seq: number
  hash: string
}

/** What the first entry names as the one before it. */
export const chainStart: ChainEnd = { seq: 0, hash: '0'.repeat(64) }

const suffixOf = (hash: string) => `,"hash":"${hash}"}`
const suffixBytes = suffixOf('').length + 64

const outerForm = z.object({
  seq: z.int().positive(),
  at: z.string(),
  previous: z.string(),
  hash: z.string(),
})

/** The next line (with its line feed) and the chain's new end. `entryJson` is one line of JSON. */
export function nextLine(end: ChainEnd, at: string, entryJson: string): { line: string; end: ChainEnd } {
  const seq = end.seq + 1
  const body = `{"seq":${seq},"at":${JSON.stringify(at)},"previous":"${end.hash}","entry":${entryJson}`
  const hash = sha256(Buffer.from(body))
  return { line: `${body}${suffixOf(hash)}\n`, end: { seq, hash } }
}

/** The entry that stands for what was cut off at the beginning of the log. */
export const cutEvent = 'audit.cut'

const cutForm = z.object({
  entry: z.object({
    event: z.literal(cutEvent),
    upTo: z.object({ seq: z.int().positive(), hash: z.string() }),
  }),
})

/** Up to which entry this line says that the log was cut; undefined for every other line. */
export function cutIn(line: Buffer): ChainEnd | undefined {
  if (!line.includes(cutEvent)) return undefined
  const cut = cutForm.safeParse(parseJson(line.toString('utf8')))
  return cut.success ? cut.data.entry.upTo : undefined
}

export type LineCheck = { ok: true; end: ChainEnd; previous: string } | { ok: false; problem: string }

/** Checks one line (without its line feed) by itself. */
export function checkLine(line: Buffer): LineCheck {
  const body = line.subarray(0, Math.max(0, line.length - suffixBytes))
  const hash = sha256(body)
  if (line.subarray(body.length).toString('latin1') !== suffixOf(hash)) {
    return { ok: false, problem: 'its hash does not fit its content' }
  }
  const outer = outerForm.safeParse(parseJson(line.toString('utf8')))
  if (!outer.success) return { ok: false, problem: 'it is not an entry of an audit log' }
  return { ok: true, end: { seq: outer.data.seq, hash }, previous: outer.data.previous }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
