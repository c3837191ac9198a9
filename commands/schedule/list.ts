import { z } from 'zod'
import { defineCommand, flag, personName, rhythmInWords } from '../../src/command/index.js'
import { count, timeInWords } from '../../src/report/index.js'

export default defineCommand({
  summary: 'List what is asked for again and again',
  examples: ['schedule list', 'schedule list --mine'],
  risk: 'read',
  args: z.object({ mine: flag().default(false).describe('Only what is asked for in your name') }),

  async run({ mine }, { schedules, caller }) {
    const found = schedules.list().filter(({ owner }) => !mine || owner.id === caller.id)
    return {
      title: count(found.length, 'schedule'),
      tone: 'info',
      table: {
        columns: ['Schedule', 'Command', 'When', 'Next', 'In the name of'],
        rows: found.map((schedule) => [
          schedule.id,
          schedule.line,
          rhythmInWords(schedule.rhythm),
          timeInWords(schedules.next(schedule)),
          personName(schedule.owner),
        ]),
      },
      actions: found.slice(0, 5).map(({ id }) => ({ label: `Show ${id}`, command: `schedule show ${id}` })),
    }
  },
})
