/** VMs made elsewhere: until somebody adopts them they are for operators and admins alone to change. */
import type { Fleet } from '../agents/agent.js'
import { type ChangeCommand, vmWord } from '../command/index.js'
import { type ErrorNote, noteOf, UserError } from '../errors.js'
import { vmsIn } from './permission.js'

/** Why somebody with these roles may not do this to the VMs that the plan settled on; undefined when they may. Rejects when
 * a host does not say whose a VM is: then nothing is known that would allow it. */
export async function unadopted(
  command: Pick<ChangeCommand, 'args'>,
  args: Readonly<Record<string, unknown>>,
  roles: readonly string[],
  fleet: Fleet,
): Promise<ErrorNote | undefined> {
  if (roles.includes('operator') || roles.includes('admin')) return undefined
  for (const vm of vmsIn(command, args)) {
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
