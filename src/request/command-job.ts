/** The body of every job that a command starts: plan, ask, lock, look again, work. */
import { z } from 'zod'
import type { Fleet } from '../agents/agent.js'
import type { Catalogue, ChangeCommand, Growth, LeaseTerms, Manner } from '../command/index.js'
import { type ErrorNote, UserError } from '../errors.js'
import type {
  ApprovalRule,
  Busy,
  JobBody,
  JobContext,
  Jobs,
  Json,
  Person,
  PlanDifference,
} from '../jobs/index.js'
import type { ChosenRule, Policy } from '../policy/index.js'
import type { PreferenceBook } from '../preferences/index.js'
import { redactJson } from '../redact.js'
import type { Plan } from '../report/index.js'
import { unadopted } from './adoption.js'
import { planWithHistory, withHistory } from './lately.js'
import { type AskedOf, hostsOf, Permit, runPermitted, withPermission } from './permission.js'
import { planDifferences, planDigest } from './plan-digest.js'
import type { QuotaGate } from './quota-gate.js'

export const commandJobName = 'command'
/** Raised whenever a journal written by an older body could be misread. */
export const commandJobVersion = 1

const commandJobInput = z.object({
  path: z.string(),
  args: z.record(z.string(), z.unknown()),
  breakGlass: z.boolean().default(false),
  busy: z.enum(['queue', 'refuse']).default('queue'),
})

export interface CommandJobParts {
  catalogue: Catalogue
  policy: Pick<Policy, 'approvalRule' | 'rightsOf'>
  fleet: Fleet
  quotas: Pick<QuotaGate, 'admit'>
  jobs: Pick<Jobs, 'list'>
  preferences: Pick<PreferenceBook, 'of'>
  /** What counts now. */
  leases(): LeaseTerms | undefined
}

interface SettledPlan {
  plan: Plan
  args: Record<string, unknown>
  locks: string[]
  growth?: Growth[]
  /** Why it is allowed; absent while it is blocked, and in journals of older versions. */
  permit?: string
  /** The rule of approval that counted when it was planned, null for none; absent while it is blocked, and in journals of
   * older versions. Kept, so that a restart later, or in other hours, does not let it run under another one. */
  needs?: ChosenRule | null
}

/** Builds the body. Its journal: step "plan", then the approval if a rule asks for one, then the command's own steps. */
export function commandJob({
  catalogue,
  policy,
  fleet,
  quotas,
  jobs,
  preferences,
  leases,
}: CommandJobParts): JobBody {
  return async (context) => {
    const input = commandJobInput.parse(context.job.input)
    const command = changeCommand(catalogue, input.path)
    const { reason } = context.job
    const manner = { breakGlass: input.breakGlass, ...(reason === undefined ? {} : { reason }) }
    const makePlan = async (args: Record<string, unknown>): Promise<SettledPlan> => {
      const settled = await settledPlan(
        { policy, fleet, jobs, preferences, leases },
        {
          own: context.job.id,
          path: input.path,
          command,
          args,
          manner,
          line: context.job.title,
          isAnew: context.job.approval !== undefined,
        },
        context.job.requester,
      )
      if (settled.plan.kind === 'blocked') return settled
      // Nobody is asked for what would be refused afterwards.
      const busy = input.busy === 'refuse' ? context.inTheWay(settled.locks) : []
      if (busy.length > 0) return blocked(settled, ...busy)
      // Last, for what it lets in is reserved.
      return blocked(settled, ...(await quotas.admit(context.job.id, settled.growth ?? [])))
    }

    const ruleOfOlder = (planned: SettledPlan) =>
      context.job.approval?.rule ??
      neededApproval(policy, planned, { path: input.path, command, fleet })?.rule ??
      null

    const settled = await stepOf<SettledPlan>(context, 'plan', () => makePlan(input.args))
    await context.plan(async () => settled.plan)

    const rule = settled.needs === undefined ? ruleOfOlder(settled) : (settled.needs?.rule ?? null)
    let agreed = settled
    const isBroken = await breaksGlass(context, rule, input.breakGlass, policy)
    if (rule !== null && isBroken) await context.breakGlass(rule)
    if (rule === null || isBroken) await context.lock(settled.locks, { busy: input.busy })
    else agreed = await approvedAndStillTrue(context, rule, settled, input.busy, makePlan)
    const permit = await Permit.of(agreed, async () => ({
      path: input.path,
      command,
      rights: await policy.rightsOf(context.job.requester),
      fleet,
    }))
    return runPermitted(permit, command, agreed.args, {
      job: context.job,
      fleet,
      agent: (host) => fleet.agent(host),
      signal: context.signal,
      step: (name, work, undo) => context.step(name, work, undo),
      publish: (report) => context.publish(report),
    })
  }
}

