/**
 * What may be chosen for an argument, while somebody types: names that the agents know. VMs come from what each agent holds
 * and keeps true by events; what is asked of a host when it is read (images, pools, networks, profiles) is held here for a
 * while. A host that is slow or silent holds nobody up: what it said last stands for it.
 */
import type { Agent, Fleet, VmSummary } from '../agents/agent.js'
import type { Job, Jobs } from '../jobs/job.js'
import type { Schedules } from '../jobs/schedule.js'
import type { ArgumentKind } from './argument-meta.js'
import { stateWords } from './job-report.js'
import { rhythmInWords } from './times-of-week.js'

export interface Suggestion {
  /** What is typed for it. */
  value: string
  /** More than the value, for the reader: "running on kvm1". */
  detail?: string
}

export interface Question {
  kind: ArgumentKind
  /** What was typed so far; empty for all. */
  query: string
  /** Only what is on this host. */
  host?: string | undefined
  /** Whose snapshots: `web1` or `web1@kvm1`. */
  vm?: string | undefined
}

export interface SuggestionsParts {
  fleet: Fleet
  jobs: Pick<Jobs, 'list'>
  schedules: Pick<Schedules, 'list'>
  /** Milliseconds; performance.now when absent. */
  now?: () => number
  /** How long one host may hold up an answer for which something is known already, and for which nothing is. */
  patienceMs?: { known: number; unknown: number }
}

/** Slack docs: a select offers at most 100 options. */
const mostSuggestions = 100
/** Images and the like change rarely and cost a question to the host. */
const heldForMs = 10_000
/** Slack waits 3 s for options. */
const patience = { known: 250, unknown: 2000 }
const jobsOffered = 300

type Kind = 'vm' | 'image' | 'profile' | 'network' | 'pool'

interface Held {
  names: Suggestion[]
  at: number
  asking?: Promise<Suggestion[]> | undefined
}

export class Suggestions {
  readonly #parts: SuggestionsParts
  readonly #now: () => number
  readonly #held = new Map<string, Held>()

  constructor(parts: SuggestionsParts) {
    this.#parts = parts
    this.#now = parts.now ?? (() => performance.now())
  }

