import { z } from 'zod'
import {
  defineCommand,
  hostName,
  preferencesReport,
  quietHoursSpan,
  sshKey,
  timeZoneName,
} from '../../src/command/index.js'

export default defineCommand({
  summary: 'Set your preferences',
  details: [
    'They are yours alone and say what counts when you leave something out. Each that is not given stays as it is; `prefs clear` takes one away.',
    'In your quiet hours no direct message calls you, except for what runs out before they end.',
  ],
  examples: ['prefs set --host kvm1', 'prefs set --time-zone Europe/Amsterdam --quiet 22:00-07:00'],
  // It changes no host.
  risk: 'read',
  lasting: true,
  args: z.object({
    host: hostName().optional().describe('Where your VMs go'),
    sshKey: sshKey().optional().describe('The public key that your VMs get'),
    timeZone: timeZoneName()
      .optional()
      .describe('Yours, for times in answers that only you see, and for quiet hours'),
    quiet: quietHoursSpan().optional().describe('When direct messages wait'),
  }),

  async run(given, { preferences, fleet }) {
    // Throws with the names that there are.
    if (given.host !== undefined) fleet.agent(given.host)
    const wanted = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
    if (Object.keys(wanted).length === 0)
      return preferencesReport('Nothing was given, so nothing changed', preferences.mine())
    const changed = { ...preferences.mine(), ...wanted }
    await preferences.set(changed)
    return preferencesReport('Your preferences are set', changed, 'ok')
  },
})