/** Whether it goes on without the approval. Whoever lost the role meanwhile waits like everybody else. */
async function breaksGlass(
  { job }: Pick<JobContext, 'job'>,
  rule: ApprovalRule | null,
  isAsked: boolean,
  policy: Pick<Policy, 'rightsOf'>,
): Promise<boolean> {
  if (!isAsked || rule === null) return false
  if (job.breakGlass !== undefined || job.approval !== undefined) return job.breakGlass !== undefined
  return (await policy.rightsOf(job.requester)).decideBreakGlass().allowed
}

/** How often what was approved may turn out otherwise before the job gives up. */
const maxRounds = 4

/**
 * Asks, takes the locks, and plans again: hours may have passed, and other jobs. What would now be done otherwise than it was
 * approved is asked for anew, with what is different; what cannot be done any more ends the job.
 */
async function approvedAndStillTrue(
  context: JobContext,
  rule: ApprovalRule,
  settled: SettledPlan,
  busy: Busy,
  makePlan: (args: Record<string, unknown>) => Promise<SettledPlan>,
): Promise<SettledPlan> {
  let agreed = settled
  await context.approval(rule, { digest: planDigest(settled.plan), round: 1, differences: [] })
  for (let round = 1; ; round++) {
    // After a restart a later round may have taken the locks already.
    if ((context.job.approval?.asked?.round ?? 1) === round) await context.lock(agreed.locks, { busy })
    const { args } = agreed
    const now = await stepOf<SettledPlan | EarlierLook>(
      context,
      round === 1 ? 'look again' : `look again ${round}`,
      async () => {
        const made = await makePlan(args)
        refuseBlocked(made.plan)
        return made
      },
    )
    if ('ready' in now || now.plan.kind === 'blocked') return agreed
    const differences = planDifferences(agreed.plan, now.plan)
    if (differences.length === 0) return agreed
    if (round === maxRounds) throw neverTheSame(differences)
    await context.approvalAgain(now.plan, now.needs?.rule ?? rule, {
      digest: planDigest(now.plan),
      round: round + 1,
      differences,
    })
    agreed = now
  }
}

/** What this step left in the journals of older versions. */
interface EarlierLook {
  ready: boolean
}

function neverTheSame(differences: PlanDifference[]): UserError {
  return new UserError(
    'changed-since',
    `Whenever it was approved something was different again, the last time: ${differences.map(({ what }) => what).join(', ')}.`,
    { fix: 'Find out what changes it, and ask again.' },
  )
}

/** What is asked for, and how. */
interface AskedFor extends Pick<AskedOf, 'path' | 'command'> {
  args: Record<string, unknown>
  manner: Manner
  /** As it would be typed again. */
  line: string
  /** It was approved already. */
  isAnew?: boolean
  /** The job that asks; absent when nothing is begun. */
  own?: string
}

