/** `qnav audit`: whether the audit log is as it was written, and what is in it. */
import { existsSync } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import { type AuditFilter, auditMatcher, csvHeader, csvRow, searchAudit, searchLine } from './audit-search.js'
import { readEnvironment, withDotEnv } from './config/index.js'
import { UserError } from './errors.js'
import { readAuditLog, verifyAuditLog } from './store/index.js'

const options = {
  by: { type: 'string' },
  job: { type: 'string' },
  event: { type: 'string' },
  about: { type: 'string' },
  command: { type: 'string' },
  since: { type: 'string' },
  until: { type: 'string' },
  limit: { type: 'string', default: '50' },
  before: { type: 'string' },
  seen: { type: 'string' },
  format: { type: 'string', default: 'jsonl' },
} as const

/** `words` are what was typed after "audit". The exit code: 0, or 1 when the log was changed. */
export async function auditCommand(env: NodeJS.ProcessEnv, words: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: words, options, allowPositionals: true, strict: true })
  const verb = positionals.join(' ')
  if (verb !== 'verify' && verb !== 'search' && verb !== 'export') {
    throw new UserError(
      'unknown-command',
      `qnav audit takes "verify", "search" or "export", not "${verb}".`,
      {
        fix: 'Type `qnav audit verify`.',
      },
    )
  }
  const isWanted = auditMatcher(values, new Date())
  const limit = countOf('limit', values.limit)
  const before = values.before === undefined ? Number.POSITIVE_INFINITY : countOf('before', values.before)
  if (values.format !== 'jsonl' && values.format !== 'csv') {
    throw new UserError('bad-argument', `--format "${values.format}" is neither jsonl nor csv.`, {
      fix: 'Give --format jsonl or --format csv.',
    })
  }
  const data = { path: await dataDirectoryOf(env) }
  if (verb === 'verify') return verify(data, values.seen)
  if (verb === 'search') await print(search(data, values, { limit, before }))
  else await print(exported(data, { isWanted, isCsv: values.format === 'csv' }))
  return 0
}

async function dataDirectoryOf(env: NodeJS.ProcessEnv): Promise<string> {
  const cwd = process.cwd()
  const { dataDirectory } = readEnvironment(await withDotEnv(env, cwd), cwd)
  if (existsSync(dataDirectory)) return dataDirectory
  throw new UserError('bad-config', `There is no data directory ${dataDirectory}.`, {
    fix: 'Set QNAV_DATA_DIR to that of the bot, or run this where the bot runs.',
  })
}

async function verify(data: { path: string }, typed: string | undefined): Promise<number> {
  const seen = typed === undefined ? undefined : entryNamed(typed)
  const verdict = await verifyAuditLog(data, seen === undefined ? {} : { seen })
  if (verdict.intact) {
    const { entries, end, cut } = verdict
    const older =
      cut === undefined
        ? ''
        : `, from number ${cut.seq + 1} on; what is older was cut off, and the log says so`
    process.stdout.write(
      `The audit log is intact: ${entries === 1 ? '1 entry' : `${entries} entries`}${older}.\n`,
    )
    if (seen !== undefined && cut !== undefined && seen.seq <= cut.seq)
      process.stdout.write(`Entry ${seen.seq} was cut off since.\n`)
    if (end.seq > 0)
      process.stdout.write(
        `Note its end, to see next time that it is still there: --seen ${end.seq}:${end.hash}\n`,
      )
    return 0
  }
  process.stderr.write(`The audit log was changed at line ${verdict.line}: ${verdict.problem}\n`)
  return 1
}

type Wanted = ReturnType<typeof auditMatcher>

async function* search(
  data: { path: string },
  filter: AuditFilter,
  { limit, before }: { limit: number; before: number },
): AsyncGenerator<string> {
  const { records, more } = await searchAudit(data, filter, {
    limit,
    before,
    withinMs: Number.POSITIVE_INFINITY,
  })
  for (const record of records) yield searchLine(record)
  if (records.length === 0) yield 'Nothing found.\n'
  if (more !== undefined) yield `There are more: the same with --before ${more}\n`
}

async function* exported(
  data: { path: string },
  { isWanted, isCsv }: { isWanted: Wanted; isCsv: boolean },
): AsyncGenerator<string> {
  if (isCsv) yield csvHeader
  for await (const record of readAuditLog(data)) {
    if (isWanted(record)) yield isCsv ? csvRow(record) : `${record.line}\n`
  }
}

/** As fast as the reader takes it; one that has enough (`| head`) ends it. */
async function print(lines: AsyncGenerator<string>): Promise<void> {
  try {
    await pipeline(Readable.from(lines), process.stdout, { end: false })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPIPE')) throw error
  }
}

function entryNamed(text: string): { seq: number; hash: string } {
  const [, seq, hash] = /^([1-9]\d{0,14}):([0-9a-f]{64})$/.exec(text) ?? []
  if (seq !== undefined && hash !== undefined) return { seq: Number(seq), hash }
  throw new UserError('bad-argument', `--seen "${text}" is no end of an audit log.`, {
    fix: 'Give what `qnav audit verify` printed: --seen 4012:5f3a…',
  })
}

function countOf(flag: string, text: string): number {
  const count = Number(text)
  if (/^\d{1,15}$/.test(text) && count > 0) return count
  throw new UserError('bad-argument', `--${flag} "${text}" is not a whole number above 0.`, {
    fix: `Give a number, for example --${flag} 100.`,
  })
}
