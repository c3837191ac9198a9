import { z } from 'zod'
import {
  choice,
  dayTime,
  defineCommand,
  parseDays,
  rhythmInWords,
  text,
  timeZoneName,
  weekDays,
} from '../../src/command/index.js'
import { timeInWords } from '../../src/report/index.js'

export default defineCommand({
  summary: 'Ask for something again and again at a time of day',
  details: [
    'Each time it is asked for in your name, with the rights that you have then: it is planned, refused or approved as if you had typed it, and its card comes to this channel.',
    'Where the clock is put forward over the time, it is as much later that day; where the time comes twice, the first counts. What was missed because the bot did not run is made up for once, at its next start; with --missed skip it is not.',
  ],
  examples: [
    'schedule create "snapshot create web1" --every day --at 03:00',
    'schedule create "vm stop lab1" --every weekday --at 19:30 --time-zone Europe/Amsterdam --missed skip',
    'schedule create "vm start lab1" --every mon-fri --at 07:00',
  ],
  risk: 'read',
  lasting: true,
  args: z.object({
    line: text({ max: 1500 }).describe('The command to ask for'),
    every: weekDays().describe('On which days'),
    at: dayTime().describe('At which time of day'),
    timeZone: timeZoneName().optional().describe('Whose clock; time_zone of qnav.yml when left out'),
    missed: choice('run', 'skip')
      .default('run')
      .describe('What becomes of times at which the bot did not run'),
  }),
  positional: ['line'],

  async run({ line, every, at, timeZone, missed }, { schedules }) {
    const made = await schedules.create({
      line,
      rhythm: { days: parseDays(every) ?? [], minutes: at, timeZone: timeZone ?? schedules.timeZone },
      missed,
    })
    return {
      title: `${made.id} is scheduled`,
      tone: 'ok',
      summary: made.line,
      facts: [
        { label: 'When', value: rhythmInWords(made.rhythm) },
        { label: 'Next', value: timeInWords(schedules.next(made)) },
      ],
      actions: [
        { label: 'Show', command: `schedule show ${made.id}` },
        {
          label: 'Delete',
          command: `schedule delete ${made.id}`,
          confirm: `Delete ${made.id}: ${made.line}?`,
        },
      ],
    }
  },
})
