import { z } from 'zod'
import { defineCommand, helpAbout, list, text } from '../src/command/index.js'

export default defineCommand({
  summary: 'Show what there is, or how one command is typed',
  examples: ['help', 'help vm', 'help vm create'],
  risk: 'read',
  args: z.object({
    command: list(text()).default([]).describe('A command or a group of commands'),
  }),
  positional: ['command'],

  run: async ({ command }, context) => helpAbout(context.catalogue, command, context),
})
