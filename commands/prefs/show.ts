import { z } from 'zod'
import { defineCommand, preferencesReport } from '../../src/command/index.js'

export default defineCommand({
  summary: 'Show your preferences',
  examples: ['prefs show'],
  risk: 'read',
  args: z.object({}),

  run: async (_args, { preferences }) => preferencesReport('Your preferences', preferences.mine()),
})
