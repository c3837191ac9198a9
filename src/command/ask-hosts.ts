/** One question to one host or to all, and what those said that could not answer. */
import type { Agent, Fleet } from '../agents/agent.js'
import { UserError } from '../errors.js'
import { count } from '../report/index.js'

export interface HostAnswer<T> {
  host: string
  value: T
}

export interface SilentHost {
  host: string
  error: UserError
}

/**
 * Asks every host at once. A host that cannot answer is in `silent`; when one host is named, its error is thrown instead,
 * because then there is nothing else to tell.
 */
export async function askHosts<T>(
  fleet: Fleet,
  host: string | undefined,
  ask: (agent: Agent) => Promise<T>,
): Promise<{ answers: HostAnswer<T>[]; silent: SilentHost[] }> {
  if (host !== undefined) {
    return { answers: [{ host, value: await ask(fleet.agent(host)) }], silent: [] }
  }
  const answers: HostAnswer<T>[] = []
  const silent: SilentHost[] = []
  const outcomes = await Promise.allSettled(fleet.agents.map(ask))
  outcomes.forEach((outcome, index) => {
    const { name } = fleet.agents[index] as Agent
    if (outcome.status === 'fulfilled') answers.push({ host: name, value: outcome.value })
    else if (outcome.reason instanceof UserError) silent.push({ host: name, error: outcome.reason })
    else throw outcome.reason
  })
  return { answers, silent }
}

/** "2 hosts", or "1 of 2 hosts" when the others did not answer. */
export function hostCount(fleet: Fleet, silent: number): string {
  const all = count(fleet.agents.length, 'host')
  return silent === 0 ? all : `${fleet.agents.length - silent} of ${all}`
}

/** "kvm2 did not answer: connection refused." */
export function silence({ host, error }: { host: string; error: { message: string } }): string {
  // Most errors name the host themselves.
  return error.message.startsWith(`Host ${host} `)
    ? error.message
    : `${host} did not answer: ${error.message}`
}
