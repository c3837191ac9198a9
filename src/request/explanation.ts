/** What would happen to a command line, and by which rule: policy, plan and quotas are asked, nothing is begun. */
import type { Fleet } from '../agents/agent.js'
import { askedOf, type Catalogue, type Explanation, type LeaseTerms } from '../command/index.js'
import { type Jobs, type Person, ruleInWords } from '../jobs/index.js'
import type { Policy } from '../policy/index.js'
import type { PreferenceBook } from '../preferences/index.js'
import { foreseenPlan } from './command-job.js'
import type { QuotaGate } from './quota-gate.js'

export interface ExplanationParts {
  catalogue: Catalogue
  policy: Policy
  fleet: Fleet
  quotas: Pick<QuotaGate, 'weigh'>
  jobs: Pick<Jobs, 'list'>
  preferences: Pick<PreferenceBook, 'of'>
  leases(): LeaseTerms | undefined
}

/** Rejects with what is wrong with the line. */
export async function explain(
  { catalogue, policy, fleet, quotas, jobs, preferences, leases }: ExplanationParts,
  text: string,
  person: Person,
): Promise<Explanation> {
  const { path, command, args, manner, line } = catalogue.parse(text)
  const rights = await policy.rightsOf(person)
  const { risk } = command
  const known = { line, risk, person, roles: rights.held }
  const first = rights.decide(askedOf({ path, command }))
  if (!first.allowed || command.risk === 'read') return { ...known, ...first }
  const emergency = manner.breakGlass ? rights.decideBreakGlass() : undefined
  if (emergency?.allowed === false) return { ...known, ...emergency }
  const settled = await foreseenPlan(
    { policy, fleet, quotas, jobs, preferences, leases },
    { path, command, args, manner, line },
    person,
  )
  const { plan, permit, needs } = settled
  if (permit === undefined) {
    const why = plan.kind === 'blocked' ? plan.blockers[0].message : first.because
    return { ...known, allowed: false, because: why.replace(/^Not allowed: /, '').replace(/\.$/, '') }
  }
  return {
    ...known,
    allowed: true,
    because: [permit, ...(emergency === undefined ? [] : [emergency.because])].join('; '),
    plan,
    ...(needs === undefined || needs === null || emergency !== undefined
      ? {}
      : { approval: `${ruleInWords(needs.rule)} (${needs.because})` }),
  }
}