  /** At most 100: those that begin with what was typed, then those that have it inside. Never rejects: a host that fails
   * offers what it said last, or nothing. */
  async suggest({ kind, query, host, vm }: Question): Promise<Suggestion[]> {
    switch (kind) {
      case 'host':
        return matching(
          query,
          this.#parts.fleet.agents.map(({ name }) => ({ value: name })),
        )
      case 'job':
        return this.#jobs(query)
      case 'schedule':
        return this.#schedules(query)
      case 'time-zone':
        return matching(query, timeZones())
      case 'snapshot':
        return matching(query, vm === undefined ? [] : await this.#snapshots(vm))
      case 'vm':
        return matching(query, vmsByName(await this.#onHosts('vm', host)))
      case 'image':
      case 'profile':
      case 'network':
      case 'pool':
        return matching(query, once((await this.#onHosts(kind, host)).flatMap(({ names }) => names)))
      default:
        return []
    }
  }

  async #onHosts(kind: Kind, host: string | undefined): Promise<{ host: string; names: Suggestion[] }[]> {
    const agents = this.#parts.fleet.agents.filter(({ name }) => host === undefined || name === host)
    return Promise.all(
      agents.map(async (agent) => ({ host: agent.name, names: await this.#ofHost(kind, agent) })),
    )
  }

  /** What the host says now if it says so soon, else what it said last. */
  async #ofHost(kind: Kind, agent: Agent): Promise<Suggestion[]> {
    const key = `${kind} ${agent.name}`
    const held = this.#held.get(key) ?? { names: [], at: Number.NEGATIVE_INFINITY }
    this.#held.set(key, held)
    // What agents keep true themselves is asked of them each time; it costs nothing.
    if (kind !== 'vm' && this.#now() - held.at < heldForMs) return held.names
    held.asking ??= namesOf(kind, agent)
      .then((names) => {
        held.names = names
        held.at = this.#now()
        return names
      })
      .catch(() => held.names)
      .finally(() => {
        held.asking = undefined
      })
    const { known, unknown } = this.#parts.patienceMs ?? patience
    return soon(held.asking, held.at === Number.NEGATIVE_INFINITY ? unknown : known, () => held.names)
  }

  async #snapshots(vm: string): Promise<Suggestion[]> {
    const { fleet, patienceMs = patience } = this.#parts
    const [name = '', host] = vm.split(/@(?=[^@]*$)/)
    const asked = (async () => {
      const found = await fleet.find({ name, ...(host === undefined ? {} : { host }) })
      const snapshots = await fleet.agent(found.host).snapshots(found)
      return snapshots.map((each) => ({ value: each.name, detail: `taken ${each.createdAt.slice(0, 10)}` }))
    })()
    return soon(
      asked.catch(() => []),
      patienceMs.unknown,
      () => [],
    )
  }

  /** Newest first. A job is looked for by what it does as well. */
  #jobs(query: string): Suggestion[] {
    const wanted = query.trim().toLowerCase()
    return this.#parts.jobs
      .list({ limit: jobsOffered })
      .filter(({ id, title }) => id.includes(wanted) || title.toLowerCase().includes(wanted))
      .slice(0, mostSuggestions)
      .map((job: Job) => ({ value: job.id, detail: `${stateWords[job.state]}: ${job.title}` }))
  }

  /** Looked for by what they ask for as well. */
  #schedules(query: string): Suggestion[] {
    const wanted = query.trim().toLowerCase()
    return this.#parts.schedules
      .list()
      .filter(({ id, line }) => id.includes(wanted) || line.toLowerCase().includes(wanted))
      .slice(0, mostSuggestions)
      .map(({ id, line, rhythm }) => ({ value: id, detail: `${line}, ${rhythmInWords(rhythm)}` }))
  }
}

/** UTC is none of those that Intl counts up. */
function timeZones(): Suggestion[] {
  return ['UTC', ...Intl.supportedValuesOf('timeZone')].map((value) => ({ value }))
}

async function namesOf(kind: Kind, agent: Agent): Promise<Suggestion[]> {
  switch (kind) {
    case 'vm':
      return (await agent.vms()).map(vmSuggestion)
    case 'image':
      return (await agent.images()).map(({ name }) => ({ value: name }))
    case 'profile':
      return (await agent.profiles()).map((value) => ({ value }))
    case 'network':
      return (await agent.networks()).map(({ name, cidr }) => ({
        value: name,
        ...(cidr === undefined ? {} : { detail: cidr }),
      }))
    case 'pool':
      return (await agent.pools()).map(({ name, availableGiB }) => ({
        value: name,
        detail: `${Math.floor(availableGiB)} GiB free`,
      }))
  }
}

function vmSuggestion({ name, host, state }: VmSummary): Suggestion {
  return { value: name, detail: `${state} on ${host}` }
}

/** A name that is on several hosts is offered once for each, with the host: alone it would be ambiguous. */
function vmsByName(hosts: readonly { host: string; names: readonly Suggestion[] }[]): Suggestion[] {
  const seen = new Map<string, number>()
  for (const { names } of hosts) {
    for (const { value } of names) seen.set(value, (seen.get(value) ?? 0) + 1)
  }
  return hosts.flatMap(({ host, names }) =>
    names.map((each) =>
      (seen.get(each.value) ?? 0) > 1 ? { ...each, value: `${each.value}@${host}` } : each,
    ),
  )
}

/** The same image may be on several hosts. */
function once(suggestions: readonly Suggestion[]): Suggestion[] {
  const byValue = new Map<string, Suggestion>()
  for (const each of suggestions) {
    byValue.set(each.value, byValue.has(each.value) ? { value: each.value } : each)
  }
  return [...byValue.values()]
}

const { compare } = new Intl.Collator('en', { numeric: true })

function matching(query: string, all: readonly Suggestion[]): Suggestion[] {
  const wanted = query.trim().toLowerCase()
  const first: Suggestion[] = []
  const then: Suggestion[] = []
  for (const each of all) {
    const at = each.value.toLowerCase().indexOf(wanted)
    if (at === 0) first.push(each)
    else if (at > 0) then.push(each)
  }
  const sort = (list: Suggestion[]) => list.sort((a, b) => compare(a.value, b.value))
  const begins = sort(first)
  return begins.length >= mostSuggestions
    ? begins.slice(0, mostSuggestions)
    : [...begins, ...sort(then)].slice(0, mostSuggestions)
}

function soon<T>(asked: Promise<T>, withinMs: number, otherwise: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(otherwise()), withinMs)
    asked.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
