import { z } from 'zod'
import { decideJob, defineCommand, jobRef, text } from '../../src/command/index.js'
import { approvalInWords } from '../../src/jobs/index.js'

export default defineCommand({
  summary: 'Deny a job that waits for approval',
  examples: ['job deny j-7k2m9', 'job deny j-7k2m9 --reason "talked to ops"'],
  // It changes no host.
  risk: 'read',
  lasting: true,
  needs: 'deciding',
  args: z.object({
    job: jobRef().describe('The job'),
    reason: text({ max: 300 }).optional().describe('Why, for the card and the audit log'),
  }),
  positional: ['job'],

  run: ({ job, reason }, context) => decideJob('deny', job, reason, context, approvalInWords),
})
