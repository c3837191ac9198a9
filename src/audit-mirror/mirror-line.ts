/** An entry as one line for those who take no long ones. */
import { z } from 'zod'
import type { AuditRecord } from '../store/index.js'

const outer = z.looseObject({ previous: z.string(), hash: z.string(), entry: z.looseObject({}) })
const shortChars = 200

/** The line of the log itself where it is short enough. Otherwise `cut` says how long it was, and it keeps its number, its
 * hashes and what is short in it: it can still be compared with the log. `most` are bytes, at least 1000. */
export function mirrorLine({ seq, at, entry, line }: AuditRecord, most: number): string {
  if (Buffer.byteLength(line) <= most) return line
  const { previous, hash } = outer.parse(JSON.parse(line))
  const kept: Record<string, unknown> = { event: entry.event }
  const written = () => JSON.stringify({ seq, at, previous, entry: kept, cut: line.length, hash })
  for (const [name, value] of Object.entries(entry)) {
    if ((JSON.stringify(value) ?? '').length > shortChars || name.length > shortChars) continue
    kept[name] = value
    if (Buffer.byteLength(written()) > most) delete kept[name]
  }
  return written()
}
