/** `qnav audit verify`: whether the audit log is as it was written. */
import { existsSync } from 'node:fs'
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
  if (!existsSync(dataDirectory)) {
    throw new UserError('bad-config', `There is no data directory ${dataDirectory}.`, {
      fix: 'Set QNAV_DATA_DIR to that of the bot, or run this where the bot runs.',
    })
  }
  const verdict = await verifyAuditLog({ path: dataDirectory })
  if (verdict.intact) {
    const entries = verdict.entries === 1 ? '1 entry' : `${verdict.entries} entries`
    process.stdout.write(`The audit log is intact: ${entries}.\n`)
    return 0
  }
  process.stderr.write(`The audit log was changed at line ${verdict.line}: ${verdict.problem}\n`)
  return 1
}
