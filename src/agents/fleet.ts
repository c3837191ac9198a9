/** All agents as one: looks a VM up by exact name over every host, and asks all hosts at once with a common deadline. */
import { UserError } from '../errors.js'
import type { Agent, Fleet, FoundVm, HostSummary, VmRef, VmSummary } from './agent.js'
import { nearestNames } from './nearest-names.js'

export interface FleetOptions {
  /** How long one host may hold up an answer about all of them. */
  answerWithinMs?: number
}

type Answer<T> = { agent: Agent; value: T } | { agent: Agent; error: UserError }

/** A Fleet over these agents, in this order. One slow or dead host never holds up what the others say for longer than
 * `answerWithinMs` (default 8 s). */
export function fleetOf(agents: readonly Agent[], { answerWithinMs = 8000 }: FleetOptions = {}): Fleet {
  const byName = new Map(agents.map((agent) => [agent.name, agent]))
  // Names last seen on each host, so that an unreachable host stands in the way only of names it may hold.
  const lastSeen = new Map<string, Set<string>>()

  function agentNamed(name: string): Agent {
    const agent = byName.get(name)
    if (agent !== undefined) return agent
    const near = nearestNames(name, [...byName.keys()])
    throw new UserError('unknown-host', `There is no host “${name}”.`, {
      fix:
        near.length > 0
          ? `Did you mean ${listOf(near, 'or')}?`
          : `The hosts are ${listOf([...byName.keys()], 'and')}.`,
    })
  }

  async function askAll<T>(ask: (agent: Agent) => Promise<T>): Promise<Answer<T>[]> {
    return Promise.all(agents.map((agent) => answerOf(agent, ask(agent), answerWithinMs)))
  }

  async function allVms(): Promise<{ vms: VmSummary[]; unreachable: HostSummary[] }> {
    const vms: VmSummary[] = []
    const unreachable: HostSummary[] = []
    for (const answer of await askAll((agent) => agent.vms())) {
      if ('value' in answer) {
        vms.push(...answer.value)
        lastSeen.set(answer.agent.name, new Set(answer.value.map(({ name }) => name)))
      } else {
        unreachable.push(unreachableHost(answer.agent, answer.error))
      }
    }
    return { vms, unreachable }
  }

  async function findOn(agent: Agent, ref: VmRef): Promise<FoundVm> {
    const answer = await answerOf(agent, agent.find(ref.name), answerWithinMs)
    if ('error' in answer) throw answer.error
    if (answer.value !== undefined) return sameVm(answer.value, ref)
    const listed = await answerOf(agent, agent.vms(), answerWithinMs)
    throw unknownVm(`${ref.name}@${agent.name}`, ref.name, 'value' in listed ? listed.value : [])
  }

  async function find(ref: VmRef): Promise<FoundVm> {
    if (ref.host !== undefined) return findOn(agentNamed(ref.host), ref)
    const answers = await askAll((agent) => agent.find(ref.name))
    const found = answers.flatMap((answer) =>
      'value' in answer && answer.value !== undefined ? [answer.value] : [],
    )
    const silent = answers.flatMap((answer) => ('error' in answer ? [answer] : []))
    for (const answer of answers) {
      if (!('value' in answer)) continue
      const seen = lastSeen.get(answer.agent.name) ?? new Set()
      if (answer.value === undefined) seen.delete(ref.name)
      else lastSeen.set(answer.agent.name, seen.add(ref.name))
    }

    const pinned = ref.uuid === undefined ? undefined : found.find(({ uuid }) => uuid === ref.uuid)
    if (pinned !== undefined) return pinned
    if (found.length > 1) {
      const choices = found.map(({ name, host }) => `${name}@${host}`)
      throw new UserError(
        'ambiguous-vm',
        `“${ref.name}” is on ${found.length} hosts: ${listOf(choices, 'and')}.`,
        {
          fix: `Say which one: ${listOf(choices, 'or')}.`,
        },
      )
    }
    const [only] = found
    const inTheWay = silent.find(({ agent }) => only === undefined || lastSeen.get(agent.name)?.has(ref.name))
    if (inTheWay !== undefined) throw mayBeThere(ref.name, inTheWay.agent, inTheWay.error, only)
    if (only !== undefined) return sameVm(only, ref)
    throw unknownVm(ref.name, ref.name, (await allVms()).vms)
  }

  return { agents, agent: agentNamed, find, vms: allVms }
}

/** What is said of a host that did not answer. */
export function unreachableHost(agent: Pick<Agent, 'name' | 'labels'>, error: UserError): HostSummary {
  const { code, message, fix } = error
  return {
    name: agent.name,
    labels: { ...agent.labels },
    status: 'unreachable',
    problem: { code, message, fix },
  }
}

async function answerOf<T>(agent: Agent, asked: Promise<T>, withinMs: number): Promise<Answer<T>> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new UserError('timeout', `Host ${agent.name} did not answer within ${withinMs / 1000} s.`, {
          fix: `Try again, or look at the host: host check ${agent.name}`,
        }),
      )
    }, withinMs)
  })
  try {
    return { agent, value: await Promise.race([asked, late]) }
  } catch (error) {
    // Anything but a UserError is a defect of ours, not an answer about the host.
    if (error instanceof UserError) return { agent, error }
    throw error
  } finally {
    clearTimeout(timer)
  }
}

function sameVm(found: FoundVm, ref: VmRef): FoundVm {
  if (ref.uuid === undefined || ref.uuid === found.uuid) return found
  throw new UserError(
    'changed-since',
    `${found.name}@${found.host} is not the VM it was: it was deleted and made again (UUID ${found.uuid}, was ${ref.uuid}).`,
    { fix: `Look at it and ask again: vm show ${found.name}@${found.host}` },
  )
}

function unknownVm(shown: string, name: string, known: readonly VmSummary[]): UserError {
  const near = nearestNames(
    name,
    known.map((vm) => vm.name),
  ).flatMap((close) => known.filter((vm) => vm.name === close).map((vm) => `${vm.name}@${vm.host}`))
  return new UserError('unknown-vm', `There is no VM “${shown}”.`, {
    fix: near.length > 0 ? `Did you mean ${listOf(near.slice(0, 5), 'or')}?` : 'See what there is: vm list',
  })
}

function mayBeThere(name: string, agent: Agent, error: UserError, only: FoundVm | undefined): UserError {
  if (only !== undefined) {
    return new UserError(
      'host-unreachable',
      `“${name}” is on ${only.host} and was last seen on ${agent.name} too, which does not answer: ${error.message}`,
      { fix: `Say which one: ${name}@${only.host} or ${name}@${agent.name}.`, cause: error },
    )
  }
  return new UserError(
    'host-unreachable',
    `“${name}” is on no host that answers; it may be on ${agent.name}, which does not: ${error.message}`,
    { fix: error.fix, cause: error },
  )
}

function listOf(items: readonly string[], word: 'and' | 'or'): string {
  if (items.length < 2) return items.join('')
  return `${items.slice(0, -1).join(', ')} ${word} ${items.at(-1)}`
}