/** What the change would do and what stands in its way, by all but the quotas. */
async function settledPlan(
  { policy, fleet, jobs, preferences, leases }: Omit<CommandJobParts, 'catalogue' | 'quotas'>,
  { args, manner, line, isAnew = false, own, ...asked }: AskedFor,
  requester: Person,
): Promise<SettledPlan> {
  const { command } = asked
  const rights = await policy.rightsOf(requester)
  const { roles } = rights
  const about = { command, args, jobs, ...(own === undefined ? {} : { own }) }
  const terms = leases()
  const made = await command
    .plan(args, {
      caller: { ...requester, roles },
      fleet,
      preferences: preferences.of(requester.id),
      ...(terms === undefined ? {} : { leases: terms }),
    })
    .catch((error: unknown) => {
      throw withHistory(error, about)
    })
  // What it tells of a host is kept and shown; what is done is in the arguments, as it was asked for.
  const redacted = { ...made, plan: redactJson(planWithHistory(made.plan, about)) }
  const settled: SettledPlan = await withPermission(redacted, { ...asked, rights, fleet })
  if (settled.permit === undefined) return settled
  const needs = neededApproval(policy, settled, { ...asked, fleet })
  return blocked(
    { ...settled, needs },
    refusalOf(settled.plan, fleet) ?? (await unadopted(command, settled.args, roles, fleet)),
    !isAnew && needs?.rule.reason === 'required' && manner.reason === undefined
      ? reasonMissing(line)
      : undefined,
  )
}

/** What a change would do if it were asked for now, and everything that stands in its way. Nothing is reserved. */
export async function foreseenPlan(
  { quotas, ...parts }: Parameters<typeof settledPlan>[0] & { quotas: Pick<QuotaGate, 'weigh'> },
  asked: Parameters<typeof settledPlan>[1],
  requester: Person,
): Promise<SettledPlan> {
  const settled = await settledPlan(parts, asked, requester)
  return settled.plan.kind === 'blocked'
    ? settled
    : blocked(settled, ...(await quotas.weigh(settled.growth ?? [])))
}

function reasonMissing(line: string): ErrorNote {
  return {
    code: 'missing-argument',
    message: 'Whoever approves this wants to know why it is asked for.',
    fix: `Say why: ${line} --reason "…"`,
  }
}

function neededApproval(
  policy: Pick<Policy, 'approvalRule'>,
  settled: SettledPlan,
  { path, command, fleet }: Pick<AskedOf, 'path' | 'command' | 'fleet'>,
): ChosenRule | null {
  const sum = (key: 'cpus' | 'memoryMiB' | 'diskGiB') =>
    (settled.growth ?? []).reduce((all, each) => all + (each[key] ?? 0), 0)
  const size = { cpus: sum('cpus'), memoryMiB: sum('memoryMiB'), diskGiB: sum('diskGiB') }
  const hosts = hostsOf(settled, { command, fleet })
  return policy.approvalRule({ path, risk: command.risk, hosts, size }) ?? null
}

function changeCommand(catalogue: Catalogue, path: string): ChangeCommand {
  const command = catalogue.get(path)
  if (command === undefined || command.risk === 'read') {
    throw new UserError(
      'unknown-command',
      `This version of qnav has no command "${path}" that changes anything.`,
      {
        fix: 'Type the command again; `help` lists what there is.',
      },
    )
  }
  return command
}

function refusalOf({ host }: Plan, fleet: Fleet): ErrorNote | undefined {
  return fleet.agents.find(({ name }) => name === host)?.changesRefused
}

/** A plan that is blocked already says what is wrong with it. Nothing is reserved for one that is. */
function blocked({ growth, ...settled }: SettledPlan, ...blockers: (ErrorNote | undefined)[]): SettledPlan {
  const { plan } = settled
  if (plan.kind === 'blocked') return settled
  const [first, ...others] = blockers.filter((each) => each !== undefined)
  if (first === undefined) return growth === undefined ? settled : { ...settled, growth }
  return { ...settled, plan: { ...plan, kind: 'blocked', blockers: [first, ...others] } }
}

function refuseBlocked(plan: Plan): void {
  if (plan.kind === 'ready') return
  const [first] = plan.blockers
  throw new UserError(
    'changed-since',
    `Since the plan was approved: ${plan.blockers.map((each) => each.message).join(' ')}`,
    {
      fix: first.fix,
    },
  )
}

/** Plans and arguments are JSON by contract (definition.ts), which their types cannot say. */
async function stepOf<T>(context: JobContext, name: string, work: () => Promise<T>): Promise<T> {
  return (await context.step(name, async () => (await work()) as Json)) as T
}
