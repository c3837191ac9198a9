import { z } from 'zod'
import { defineCommand, personName } from '../../src/command/index.js'
import { approvalInWords, type Job, wouldHelp } from '../../src/jobs/index.js'
import { count, timeInWords } from '../../src/report/index.js'

export default defineCommand({
  summary: 'List what waits for approval: yours to decide first',
  examples: ['approval list'],
  risk: 'read',
  args: z.object({}),

  async run(_args, { jobs, caller, mayApprove }) {
    const waiting = jobs.list({ states: ['awaiting-approval'] }).toReversed()
    const unreviewed = jobs.list({ unreviewed: true })
    const isMine = ({ approval, requester }: Job) =>
      approval !== undefined &&
      wouldHelp(
        { ...approval, requester },
        { by: { id: caller.id }, roles: caller.roles, decides: mayApprove },
      )
    const mine = waiting.filter(isMine)
    const others = waiting.filter((job) => !isMine(job))
    const rowsOf = (some: readonly Job[], whose: string) =>
      some.map((job) => [
        job.id,
        whose,
        job.plan?.summary ?? job.title,
        personName(job.requester),
        approvalInWords(job),
        job.approval === undefined ? '' : timeInWords(job.approval.expiresAt),
      ])
    return {
      title: `${count(mine.length, 'request')} for you to decide, ${others.length} for others`,
      tone: 'info',
      table: {
        columns: ['Job', 'Decide', 'What', 'Asked by', 'Has', 'Until'],
        rows: [...rowsOf(mine, 'you'), ...rowsOf(others, 'others')],
      },
      notes:
        unreviewed.length === 0
          ? []
          : [
              `${count(unreviewed.length, 'job')} ran by break-glass and must be reviewed: job list --unreviewed`,
            ],
      actions: mine.slice(0, 5).map(({ id }) => ({ label: `Look at ${id}`, command: `job show ${id}` })),
    }
  },
})
