import { z } from 'zod'
import { defineCommand } from '../src/command/index.js'

export default defineCommand({
  summary: 'Read qnav.yml again',
  details: [
    'Roles, approvals, quotas and rates count from then on; what was decided stays decided. A file that cannot be used is not taken, and the one before stays in force. SIGHUP does the same.',
  ],
  examples: ['reload'],
  // It changes no host.
  risk: 'read',
  lasting: true,
  needs: 'admin',
  args: z.object({}),

  async run(_args, { reload }) {
    const { file, changed, needRestart, warnings } = await reload()
    return {
      title:
        changed.length + needRestart.length === 0 ? 'qnav.yml says what it said' : 'qnav.yml was read again',
      tone: needRestart.length + warnings.length > 0 ? 'warn' : 'ok',
      facts: [
        { label: 'File', value: file },
        { label: 'Counts from now on', value: changed.join(', ') || 'nothing new' },
        ...(needRestart.length === 0
          ? []
          : [{ label: 'Counts after a restart of the bot', value: needRestart.join(', ') }]),
      ],
      notes: warnings,
    }
  },
})
