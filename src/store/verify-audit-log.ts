/** Reads an audit log from its first line and finds any edit, cut, insertion or reordering. */
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import type { ChainEnd } from './audit-chain.js'
import { auditHeadName, readHead } from './audit-head.js'
import { auditFileName } from './audit-log.js'
import { type AuditVerdict, AuditVerifier } from './audit-verifier.js'
import { errnoOf, storeFailed } from './store-errors.js'

/** Works while the bot runs; an entry that is just being written is not counted. `seen` is an entry
 * that was there once. Rejects with `store-failed`. */
export async function verifyAuditLog(
  data: { path: string },
  { seen }: { seen?: ChainEnd } = {},
): Promise<AuditVerdict> {
  const path = join(data.path, auditFileName)
  try {
    // Read before the log: the log goes on while it is read, so it may be ahead of this, never behind.
    const verifier = new AuditVerifier(await readHead(join(data.path, auditHeadName)), { seen })
    return (await firstProblem(path, verifier)) ?? verifier.finish()
  } catch (error) {
    throw storeFailed('verify', path, error)
  }
}

async function firstProblem(path: string, verifier: AuditVerifier): Promise<AuditVerdict | undefined> {
  try {
    for await (const chunk of createReadStream(path)) {
      const problem = verifier.add(chunk)
      if (problem !== undefined) return problem
    }
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
  }
  return undefined
}
