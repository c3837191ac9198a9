import { z } from 'zod'
import { changeText, defineCommand, ownerId, ownerRef, risks, text } from '../../src/command/index.js'
import { UserError } from '../../src/errors.js'

export default defineCommand({
  summary: 'Tell what would happen to a command, and by which rule',
  details: [
    'The line is read, planned and weighed as if it had been typed now; nothing is begun. Approvers and admins may look with the eyes of somebody else.',
  ],
  examples: ['policy explain "vm delete web1"', 'policy explain "vm start web1" --as U012ABCDEF'],
  risk: 'read',
  audited: true,
  args: z.object({
    line: text({ max: 2000 }).describe('The whole command'),
    as: ownerRef().optional().describe('Who would type it; you when left out'),
  }),
  positional: ['line'],

  async run({ line: typed, as }, { caller, mayApprove, explain }) {
    const who = ownerId(as, caller)
    const isOther = who !== caller.id
    if (isOther && !mayApprove) {
      throw new UserError(
        'not-allowed',
        'Not allowed: only those who decide about requests may look with the eyes of somebody else.',
        { fix: 'Leave --as out, or ask an approver.' },
      )
    }
    const { line, risk, person, roles, allowed, because, plan, approval } = await explain(
      typed,
      isOther ? { id: who } : undefined,
    )
    const isBlocked = plan?.kind === 'blocked'
    const outcome = !allowed
      ? 'It would be refused.'
      : isBlocked
        ? 'It is allowed, and would be refused for what stands in its way.'
        : approval === undefined
          ? 'It would run at once.'
          : `It would wait for ${approval}.`
    return {
      title: line,
      tone: !allowed || isBlocked ? 'warn' : 'info',
      summary: outcome,
      facts: [
        { label: 'Asked by', value: person.name === undefined ? person.id : `${person.name} (${person.id})` },
        { label: 'Roles', value: roles.map(({ role, why }) => `${role} (${why})`).join(', ') || 'none' },
        { label: 'Risk', value: `${risk}: ${risks[risk]}` },
        { label: 'Policy', value: `${allowed ? 'allowed' : 'refused'}: ${because}` },
        ...(plan === undefined ? [] : [{ label: 'Plan', value: plan.summary }]),
        ...(plan?.changes ?? []).map((change) => ({ label: change.what, value: changeText(change) })),
      ],
      notes: [
        ...(isBlocked ? plan.blockers.map(({ message, fix }) => `${message} ${fix}`) : []),
        ...(plan?.warnings ?? []),
      ],
    }
  },
})
