import { z } from 'zod'
import { defineCommand, scheduleRef } from '../../src/command/index.js'

export default defineCommand({
  summary: 'Ask for something no more',
  details: ['Jobs that it asked for already go on: job cancel.'],
  examples: ['schedule delete s-7k2m9'],
  risk: 'read',
  lasting: true,
  args: z.object({ schedule: scheduleRef().describe('The schedule; yours, or any for an admin') }),
  positional: ['schedule'],

  async run({ schedule: id }, { schedules }) {
    const { line } = schedules.get(id)
    await schedules.delete(id)
    return { title: `${id} is deleted`, tone: 'ok', summary: line }
  },
})
