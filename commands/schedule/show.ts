import { z } from 'zod'
import { defineCommand, personName, rhythmInWords, scheduleRef } from '../../src/command/index.js'
import type { Schedule } from '../../src/jobs/index.js'
import { type Fact, timeInWords } from '../../src/report/index.js'

export default defineCommand({
  summary: 'Show one schedule: when it is due, and what came of it',
  examples: ['schedule show s-7k2m9'],
  risk: 'read',
  args: z.object({ schedule: scheduleRef().describe('The schedule') }),
  positional: ['schedule'],

  async run({ schedule: id }, { schedules, caller, isAdmin }) {
    const schedule = schedules.get(id)
    const { line, owner, rhythm, missed, createdAt, last } = schedule
    const mayDelete = owner.id === caller.id || isAdmin
    return {
      title: `${id}: ${line}`,
      tone: 'info',
      facts: [
        { label: 'When', value: rhythmInWords(rhythm) },
        { label: 'Next', value: timeInWords(schedules.next(schedule)) },
        { label: 'In the name of', value: personName(owner) },
        { label: 'Missed times', value: missed === 'run' ? 'made up for once' : 'skipped' },
        { label: 'Made', value: timeInWords(createdAt) },
        ...lastFacts(last),
      ],
      actions: [
        ...(last?.job === undefined ? [] : [{ label: 'Last job', command: `job show ${last.job}` }]),
        ...(mayDelete
          ? [{ label: 'Delete', command: `schedule delete ${id}`, confirm: `Delete ${id}: ${line}?` }]
          : []),
      ],
    }
  },
})

function lastFacts(last: Schedule['last']): Fact[] {
  if (last === undefined) return []
  const what = last.outcome === 'skipped' ? 'skipped' : `asked for as ${last.job} at ${timeInWords(last.at)}`
  return [{ label: 'Last', value: `${timeInWords(last.due)}: ${what}` }]
}
