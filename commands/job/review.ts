import { z } from 'zod'
import { defineCommand, jobRef, reviewJob, text } from '../../src/command/index.js'

export default defineCommand({
  summary: 'Confirm that you looked into a job that ran by break-glass',
  details: [
    'A job that ran without the approval it needed stays marked until somebody who could have approved it, and did not ask for it, has looked into it and says what happened.',
  ],
  examples: ['job review j-7k2m9 --report "disk was full, ann deleted old1 as agreed by phone"'],
  // It changes no host.
  risk: 'read',
  lasting: true,
  needs: 'deciding',
  args: z.object({
    job: jobRef().describe('The job'),
    report: text({ max: 1000 }).describe('What happened and whether it was right, for the audit log'),
  }),
  positional: ['job'],

  run: ({ job, report }, context) => reviewJob(job, report, context),
})
