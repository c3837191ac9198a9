import { z } from 'zod'
import {
  choice,
  defineCommand,
  flag,
  personName,
  stateWords,
  timeInWords,
  wholeNumber,
} from '../../src/command/index.js'
import { finalStates, type JobState } from '../../src/jobs/index.js'
import { count } from '../../src/report/index.js'

const open: JobState[] = ['planning', 'awaiting-approval', 'queued', 'running']

export default defineCommand({
  summary: 'List jobs, the newest first',
  examples: ['job list', 'job list --mine', 'job list --state waiting'],
  risk: 'read',
  args: z.object({
    state: choice('open', 'waiting', 'running', 'over', 'failed').optional().describe('Only jobs like this'),
    mine: flag().default(false).describe('Only jobs that you asked for'),
    limit: wholeNumber({ min: 1, max: 100 }).default(20).describe('How many at most'),
  }),

  async run({ state, mine, limit }, { jobs, caller, mayDecide }) {
    const found = jobs.list({
      ...(state === undefined ? {} : { states: statesOf(state) }),
      ...(mine ? { requester: caller.id } : {}),
      limit,
    })
    const waiting = found.filter((job) => job.state === 'awaiting-approval' && mayDecide(job))
    return {
      title: count(found.length, 'job'),
      tone: 'info',
      table: {
        columns: ['Job', 'Command', 'State', 'Asked by', 'When'],
        rows: found.map((job) => [
          job.id,
          job.title,
          stateWords[job.state],
          personName(job.requester),
          timeInWords(job.createdAt),
        ]),
      },
      notes: found.length === limit ? [`These are the newest ${limit}; more: job list --limit 100`] : [],
      actions: waiting.slice(0, 5).map(({ id }) => ({ label: `Look at ${id}`, command: `job show ${id}` })),
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
