import { z } from 'zod'
import { choice, defineCommand, preferencesReport } from '../../src/command/index.js'

export default defineCommand({
  summary: 'Take one of your preferences away, or all',
  examples: ['prefs clear quiet', 'prefs clear all'],
  // It changes no host.
  risk: 'read',
  lasting: true,
  args: z.object({ what: choice('host', 'ssh-key', 'time-zone', 'quiet', 'all').describe('Which') }),
  positional: ['what'],

  async run({ what }, { preferences }) {
    const { host, sshKey, timeZone, quiet } = preferences.mine()
    const left = {
      ...(host === undefined || what === 'host' ? {} : { host }),
      ...(sshKey === undefined || what === 'ssh-key' ? {} : { sshKey }),
      ...(timeZone === undefined || what === 'time-zone' ? {} : { timeZone }),
      ...(quiet === undefined || what === 'quiet' ? {} : { quiet }),
    }
    const changed = what === 'all' ? {} : left
    await preferences.set(changed)
    return preferencesReport('Your preferences are set', changed, 'ok')
  },
})
