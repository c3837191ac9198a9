import { z } from 'zod'
import type { Ownership } from '../../src/agents/index.js'
import {
  defineCommand,
  ownerId,
  ownerRef,
  pinned,
  planOn,
  text,
  vmActions,
  vmRef,
  vmWord,
} from '../../src/command/index.js'
import { UserError } from '../../src/errors.js'
import { vmLock } from '../../src/jobs/index.js'

const nobody = 'nobody'

export default defineCommand({
  summary: 'Take over a VM made elsewhere, or hand one over',
  details: [
    'Whose a VM is stands in its own metadata, where virsh shows it too. A VM made elsewhere is nobody’s: until it is adopted, only operators and admins may change it, and it counts for nobody’s quota.',
    'A VM that has an owner is handed over by its owner or by an admin.',
  ],
  examples: ['vm adopt web1', 'vm adopt web1@kvm1 --ticket ABC-1'],
  risk: 'change',
  args: z.object({
    vm: vmRef().describe('The VM'),
    owner: ownerRef().optional().describe('Whose it will be; yours when left out'),
    ticket: text({ max: 100 }).optional().describe('What it is for: a ticket, or a link to one'),
  }),
  positional: ['vm'],

  async plan({ vm: typed, owner: wanted, ticket }, { fleet, caller }) {
    const vm = await fleet.find(typed)
    const { ownership, kcliOwner, cpus, memoryMiB } = await fleet.agent(vm.host).detailOf(vm)
    const owner = ownerId(wanted, caller)
    const word = vmWord(vm)
    const isHandedOver = ownership !== undefined
    const plan = planOn(
      vm.host,
      isHandedOver ? `Hand VM ${vm.name} on ${vm.host} over` : `Adopt VM ${vm.name} on ${vm.host}`,
    ).change('Owner', ownership?.owner ?? nobody, owner)
    if (ticket !== undefined) plan.change('Ticket', ownership?.ticket ?? 'none', ticket)
    plan.fact('Size', `${cpus} CPUs, ${memoryMiB} MiB`)
    if (kcliOwner !== undefined && kcliOwner !== owner) plan.fact('Owner in kcli', kcliOwner)
    if (ownership?.owner === owner && (ticket === undefined || ticket === ownership.ticket)) {
      plan.block(
        new UserError(
          'invalid-state',
          `VM ${word} is ${owner === caller.id ? 'yours' : `${owner}’s`} already.`,
          {
            fix: `Look at it: vm show ${word}`,
          },
        ),
      )
    } else if (ownership !== undefined && ownership.owner !== caller.id && !caller.roles?.includes('admin')) {
      plan.block(
        new UserError('not-allowed', `VM ${word} belongs to ${ownership.owner}.`, {
          fix: `Ask them or an admin to hand it over: vm adopt ${word} --owner …`,
        }),
      )
    }
    plan.grows({ vm, owner })
    const settled = { vm, owner, ...(ticket === undefined ? {} : { ticket }) }
    return plan.done(settled, [vmLock(vm)])
  },

  async run(args, { agent, step, job }) {
    const vm = pinned(args.vm)
    const owner = ownerId(args.owner, job.requester)
    const planned = job.plan?.changes.find(({ what }) => what === 'Owner')?.from
    await step('record the owner', async () => {
      const now = await agent(vm.host).ownershipOf(vm)
      // Written before a crash.
      if (now?.job === job.id) return
      if ((now?.owner ?? nobody) !== planned) {
        throw new UserError(
          'changed-since',
          `Since the plan was made, VM ${vmWord(vm)} came to belong to ${now?.owner ?? nobody}.`,
          { fix: `Look at it: vm show ${vmWord(vm)}` },
        )
      }
      const { ticket = now?.ticket } = args
      const ownership: Ownership = {
        owner,
        requester: job.requester.id,
        ...(ticket === undefined ? {} : { ticket }),
        ...(now?.createdAt === undefined ? {} : { createdAt: now.createdAt }),
        ...(now === undefined ? { adoptedAt: new Date().toISOString() } : {}),
        ...(now?.adoptedAt === undefined ? {} : { adoptedAt: now.adoptedAt }),
        ...(now?.lease === undefined ? {} : { lease: now.lease }),
        job: job.id,
      }
      await agent(vm.host).setOwnership(vm, ownership)
    })
    const { state, ownership } = await agent(vm.host).detailOf(vm)
    return {
      title: `${vm.name} belongs to ${ownership?.owner ?? nobody}`,
      tone: 'ok',
      facts: [
        { label: 'Host', value: vm.host },
        ...(ownership?.ticket === undefined ? [] : [{ label: 'Ticket', value: ownership.ticket }]),
      ],
      actions: vmActions(vm, state),
    }
  },
})
