/** The job at the end of a lease: the VM is shut off as by its power button. Nothing is deleted, and no plug is pulled. */
import { z } from 'zod'
import type { Agent, Fleet, FoundVm } from '../agents/agent.js'
import { asData, isOff, planOn, vmWord } from '../command/index.js'
import { UserError } from '../errors.js'
import { type JobBody, type Jobs, type Json, vmLock } from '../jobs/index.js'
import { type Plan, type Report, showDuration } from '../report/index.js'

export const leaseEndName = 'lease-end'
/** As `vm stop`. */
const shutDownWithinMs = 240_000

const leaseEndInput = z.object({
  vm: z.object({ name: z.string(), host: z.string(), uuid: z.string() }),
  /** The end that has come, ISO 8601. */
  until: z.string(),
})

/** Call before `jobs.start()`, also where no lease is watched: one that is under way goes on there. */
export function registerLeaseEnd(jobs: Pick<Jobs, 'register'>, fleet: Fleet): void {
  jobs.register(leaseEndName, 1, leaseEnd(fleet))
}

function leaseEnd(fleet: Fleet): JobBody {
  return async (context) => {
    const { vm, until } = leaseEndInput.parse(context.job.input)
    const agent = fleet.agent(vm.host)
    const plan = await context.step('plan', async () => asData(await planOf(vm, until, agent)) as Json)
    await context.plan(async () => plan as unknown as Plan)
    await context.lock([vmLock(vm)])
    const outcome = await context.step('shut down', async ({ signal, progress }) => {
      // The lock may have come late: what counts is what the VM itself says now.
      const { ownership, state } = await agent.detailOf(vm)
      if (ownership?.lease?.until !== until) return 'renewed'
      if (isOff(state)) return 'was off'
      progress(`waiting up to ${showDuration(shutDownWithinMs)} for the guest`)
      await agent.shutDown(vm, { timeoutMs: shutDownWithinMs, signal })
      return 'shut off'
    })
    const { state } = await agent.detailOf(vm)
    return outcome === 'renewed' ? renewed(vm, state) : over(vm, state, outcome)
  }
}

async function planOf(vm: FoundVm, until: string, agent: Agent): Promise<Plan> {
  const { ownership, state } = await agent.detailOf(vm)
  const word = vmWord(vm)
  const plan = planOn(vm.host, `Shut down VM ${vm.name} on ${vm.host}: its lease has ended`)
    .change('State', state, 'shut off')
    .fact('Time to shut down', showDuration(shutDownWithinMs))
  if (agent.changesRefused !== undefined) {
    const { code, message, fix } = agent.changesRefused
    plan.block(new UserError(code, message, { fix }))
  }
  const { lease } = ownership ?? {}
  if (lease?.until !== until) {
    plan.block(
      new UserError('changed-since', `VM ${word} has another lease, or none.`, { fix: `vm show ${word}` }),
    )
  } else if (!isOff(state) && state !== 'running') {
    plan.block(
      new UserError('invalid-state', `VM ${word} is ${state}; a guest that does not run cannot shut down.`, {
        fix: `Pull the plug (vm stop ${word} --force), or renew its lease (vm lease ${word} --for 7d).`,
      }),
    )
  }
  return plan.done({}, []).plan
}

function over(vm: FoundVm, state: string, outcome: string): Report {
  const word = vmWord(vm)
  return {
    title: `${vm.name} is ${state}: its lease has ended`,
    tone: state === 'shut off' ? 'warn' : 'fail',
    facts: [
      { label: 'Host', value: vm.host },
      { label: 'How', value: outcome === 'was off' ? 'it was off already' : 'the guest shut down by itself' },
    ],
    notes: [
      `Nothing is deleted: disks and snapshots are as they were. To have it back: vm lease ${word} --for 7d, then vm start ${word}`,
    ],
    actions: [
      { label: 'Keep 7 days', command: `vm lease ${word} --for 7d`, style: 'primary' },
      { label: 'Start', command: `vm start ${word}` },
      deletion(vm),
    ],
  }
}

function renewed(vm: FoundVm, state: string): Report {
  return {
    title: `${vm.name} is ${state}: its lease was renewed in time`,
    tone: 'info',
    actions: [{ label: 'Show', command: `vm show ${vmWord(vm)}` }],
  }
}

export function deletion(vm: FoundVm): NonNullable<Report['actions']>[number] {
  return {
    label: 'Delete',
    command: `vm delete ${vmWord(vm)}`,
    style: 'danger',
    confirm: `Delete ${vm.name} on ${vm.host} with its disks and snapshots? You see what goes before it is done.`,
  }
}
