import { z } from 'zod'
import { askedOf, defineCommand, type MayAsk, type Risk, risks } from '../src/command/index.js'

export default defineCommand({
  summary: 'Show who you are to qnav and what you may do',
  details: ['What would happen to one line, and by which rule, is told by `policy explain`.'],
  examples: ['whoami'],
  risk: 'read',
  args: z.object({}),

  async run(_args, { caller, held, catalogue, mayAsk, mayApprove, isAdmin }) {
    // Those that take more than their risk have lines of their own below.
    const commands = catalogue
      .entries()
      .filter((entry) => askedOf(entry).needs === undefined)
      .map((entry) => ({ path: entry.path, risk: entry.command.risk, may: mayAsk(askedOf(entry)) }))
    const mayDecideSome = mayAsk({ risk: 'read', needs: 'deciding' }).answer !== 'no'
    const decides = mayApprove ? 'yes' : mayDecideSome ? 'where a rule asks for one of your roles' : 'no'
    return {
      title: caller.name === undefined ? caller.id : `${caller.name} (${caller.id})`,
      tone: 'info',
      facts: [
        { label: 'Roles', value: held.map(({ role, why }) => `${role} (${why})`).join(', ') || 'none' },
        ...(Object.keys(risks) as Risk[]).map((risk) => ({
          label: `May ask: ${risk} (${risks[risk]})`,
          value: inWords(
            commands.filter((each) => each.risk === risk),
            mayAsk({ risk }),
          ),
        })),
        { label: 'May decide about requests of others', value: decides },
        { label: "May cancel others' jobs", value: isAdmin ? 'yes' : 'no' },
      ],
      actions: [{ label: 'Help', command: 'help' }],
    }
  },
})

/** "yes, at once"; where commands of this risk differ, each answer with its commands. */
function inWords(commands: readonly { path: string; may: MayAsk }[], whole: MayAsk): string {
  const answers = new Map<string, string[]>()
  for (const { path, may } of commands) answers.set(words(may), [...(answers.get(words(may)) ?? []), path])
  if (answers.size === 0) return words(whole)
  const [only, ...others] = answers.keys()
  if (only !== undefined && others.length === 0) return only
  answers.delete(words({ answer: 'no' }))
  return [...answers].map(([answer, paths]) => `${answer}: ${paths.join(', ')}`).join('; ')
}

function words({ answer, where }: MayAsk): string {
  const said = { yes: 'yes, at once', 'with approval': 'yes, with approval', no: 'no' }[answer]
  return where === undefined ? said : `${said}, ${where}`
}
