import { z } from 'zod'
import {
  choice,
  defineCommand,
  flag,
  jobRef,
  personName,
  stateWords,
  wholeNumber,
} from '../../src/command/index.js'
import { finalStates, isUnreviewed, type JobState } from '../../src/jobs/index.js'
import { count, timeInWords } from '../../src/report/index.js'

const open: JobState[] = ['planning', 'awaiting-approval', 'queued', 'running']

export default defineCommand({
  summary: 'List jobs, the newest first',
  details: [
    'The last jobs that ended are at hand; older ones are in the archive: --all lists them too, and --before goes on behind the last one shown.',
  ],
  examples: [
    'job list',
    'job list --mine',
    'job list --state waiting',
    'job list --unreviewed',
    'job list --all --before j-7k2m9 --limit 50',
  ],
  risk: 'read',
  args: z.object({
    state: choice('open', 'waiting', 'running', 'over', 'failed').optional().describe('Only jobs like this'),
    mine: flag().default(false).describe('Only jobs that you asked for'),
    unreviewed: flag().default(false).describe('Only jobs that ran by break-glass and must be reviewed yet'),
    all: flag().default(false).describe('Also what is in the archive'),
    before: jobRef().optional().describe('Only what stands behind this job; also looks into the archive'),
    limit: wholeNumber({ min: 1, max: 100 }).default(20).describe('How many at most'),
  }),

  async run({ state, mine, unreviewed, all, before, limit }, { jobs, caller, mayDecide }) {
    const filter = {
      ...(state === undefined ? {} : { states: statesOf(state) }),
      ...(mine ? { requester: caller.id } : {}),
      ...(unreviewed ? { unreviewed } : {}),
      limit,
    }
    const isAll = all || before !== undefined
    const found = isAll
      ? await jobs.history({ ...filter, ...(before === undefined ? {} : { before }) })
      : jobs.list(filter)
    const last = found.length === limit ? found.at(-1) : undefined
    const more = [
      'job list',
      ...(state === undefined ? [] : [`--state ${state}`]),
      ...(mine ? ['--mine'] : []),
      ...(unreviewed ? ['--unreviewed'] : []),
      ...(limit === 20 ? [] : [`--limit ${limit}`]),
      `--before ${last?.id}`,
    ].join(' ')
    const waiting = found.filter((job) => job.state === 'awaiting-approval' && mayDecide(job))
    return {
      title: count(found.length, 'job'),
      tone: 'info',
      table: {
        columns: ['Job', 'Command', 'State', 'Asked by', 'When'],
        rows: found.map((job) => [
          job.id,
          job.title,
          isUnreviewed(job) ? `${stateWords[job.state]}, to be reviewed` : stateWords[job.state],
          personName(job.requester),
          timeInWords(job.createdAt),
        ]),
      },
      notes: last === undefined ? [] : [`There may be more: ${more}`],
      actions: [
        ...waiting.slice(0, 5).map(({ id }) => ({ label: `Look at ${id}`, command: `job show ${id}` })),
        ...(last === undefined ? [] : [{ label: 'Older', command: more }]),
      ],
    }
  },
})

function statesOf(word: 'open' | 'waiting' | 'running' | 'over' | 'failed'): JobState[] {
  switch (word) {
    case 'open':
      return open
    case 'waiting':
      return ['awaiting-approval', 'queued']
    case 'running':
      return ['planning', 'running']
    case 'over':
      return [...finalStates]
    case 'failed':
      return ['refused', 'failed']
  }
}
