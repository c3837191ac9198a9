/** VMs made elsewhere: until somebody adopts them they are for operators and admins alone to change. */
import type { z } from 'zod'
import type { Fleet, FoundVm, VmRef } from '../agents/agent.js'
import { type ChangeCommand, metaOf, vmWord } from '../command/index.js'
import { type ErrorNote, noteOf, UserError } from '../errors.js'

/** Why somebody with these roles may not do this to the VMs that the plan settled on; undefined when they may. Rejects when
 * a host does not say whose a VM is: then nothing is known that would allow it. */
export async function unadopted(
  { args: { shape } }: Pick<ChangeCommand, 'args'>,
  args: Readonly<Record<string, unknown>>,
  roles: readonly string[],
  fleet: Fleet,
): Promise<ErrorNote | undefined> {
  if (roles.includes('operator') || roles.includes('admin')) return undefined
  const vms = Object.entries(shape as Record<string, z.ZodType>)
    .filter(([, schema]) => metaOf(schema).kind === 'vm')
    .flatMap(([name]) => args[name])
    .filter(isFound)
  for (const vm of vms) {
    if ((await fleet.agent(vm.host).ownershipOf(vm)) !== undefined) continue
    const word = vmWord(vm)
    return noteOf(
      new UserError(
        'not-allowed',
        `VM ${word} was made elsewhere and nobody adopted it; until then only operators and admins may change it.`,
        { fix: `Ask one of them to adopt it: vm adopt ${word} --owner …` },
      ),
    )
  }
  return undefined
}

function isFound(value: unknown): value is FoundVm {
  const { host, uuid } = (value ?? {}) as Partial<VmRef>
  return host !== undefined && uuid !== undefined
}
