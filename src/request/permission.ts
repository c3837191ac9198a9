/** Policy's second word: whether this person may do this to the hosts and VMs that the plan settled on. */
import type { z } from 'zod'
import type { Fleet, FoundVm, VmRef } from '../agents/agent.js'
import { type ChangeCommand, type Growth, metaOf, type WorkContext } from '../command/index.js'
import { noteOf, UserError } from '../errors.js'
import type { Rights, Target } from '../policy/index.js'
import type { Plan, Report } from '../report/index.js'

/** What was settled, with policy's yes where it was asked already. */
export interface Settled {
  plan: Plan
  args: Readonly<Record<string, unknown>>
  growth?: readonly Growth[]
  /** Why it is allowed. Kept with the plan, so that work under way goes on after a restart without asking anybody. */
  permit?: string
}

export interface AskedOf {
  path: string
  command: ChangeCommand
  rights: Rights
  fleet: Fleet
}

/** Only `permission` makes one, and only with one a change runs. */
export class Permit {
  readonly because: string
  private constructor(because: string) {
    this.because = because
  }

  /** Throws `not-allowed`. Rejects when a scope hangs on whose a VM is and its host does not say. */
  static async ask(settled: Settled, asked: AskedOf): Promise<Permit> {
    const { rights } = asked
    // Owners are looked up where the answer hangs on them; unknown ones allow nothing.
    const known = rights.decideOn(targetOf(settled, asked, new Map()))
    if (known.allowed) return new Permit(known.because)
    const target = targetOf(settled, asked, await ownersOf(settled, asked))
    rights.demandOn(target)
    return new Permit(rights.decideOn(target).because)
  }

  /** What an earlier asking left in the journal; asked now where it left nothing. */
  static async of(settled: Settled, ask: () => Promise<AskedOf>): Promise<Permit> {
    return settled.permit === undefined ? Permit.ask(settled, await ask()) : new Permit(settled.permit)
  }
}

/** The one place from which changes run. */
export function runPermitted(
  _permit: Permit,
  command: ChangeCommand,
  args: Record<string, unknown>,
  context: WorkContext,
): Promise<Report> {
  return command.run(args, context)
}

/** The plan with policy's word on it: a yes that is kept, or one more thing that stands in the way. */
export async function withPermission<S extends Settled>(settled: S, asked: AskedOf): Promise<S> {
  try {
    const { because } = await Permit.ask(settled, asked)
    return { ...settled, permit: because }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    const note = noteOf(error)
    // Before everything else: whoever may not do it need not hear what else would stand in the way.
    return { ...settled, plan: { ...settled.plan, kind: 'blocked', blockers: [note] } }
  }
}

/** Every host that it touches. */
export function hostsOf(
  settled: Settled,
  { command, fleet }: Pick<AskedOf, 'command' | 'fleet'>,
): Target['hosts'] {
  const hosts = new Set([
    settled.plan.host,
    ...vmsIn(command, settled.args).map(({ host }) => host),
    ...(settled.growth ?? []).map(({ vm }) => vm.host),
  ])
  return [...hosts].map((name) => ({
    name,
    labels: fleet.agents.find((agent) => agent.name === name)?.labels ?? {},
  }))
}

function targetOf(settled: Settled, asked: AskedOf, owners: ReadonlyMap<string, string | undefined>): Target {
  const { path, command } = asked
  const named = vmsIn(command, settled.args)
  const isNamed = (vm: { host: string; name: string }) => named.some((each) => keyOf(each) === keyOf(vm))
  const made = (settled.growth ?? []).filter(({ vm }) => !isNamed(vm))
  return {
    path,
    risk: command.risk,
    hosts: hostsOf(settled, asked),
    vms: [
      ...named.map((vm) => ({ name: `${vm.name}@${vm.host}`, owner: owners.get(keyOf(vm)) })),
      ...made.map(({ vm, owner }) => ({ name: `${vm.name}@${vm.host}`, owner })),
    ],
  }
}

async function ownersOf(
  { args }: Settled,
  { command, fleet }: AskedOf,
): Promise<ReadonlyMap<string, string | undefined>> {
  const vms = vmsIn(command, args)
  const owners = await Promise.all(vms.map(async (vm) => (await fleet.agent(vm.host).ownershipOf(vm))?.owner))
  return new Map(vms.map((vm, index) => [keyOf(vm), owners[index]]))
}

/** The VMs that the plan looked up. */
export function vmsIn(
  { args: { shape } }: Pick<ChangeCommand, 'args'>,
  args: Readonly<Record<string, unknown>>,
): FoundVm[] {
  return Object.entries(shape as Record<string, z.ZodType>)
    .filter(([, schema]) => metaOf(schema).kind === 'vm')
    .flatMap(([name]) => args[name])
    .filter(isFound)
}

function isFound(value: unknown): value is FoundVm {
  const { host, uuid } = (value ?? {}) as Partial<VmRef & { uuid: string }>
  return host !== undefined && uuid !== undefined
}

function keyOf({ host, name }: { host: string; name: string }): string {
  return `${host}/${name}`
}
