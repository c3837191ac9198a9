/** Watching a VM that was just made until it has an address. */
import type { Agent, FoundVm, VmState } from '../agents/agent.js'
import { UserError } from '../errors.js'
import { type PollOptions, poll } from './polling.js'
import { isOff } from './vm-report.js'

/** What was seen last. An interface would not count as JSON. */
export type SeenVm = { state: VmState; addresses: string[] }

/**
 * Resolves when the VM has an address, is off, or the time is over; `waiting` is told after each look that found none.
 * Rejects with the signal's reason.
 */
export async function firstAddress(
  vm: FoundVm,
  agent: Agent,
  options: PollOptions,
  waiting: (elapsedMs: number) => void,
): Promise<SeenVm> {
  let last: SeenVm = { state: 'running', addresses: [] }
  const end = await poll(options, async (elapsedMs) => {
    last = await look(vm, agent, last)
    if (last.addresses.length > 0 || isOff(last.state)) return last
    waiting(elapsedMs)
    return undefined
  })
  return end ?? last
}

/** A host that does not answer for a while does not end the wait: what was seen before counts until it does. */
async function look(vm: FoundVm, agent: Agent, last: SeenVm): Promise<SeenVm> {
  try {
    const [addresses, vms] = await Promise.all([agent.addressesOf(vm), agent.vms()])
    return { addresses, state: vms.find(({ uuid }) => uuid === vm.uuid)?.state ?? 'shut off' }
  } catch (error) {
    if (error instanceof UserError && error.code !== 'cancelled') return last
    throw error
  }
}
