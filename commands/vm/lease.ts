import { z } from 'zod'
import {
  dateTime,
  defineCommand,
  isOff,
  leaseBlocker,
  leaseEnd,
  leaseTime,
  pinned,
  planOn,
  vmActions,
  vmRef,
  vmWord,
} from '../../src/command/index.js'
import { UserError } from '../../src/errors.js'
import { vmLock } from '../../src/jobs/index.js'
import { leaseInWords, timeInWords } from '../../src/report/index.js'

const noLease = 'none'

export default defineCommand({
  summary: 'Say how long a VM is needed',
  details: [
    'When its lease is over a VM is shut off, and kept: nothing is deleted. Its owner is told a day and an hour before. It is started again after it was given a new lease.',
  ],
  examples: ['vm lease web1 --for 7d', 'vm lease web1 --until 2040-01-31T18:00Z', 'vm lease web1 --for none'],
  risk: 'change',
  args: z
    .object({
      vm: vmRef().describe('The VM'),
      for: leaseTime().optional().describe('For how long from now on'),
      until: dateTime().optional().describe('Or until when'),
    })
    .refine((args) => args.for !== undefined || args.until !== undefined, {
      path: ['for'],
      error: 'needs --for or --until',
    })
    .refine((args) => args.for === undefined || args.until === undefined, {
      path: ['until'],
      error: 'must not be given beside --for',
    }),
  positional: ['vm'],

  async plan({ vm: typed, for: ms, until }, { fleet, leases }) {
    const vm = await fleet.find(typed)
    const { ownership } = await fleet.agent(vm.host).detailOf(vm)
    const now = Date.now()
    const ends = until ?? (ms === undefined || ms === 0 ? undefined : leaseEnd(ms, now))
    const words = (end: string | undefined) => (end === undefined ? noLease : `until ${timeInWords(end)}`)
    const plan = planOn(vm.host, `Lease VM ${vm.name} on ${vm.host}`).change(
      'Lease',
      words(ownership?.leaseEnds),
      words(ends),
    )
    if (ends === undefined) plan.block(leaseBlocker(0, leases))
    else {
      plan.fact('When it is over', 'it is shut off, and kept')
      plan.block(until === undefined || Date.parse(ends) > now ? undefined : inThePast(ends))
      // A minute is lost while somebody approves it.
      plan.block(leaseBlocker(Math.max(1, Date.parse(ends) - now - 60_000), leases))
    }
    if (ownership === undefined) plan.block(nobodys(vmWord(vm)))
    const settled = ends === undefined ? { vm, for: 0 } : { vm, until: ends }
    return plan.done(settled, [vmLock(vm)])
  },

  async run(args, { agent, step, job }) {
    const vm = pinned(args.vm)
    const { until } = args
    await step('record the lease', async () => {
      const now = await agent(vm.host).ownershipOf(vm)
      if (now === undefined) throw nobodys(vmWord(vm))
      const { leaseEnds: _, ...rest } = now
      const wanted = { ...rest, ...(until === undefined ? {} : { leaseEnds: until }), job: job.id }
      await agent(vm.host).setOwnership(vm, wanted)
    })
    const { state, leaseEnds } = await agent(vm.host).detailOf(vm)
    return {
      title:
        leaseEnds === undefined
          ? `${vm.name} has no lease`
          : `${vm.name} has a lease ${leaseInWords(leaseEnds, Date.now())}`,
      tone: 'ok',
      facts: [
        { label: 'Host', value: vm.host },
        { label: 'State', value: state },
      ],
      ...(isOff(state) ? { notes: [`It is off. Start it: vm start ${vmWord(vm)}`] } : {}),
      actions: vmActions(vm, state),
    }
  },
})

function inThePast(ends: string): UserError {
  return new UserError('bad-argument', `${ends} is over already.`, {
    fix: 'Name a time to come, or say for how long: --for 7d',
  })
}

function nobodys(word: string): UserError {
  return new UserError('invalid-state', `VM ${word} is nobody’s: nobody could be told of its lease.`, {
    fix: `Take it over first: vm adopt ${word}`,
  })
}
