/**
 * Check and reserve as one: whoever asks for room is told yes or no, and a yes is counted before the next one is looked at.
 *
 * What was promised stands in the journal of its job (the settled plan, with what will grow) and counts until the job is
 * over; between the yes and that journal entry, which follows at once, it is held here. So nothing has to be released, and a
 * restart finds all of it: a job whose yes was not written down yet asks again.
 */
import { z } from 'zod'
import type { Agent, Fleet, VmHolding } from '../agents/agent.js'
import type { Growth, QuotaReading, QuotaUse } from '../command/index.js'
import { type ErrorNote, UserError } from '../errors.js'
import { isOver, type Job, type JobState, type Jobs } from '../jobs/index.js'
import type { Logger } from '../log.js'
import {
  type Policy,
  type QuotaHost,
  type QuotaLine,
  type QuotaSettings,
  type QuotaWorld,
  quotaBlockers,
  quotaLines,
  type Reservation,
  showAmount,
} from '../policy/index.js'

export interface QuotaGateParts {
  /** Absent where nothing is limited: then nobody is asked anything. */
  settings?: QuotaSettings
  fleet: Fleet
  policy: Pick<Policy, 'rightsOf'>
  jobs: Pick<Jobs, 'get' | 'list'>
  log?: Logger
  /** Milliseconds for which one host may hold up the answer; after that it counts as it was last seen. Default 4000. */
  answerWithinMs?: number
  /** Milliseconds since 1970. */
  now?: () => number
}

interface Waiting {
  reservation: Reservation
  resolve(blockers: ErrorNote[]): void
  reject(error: unknown): void
}

const unfinished: JobState[] = ['planning', 'awaiting-approval', 'queued', 'running']

/** As the steps that plan keep it. */
const keptGrowth = z.object({
  growth: z.array(
    z.object({
      vm: z.object({ name: z.string(), host: z.string() }),
      owner: z.string().exactOptional(),
      runs: z.literal(true).exactOptional(),
      cpus: z.number().exactOptional(),
      memoryMiB: z.number().exactOptional(),
      diskGiB: z.number().exactOptional(),
      snapshots: z.array(z.string()).exactOptional(),
    }),
  ),
})

const nothingLimited: QuotaSettings = { owners: [], hosts: [], perVm: {} }

export class QuotaGate implements QuotaReading {
  readonly #parts: QuotaGateParts
  #settings: QuotaSettings | undefined
  readonly #answerWithinMs: number
  readonly #now: () => number
  /** What each host said last. */
  readonly #seen = new Map<string, { holdings: readonly VmHolding[]; at: number }>()
  readonly #capacities = new Map<string, NonNullable<QuotaHost['capacity']>>()
  readonly #held = new Map<string, readonly Growth[]>()
  #waiting: Waiting[] = []
  #isAtWork = false

  constructor(parts: QuotaGateParts) {
    this.#parts = parts
    this.#settings = parts.settings
    this.#answerWithinMs = parts.answerWithinMs ?? 4000
    this.#now = parts.now ?? Date.now
  }

  /** From now on these count; what was let in stays in. Nothing is limited without them. */
  renew(settings: QuotaSettings | undefined): void {
    this.#settings = settings
  }

