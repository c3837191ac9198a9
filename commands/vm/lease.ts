import { z } from 'zod'
import type { Lease } from '../../src/agents/index.js'
import {
  dateTime,
  defineCommand,
  duration,
  flag,
  leaseBlocker,
  leaseFrom,
  leaseInWords,
  pinned,
  planOn,
  timeLeft,
  vmActions,
  vmRef,
  vmWord,
  writeDuration,
} from '../../src/command/index.js'
import { UserError } from '../../src/errors.js'
import { vmLock } from '../../src/jobs/index.js'
import { timeInWords } from '../../src/report/index.js'

const none = 'none'

export default defineCommand({
  summary: 'Say how long a VM may run: give, renew or take away its lease',
  details: [
    'The owner is told a day and an hour before the end. Then the VM is shut off as by its power button, and never deleted: with a new lease it is started again.',
    'The lease stands in the VM’s own metadata, beside its owner. A VM that nobody adopted has none, and nothing is ever done to it.',
  ],
  examples: [
    'vm lease web1 --for 7d',
    'vm lease web1@kvm1 --until 2027-01-31T14:00Z',
    'vm lease web1 --none',
  ],
  risk: 'change',
  args: z
    .object({
      vm: vmRef().describe('The VM'),
      for: duration({ maxMs: 3650 * 86_400_000 })
        .optional()
        .describe('How long from now on'),
      until: dateTime().optional().describe('Until when'),
      none: flag().default(false).describe('It may run for ever'),
    })
    .refine((args) => wishes(args).length > 0, { path: ['for'], error: 'needs --for, --until or --none' }),
  positional: ['vm'],

  async plan(args, { fleet, caller, leases = {} }) {
    const vm = await fleet.find(args.vm)
    const { ownership, state } = await fleet.agent(vm.host).detailOf(vm)
    const word = vmWord(vm)
    const [time = none, ...others] = wishes(args)
    const plan = planOn(
      vm.host,
      args.none
        ? `Take the lease from VM ${vm.name} on ${vm.host}`
        : `Give VM ${vm.name} on ${vm.host} a lease`,
    )
      .change('Lease', inWords(ownership?.lease), leaseInWords(time))
      .fact('State', state)
    if (others.length > 0) {
      plan.block(
        new UserError('bad-argument', '--for, --until and --none do not go together.', {
          fix: `Give one of them: vm lease ${word} --for 7d`,
        }),
      )
    }
    if (ownership === undefined) {
      plan.block(
        new UserError('invalid-state', `VM ${word} is nobody’s, and only a VM with an owner has a lease.`, {
          fix: `Take it over first: vm adopt ${word}`,
        }),
      )
    } else {
      plan.fact('Owner', ownership.owner).block(
        leaseBlocker(time, leases, {
          now: Date.now(),
          isAdmin: caller.roles?.includes('admin') === true,
          line: (better) => `vm lease ${word} --for ${better}`,
        }),
      )
    }
    return plan.done({ ...args, vm }, [vmLock(vm)])
  },

  async run(args, { agent, step, job }) {
    const vm = pinned(args.vm)
    const [time = none] = wishes(args)
    const planned = job.plan?.changes.find(({ what }) => what === 'Lease')?.from
    await step('record the lease', async () => {
      const now = await agent(vm.host).ownershipOf(vm)
      // Written before a crash.
      if (now?.job === job.id) return
      if (now === undefined || inWords(now.lease) !== planned) {
        const what = now === undefined ? 'came to belong to nobody' : `got the lease ${inWords(now.lease)}`
        throw new UserError('changed-since', `Since the plan was made, VM ${vmWord(vm)} ${what}.`, {
          fix: `Look at it: vm show ${vmWord(vm)}`,
        })
      }
      const { lease: _, ...others } = now
      const lease = leaseFrom(time, Date.now())
      await agent(vm.host).setOwnership(vm, {
        ...others,
        ...(lease === undefined ? {} : { lease }),
        job: job.id,
      })
    })
    const { state, lease } = await agent(vm.host).detailOf(vm)
    return {
      title: lease === undefined ? `${vm.name} has no lease` : `${vm.name}: ${timeLeft(lease, Date.now())}`,
      tone: 'ok',
      facts: [
        { label: 'Host', value: vm.host },
        { label: 'Lease', value: inWords(lease) },
        { label: 'State', value: state },
      ],
      actions: vmActions(vm, state),
    }
  },
})

/** What is asked for, as a lease is typed. */
function wishes(args: { for?: number | undefined; until?: string | undefined; none?: boolean }): string[] {
  return [
    ...(args.for === undefined ? [] : [writeDuration(args.for)]),
    ...(args.until === undefined ? [] : [args.until]),
    ...(args.none === true ? [none] : []),
  ]
}

function inWords(lease: Lease | undefined): string {
  return lease === undefined ? none : `until ${timeInWords(lease.until)}`
}
