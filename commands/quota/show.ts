import { z } from 'zod'
import { defineCommand, ownerId, ownerRef } from '../../src/command/index.js'

export default defineCommand({
  summary: 'Show what somebody’s VMs take of what they may',
  details: [
    'Counted from the hosts now, with what unfinished jobs have reserved. A host that does not answer counts as it was last seen.',
  ],
  examples: ['quota show', 'quota show --user me'],
  risk: 'read',
  args: z.object({ user: ownerRef().optional().describe('Whose VMs; yours when left out') }),
  positional: ['user'],

  async run({ user }, { quotas, caller }) {
    const owner = ownerId(user, caller)
    const { lines, notes } = await quotas.of(owner)
    const isLimited = lines.some(({ limit }) => limit !== undefined)
    return {
      title: owner === caller.id ? 'What your VMs take' : `What the VMs of ${owner} take`,
      tone: notes.length > 0 ? 'warn' : 'info',
      ...(isLimited ? {} : { summary: 'Nothing of it is limited.' }),
      table: {
        columns: ['What', 'Used', 'Reserved', 'Limit'],
        rows: lines.map(({ of, what, used, reserved, limit }) => [
          of === lines[0]?.of ? what : `${what}: ${of}`,
          used,
          reserved,
          limit ?? 'none',
        ]),
      },
      notes,
      actions: [{ label: 'VMs', command: `vm list --owner ${owner}` }],
    }
  },
})