  /** Nothing when there is room: then it is reserved for the job until that is over. Asked again for the same job, the
   * earlier reservation does not count against it. */
  async admit(job: string, growth: readonly Growth[]): Promise<ErrorNote[]> {
    if (this.#settings === undefined || growth.length === 0) return []
    return new Promise((resolve, reject) => {
      this.#waiting.push({ reservation: { job, growth }, resolve, reject })
      if (!this.#isAtWork) void this.#work()
    })
  }

  /** What `admit` would say now; nothing is reserved. */
  async weigh(growth: readonly Growth[]): Promise<ErrorNote[]> {
    if (this.#settings === undefined || growth.length === 0) return []
    const world = await this.#world(growth.flatMap(({ owner }) => owner ?? []))
    return quotaBlockers(world, { job: '', growth })
  }

  async of(owner: string): Promise<QuotaUse> {
    const world = await this.#world([owner])
    return {
      lines: quotaLines(world, owner).map(wordsOf),
      notes: world.hosts.flatMap(({ name, asOf, unknown }) => {
        if (unknown !== undefined) return [`${name} did not answer and is not counted: ${unknown}`]
        return asOf === undefined ? [] : [`${name} did not answer and is counted as it was at ${asOf}.`]
      }),
    }
  }

  /** Those who came while hosts were asked share the next answer; one after the other they are let in or not. */
  async #work(): Promise<void> {
    this.#isAtWork = true
    while (this.#waiting.length > 0) {
      const batch = this.#waiting
      this.#waiting = []
      try {
        const owners = batch.flatMap(({ reservation }) =>
          reservation.growth.flatMap(({ owner }) => owner ?? []),
        )
        const world = await this.#world(owners)
        for (const { reservation, resolve } of batch) {
          const { job, growth } = reservation
          const blockers = quotaBlockers(world, reservation)
          world.reserved = world.reserved.filter((each) => each.job !== job)
          if (blockers.length > 0) this.#held.delete(job)
          else {
            this.#held.set(job, growth)
            world.reserved.push(reservation)
          }
          resolve(blockers)
        }
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    this.#isAtWork = false
  }

  async #world(owners: readonly string[]): Promise<QuotaWorld & { reserved: Reservation[] }> {
    const { fleet } = this.#parts
    const settings = this.#settings ?? nothingLimited
    // Before the hosts are asked: what a job does and ends with meanwhile counts as reserved, or is seen, or both.
    const reserved = this.#reservations()
    const answers = await Promise.all(fleet.agents.map((agent) => this.#look(agent, settings)))
    const holdings = answers.flatMap((each) => each.holdings)
    const people = new Set([...owners, ...holdings.flatMap(({ owner }) => owner ?? [])])
    const rolesOf = new Map<string, readonly string[]>()
    if (settings.owners.some(({ roles }) => roles !== undefined)) {
      for (const id of people) rolesOf.set(id, (await this.#parts.policy.rightsOf({ id })).roles)
    }
    return { settings, hosts: answers.map(({ host }) => host), holdings, reserved, rolesOf }
  }

  #reservations(): Reservation[] {
    const { jobs } = this.#parts
    for (const job of this.#held.keys()) if (this.#isDone(job)) this.#held.delete(job)
    const kept = jobs.list({ states: unfinished }).flatMap((job): Reservation[] => {
      const growth = keptIn(job)
      return growth === undefined || this.#held.has(job.id) ? [] : [{ job: job.id, growth }]
    })
    return [...kept, ...[...this.#held].map(([job, growth]) => ({ job, growth }))]
  }

  #isDone(job: string): boolean {
    try {
      return isOver(this.#parts.jobs.get(job))
    } catch (error) {
      if (error instanceof UserError && error.code === 'unknown-job') return true
      throw error
    }
  }

  async #look(
    agent: Agent,
    settings: QuotaSettings,
  ): Promise<{ host: QuotaHost; holdings: readonly VmHolding[] }> {
    const { name, labels } = agent
    const hasRatio = settings.hosts.some(
      (each) => each.cpuRatio !== undefined || each.memoryRatio !== undefined,
    )
    try {
      const [holdings, capacity] = await within(
        this.#answerWithinMs,
        Promise.all([agent.holdings(), hasRatio ? agent.capacity() : undefined]),
        name,
      )
      this.#seen.set(name, { holdings, at: this.#now() })
      if (capacity !== undefined) this.#capacities.set(name, capacity)
      return { host: { name, labels, ...(capacity === undefined ? {} : { capacity }) }, holdings }
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      this.#parts.log?.debug({ host: name, err: error }, 'a host does not say what its VMs take')
      const seen = this.#seen.get(name)
      const capacity = this.#capacities.get(name)
      if (seen === undefined) return { host: { name, labels, unknown: error.message }, holdings: [] }
      const asOf = new Date(seen.at).toISOString()
      return {
        host: { name, labels, asOf, ...(capacity === undefined ? {} : { capacity }) },
        holdings: seen.holdings,
      }
    }
  }
}

/** Of the plan, or of the one made after an approval, whichever was last. */
function keptIn({ steps }: Job): readonly Growth[] | undefined {
  const plans = steps.filter(({ name, state }) => state === 'done' && /^(plan|look again.*)$/.test(name))
  const kept = plans.map(({ result }) => keptGrowth.safeParse(result)).findLast(({ success }) => success)
  return kept?.data?.growth
}

function wordsOf({ of, what, used, reserved, limit }: QuotaLine): QuotaUse['lines'][number] {
  return {
    of,
    what: { vms: 'VMs', cpus: 'CPUs', memoryMiB: 'Memory', diskGiB: 'Disk', snapshots: 'Snapshots' }[what],
    used: showAmount(what, used),
    reserved: showAmount(what, reserved),
    ...(limit === undefined ? {} : { limit: showAmount(what, limit) }),
  }
}

async function within<T>(ms: number, work: Promise<T>, host: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const fix = `Look at the host: host check ${host}`
      reject(new UserError('timeout', `${host} did not answer within ${ms / 1000} s.`, { fix }))
    }, ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
