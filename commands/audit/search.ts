import { z } from 'zod'
import {
  type AuditHit,
  type AuditQuery,
  dateTimeOrAgo,
  defineCommand,
  jobRef,
  quoteWord,
  text,
  wholeNumber,
} from '../../src/command/index.js'
import { count, timeInWords } from '../../src/report/index.js'

/** Characters of what is told of one entry; all of it is in `qnav audit export`. */
const longestDetail = 300

export default defineCommand({
  summary: 'Look into the audit log, the newest first',
  details: [
    'Every part that is given must fit. Times are a date (2026-01-31), a time (2026-01-31T14:00Z), or how long ago (7d, 12h). What is looked for here is audited itself. All of an entry, and whether the log was changed, is told by `qnav audit export` and `qnav audit verify` where the bot runs.',
  ],
  examples: [
    'audit search --about web1 --since 7d',
    'audit search --event refused',
    'audit search --by ann --command "vm delete"',
  ],
  risk: 'read',
  needs: 'admin',
  audited: true,
  args: z.object({
    about: text().optional().describe('A VM or a host, by its whole name'),
    by: text().optional().describe('Who did it: name or id'),
    job: jobRef().optional().describe('One job'),
    event: text().optional().describe('What happened, such as refused or job.failed'),
    command: text().optional().describe('How the command line begins, in whole words'),
    since: dateTimeOrAgo().optional().describe('Not before'),
    until: dateTimeOrAgo().optional().describe('Not after'),
    before: wholeNumber({ min: 1, max: 1_000_000_000_000 })
      .optional()
      .describe('Only entries before the one of this number'),
    limit: wholeNumber({ min: 1, max: 100 }).default(20).describe('How many at most'),
  }),
  aliases: {},

  async run({ before, limit, ...filter }, { audit }) {
    const query: AuditQuery = Object.fromEntries(
      Object.entries(filter).filter(([, value]) => value !== undefined),
    )
    const { hits, more, gaveUpAt } = await audit.search(query, {
      limit,
      ...(before === undefined ? {} : { before }),
    })
    return {
      title: hits.length === 0 ? 'Nothing found' : count(hits.length, 'entry', 'entries'),
      tone: gaveUpAt === undefined ? 'info' : 'warn',
      ...(gaveUpAt === undefined
        ? {}
        : { summary: `It took too long: looked back as far as ${timeInWords(gaveUpAt)}.` }),
      table: {
        columns: ['No.', 'When', 'What', 'Job', 'Who', 'Details'],
        rows: hits.map(rowOf),
      },
      actions: more === undefined ? [] : [{ label: 'Older', command: lineOf(query, limit, more) }],
    }
  },
})

function rowOf({ seq, at, event, job, by, detail }: AuditHit): string[] {
  const shown = detail.length <= longestDetail ? detail : `${detail.slice(0, longestDetail)}…`
  return [String(seq), timeInWords(at), event, job, by, shown]
}

function lineOf(query: AuditQuery, limit: number, before: number): string {
  const flags = Object.entries(query).map(([name, value]) => `--${name} ${quoteWord(value)}`)
  return ['audit search', ...flags, ...(limit === 20 ? [] : [`--limit ${limit}`]), `--before ${before}`].join(
    ' ',
  )
}
