import { z } from 'zod'
import { defineCommand, type Risk, risks } from '../src/command/index.js'

export default defineCommand({
  summary: 'Show who you are to qnav and what you may do',
  examples: ['whoami'],
  risk: 'read',
  args: z.object({}),

  async run(_args, { caller, mayAsk, mayApprove, isAdmin }) {
    const words = { yes: 'yes, at once', 'with approval': 'yes, with approval', no: 'no' }
    return {
      title: caller.name === undefined ? caller.id : `${caller.name} (${caller.id})`,
      tone: 'info',
      facts: [
        { label: 'Roles', value: caller.roles.join(', ') },
        ...(Object.keys(risks) as Risk[]).map((risk) => ({
          label: `May ask: ${risk} (${risks[risk]})`,
          value: words[mayAsk(risk)],
        })),
        { label: 'May decide about requests of others', value: mayApprove ? 'yes' : 'no' },
        { label: "May cancel others' jobs", value: isAdmin ? 'yes' : 'no' },
      ],
      actions: [{ label: 'Help', command: 'help' }],
    }
  },
})
