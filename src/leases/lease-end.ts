/** The end of a lease: the VM is shut off, if nobody gave it a new one meanwhile. Nothing is ever deleted. */
import { z } from 'zod'
import type { Fleet, FoundVm } from '../agents/index.js'
import { type JobBody, type Jobs, type Origin, vmLock } from '../jobs/index.js'
import type { Action, Report } from '../report/index.js'

const name = 'lease-end'
const version = 1
/** A guest that is busy may take its time; nobody waits for it. */
const shutDownWithinMs = 600_000

const inputForm = z.object({
  vm: z.object({ name: z.string(), host: z.string(), uuid: z.string() }),
  leaseEnds: z.string(),
})

export function registerLeaseEnd(jobs: Jobs, fleet: Fleet): void {
  jobs.register(name, version, leaseEndBody(fleet))
}

/** However often it is asked for, it is one job. */
export function submitLeaseEnd(
  jobs: Pick<Jobs, 'submit'>,
  { vm: { name: vm, host, uuid }, leaseEnds, origin }: { vm: FoundVm; leaseEnds: string; origin: Origin },
) {
  return jobs.submit({
    body: name,
    // What people would type for it: a button to ask again has it.
    title: `vm stop ${vm}@${host}`,
    input: { vm: { name: vm, host, uuid }, leaseEnds },
    requester: { id: 'lease', name: 'the end of its lease' },
    origin,
    idempotencyKey: `lease ${uuid} ${leaseEnds}`,
  })
}

function leaseEndBody(fleet: Fleet): JobBody {
  return async (context) => {
    const { vm, leaseEnds } = inputForm.parse(context.job.input)
    const agent = fleet.agent(vm.host)
    await context.lock([vmLock(vm)])
    const seen = await context.step('look again', async () => {
      const { state, ownership } = await agent.detailOf(vm)
      return { state, leaseEnds: ownership?.leaseEnds ?? null }
    })
    if (seen.leaseEnds !== leaseEnds) return { title: `${vm.name} has a new lease and goes on`, tone: 'ok' }
    if (seen.state !== 'shut off' && seen.state !== 'crashed') {
      await context.step('shut down', ({ signal }) =>
        agent.shutDown(vm, { timeoutMs: shutDownWithinMs, signal }),
      )
    }
    return overReport(vm)
  }
}

function overReport(vm: FoundVm): Report {
  return {
    title: `${vm.name} is shut off: its lease is over`,
    tone: 'warn',
    summary:
      'Its disks and snapshots are kept. Give it a new lease to start it again, or delete it if nobody needs it.',
    facts: [{ label: 'Host', value: vm.host }],
    actions: [keepAction(vm), deleteAction(vm)],
  }
}

export function keepAction({ name: vm, host }: FoundVm): Action {
  return { label: 'Keep it 7 days', command: `vm lease ${vm}@${host} --for 7d`, style: 'primary' }
}

export function deleteAction({ name: vm, host }: FoundVm): Action {
  return {
    label: 'Delete',
    command: `vm delete ${vm}@${host}`,
    style: 'danger',
    confirm: `Delete ${vm} on ${host} with its disks and snapshots? You see what goes before it is done.`,
  }
}
