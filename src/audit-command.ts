/** `qnav audit verify`: whether the audit log is as it was written. */
import { readEnvironment, withDotEnv } from './config/index.js'
import { UserError } from './errors.js'
import { verifyAuditLog } from './store/index.js'

export async function auditCommand(env: NodeJS.ProcessEnv, words: string[]): Promise<number> {
  if (words.join(' ') !== 'verify') {
    throw new UserError('unknown-command', `qnav audit takes "verify", not "${words.join(' ')}".`, {
      fix: 'Type `qnav audit verify`.',
    })
  }
  const cwd = process.cwd()
  const { dataDirectory } = readEnvironment(await withDotEnv(env, cwd), cwd)
  const verdict = await verifyAuditLog({ path: dataDirectory })
  if (verdict.intact) {
    process.stdout.write(`The audit log is intact: ${verdict.entries} entries.\n`)
    return 0
  }
  process.stderr.write(`The audit log was changed at line ${verdict.line}: ${verdict.problem}\n`)
  return 1
}
