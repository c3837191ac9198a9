import { z } from 'zod'
import { defineCommand, personName, quoteWord } from '../../src/command/index.js'
import { lockWord } from '../../src/jobs/index.js'
import { count, timeInWords } from '../../src/report/index.js'

export default defineCommand({
  summary: 'List what jobs hold, and who waits for it',
  details: [
    'While a job changes a VM nobody else does: other jobs for that VM wait their turn, first come first served. A lock is given back whatever way its job ends; to end one earlier, cancel its job (admins: lock break).',
  ],
  examples: ['lock list'],
  risk: 'read',
  args: z.object({}),

  async run(_args, { jobs, isAdmin }) {
    const locks = jobs.locks()
    return {
      title: locks.length === 0 ? 'Nothing is locked' : count(locks.length, 'lock'),
      tone: 'info',
      table: {
        columns: ['What', 'Job', 'Command', 'Asked by', 'Since', 'Waiting'],
        rows: locks.map(({ name, holder, waiting }) => [
          lockWord(name),
          holder.job,
          holder.title,
          personName(holder.requester),
          timeInWords(holder.since),
          waiting.join(', '),
        ]),
      },
      actions: [
        ...[...new Set(locks.map(({ holder }) => holder.job))]
          .slice(0, 5)
          .map((job) => ({ label: `Show ${job}`, command: `job show ${job}` })),
        // Opens the form that asks for the reason.
        ...locks.slice(0, isAdmin ? 5 : 0).map(({ name }) => ({
          label: `Break ${lockWord(name)}…`,
          command: `lock break ${quoteWord(lockWord(name))}`,
          style: 'danger' as const,
        })),
      ],
    }
  },
})
