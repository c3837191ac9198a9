/** Reads an audit log from its first line and finds any edit, cut, insertion or reordering. */
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { type ChainEnd, chainStart, checkLine } from './audit-chain.js'
import { readHead } from './audit-head.js'
import { auditFileName, auditHeadName } from './audit-log.js'
import { errnoOf, storeFailed } from './store-errors.js'

export type AuditVerdict =
  | { intact: true; entries: number }
  /** `line` counts from 1; `entries` were good before it. */
  | { intact: false; entries: number; line: number; problem: string }

const lineFeed = 0x0a
/** Longer than any entry (audit-log.ts bounds them). */
const maxLineBytes = 4 * 1024 * 1024

/** Works while the bot runs; an entry that is just being written is not counted. Rejects with `store-failed`. */
export async function verifyAuditLog(data: { path: string }): Promise<AuditVerdict> {
  const path = join(data.path, auditFileName)
  try {
    // Read before the log: the log goes on while it is read, so it may be ahead of this, never behind.
    const head = await readHead(join(data.path, auditHeadName))
    return await follow(path, head)
  } catch (error) {
    throw storeFailed('verify', path, error)
  }
}

async function follow(path: string, head: ChainEnd | undefined): Promise<AuditVerdict> {
  let end = chainStart
  let unfinished = Buffer.alloc(0)
  const bad = (problem: string): AuditVerdict => ({
    intact: false,
    entries: end.seq,
    line: end.seq + 1,
    problem,
  })
  try {
    for await (const chunk of createReadStream(path)) {
      let rest: Buffer = Buffer.concat([unfinished, chunk])
      for (let at = rest.indexOf(lineFeed); at !== -1; at = rest.indexOf(lineFeed)) {
        const problem = nextProblem(rest.subarray(0, at), end, head)
        if (typeof problem === 'string') return bad(problem)
        end = problem
        rest = rest.subarray(at + 1)
      }
      if (rest.length > maxLineBytes) return bad(`it is longer than ${maxLineBytes} bytes`)
      unfinished = Buffer.from(rest)
    }
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
  }
  if (end.seq > 0 && head === undefined) return bad(`${auditHeadName} is missing, so a cut could not be seen`)
  if (head !== undefined && head.seq > end.seq)
    return bad(`${head.seq - end.seq} entries are missing at the end`)
  return { intact: true, entries: end.seq }
}

/** The chain's end after this line, or what is wrong with it. */
function nextProblem(line: Buffer, end: ChainEnd, head: ChainEnd | undefined): ChainEnd | string {
  const check = checkLine(line)
  if (!check.ok) return check.problem
  if (check.end.seq !== end.seq + 1) return `it is number ${check.end.seq}, and ${end.seq + 1} was next`
  if (check.previous !== end.hash) return 'it does not follow the line before it'
  if (head?.seq === check.end.seq && head.hash !== check.end.hash)
    return `it is not the entry that ${auditHeadName} knows`
  return check.end
}
