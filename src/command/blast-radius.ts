/** One line for those who decide: who and what is touched beside the VM itself. */
import type { Fleet, FoundVm, VmImpact } from '../agents/agent.js'
import { UserError } from '../errors.js'
import { type Fact, showDuration } from '../report/index.js'
import { keptFree } from './placement.js'

/** Names shown of each kind. */
const maxShown = 3
/** Milliseconds for which other hosts may hold up a plan. */
const toldWithinMs = 1500

/** What is worth a look; undefined when nothing is known of it. */
export function touched(
  { users, uptimeMs, shares = [] }: VmImpact,
  hosts?: readonly string[],
): Fact | undefined {
  const parts = [
    ...(users === undefined ? [] : [users.length === 0 ? 'nobody logged in' : `logged in: ${some(users)}`]),
    ...(uptimeMs === undefined ? [] : [`up ${showDuration(uptimeMs)}`]),
    ...shares.map(({ path, vms }) => `${some(vms)} ${vms.length === 1 ? 'stands' : 'stand'} on ${path} too`),
    ...(hosts === undefined
      ? []
      : [hosts.length === 0 ? 'no other host has room for it' : `room for it on ${some(hosts)}`]),
  ]
  return parts.length === 0 ? undefined : { label: 'Touches', value: parts.join('; ') }
}

/** Warned of, because their work ends with it. The same words whoever it is: people come and go between an approval and the
 * work, and only the first of them is a reason to ask again. */
export function usersWarning({ name }: FoundVm, { users = [] }: VmImpact): string | undefined {
  return users.length === 0 ? undefined : `Somebody is logged in to ${name}.`
}

/** Other hosts that have the memory for it; those that do not say so soon are left out. undefined where there are none. */
export async function hostsWithRoom(
  { agents }: Pick<Fleet, 'agents'>,
  { host, memoryMiB }: { host: string; memoryMiB: number },
): Promise<string[] | undefined> {
  const others = agents.filter(({ name, changesRefused }) => name !== host && changesRefused === undefined)
  if (others.length === 0) return undefined
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, toldWithinMs, undefined)
  })
  try {
    const fits = await Promise.all(
      others.map(async (agent) => {
        const capacity = await Promise.race([agent.capacity().catch(noneIfSilent), late])
        return capacity !== undefined && capacity.availableMemoryMiB >= memoryMiB + keptFree.memoryMiB
          ? [agent.name]
          : []
      }),
    )
    return fits.flat()
  } finally {
    clearTimeout(timer)
  }
}

function noneIfSilent(error: unknown): undefined {
  if (!(error instanceof UserError)) throw error
}

function some(names: readonly string[]): string {
  const more = names.length - maxShown
  return names.slice(0, maxShown).join(', ') + (more > 0 ? ` and ${more} more` : '')
}
