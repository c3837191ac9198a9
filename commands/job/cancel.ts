import { z } from 'zod'
import { defineCommand, jobRef, stateWords, text } from '../../src/command/index.js'
import { UserError } from '../../src/errors.js'

export default defineCommand({
  summary: 'Cancel a job that is not over',
  details: [
    'A job that waits is over at once. A job that runs is told to stop: its step ends as soon as it can and cleans up.',
  ],
  examples: ['job cancel j-7k2m9', 'job cancel j-7k2m9 --reason "wrong host"'],
  risk: 'read',
  lasting: true,
  args: z.object({
    job: jobRef().describe('The job'),
    reason: text({ max: 300 }).optional().describe('Why, for the card and the audit log'),
  }),
  positional: ['job'],

  async run({ job: id, reason }, { jobs, caller, isAdmin }) {
    const before = await jobs.find(id)
    if (before.requester.id !== caller.id && !isAdmin) {
      throw new UserError(
        'not-allowed',
        `Not allowed: ${id} was asked for by somebody else; only they or an admin may cancel it.`,
        { fix: 'Ask them, or an admin.' },
      )
    }
    const { id: by, name } = caller
    const job = await jobs.cancel(id, name === undefined ? { id: by } : { id: by, name }, reason)
    return {
      title: job.state === 'cancelled' ? `${id} is cancelled` : `${id} is told to stop`,
      tone: 'ok',
      summary: job.title,
      facts: [{ label: 'State', value: stateWords[job.state] }],
      actions: [{ label: 'Show', command: `job show ${id}` }],
    }
  },
})
