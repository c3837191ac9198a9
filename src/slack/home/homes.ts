/** Home tabs of everybody who looked at theirs lately, kept true by what happens: jobs that change, events of hosts. */
import type { WebClient } from '@slack/web-api'
import type { Fleet, VmSummary } from '../../agents/index.js'
import { type Clock, finalStates, type JobState, type Jobs, wouldHelp } from '../../jobs/index.js'
import type { Logger } from '../../log.js'
import type { Policy } from '../../policy/index.js'
import { callFailure } from '../call-failure.js'
import { type HomeFacts, homeView, prepareView, vmsOnPage } from '../views/index.js'
import { within } from '../wait.js'
import { HostRooms } from './host-rooms.js'

export interface HomesParts {
  fleet: Fleet
  jobs: Pick<Jobs, 'list' | 'onChange'>
  policy: Pick<Policy, 'rightsOf'>
  /** The one for what people wait for. */
  client: WebClient
  log: Logger
  clock: Clock
}

/** What happens within this is shown at once. */
const coalesceMs = 2000
/** Slack takes some 100 views a minute from an app (Slack docs: views.publish is tier 4): with many tabs each waits longer. */
const msPerTab = 700
/** Tabs that are kept true, and for how long after they were last opened or clicked in. */
const mostWatched = 50
const watchedForMs = 60 * 60_000
/** An address comes from the host when it is asked; the tab does not wait for a slow one. */
const addressWithinMs = 1500
const jobsRead = 100

const openStates: JobState[] = ['planning', 'awaiting-approval', 'queued', 'running']

interface Watched {
  page: number
  /** Counts what was begun for it: only the latest is sent. */
  turn: number
  seenAt: number
  /** What Slack was last told, without the time: the same is not sent again. */
  told?: string
}

export class Homes {
  readonly #parts: HomesParts
  readonly #watched = new Map<string, Watched>()
  readonly #stopListening: (() => void)[] = []
  #cancelTimer: (() => void) | undefined
  /** The last refresh of all tabs, and how many it sent. */
  #refreshing: Promise<number> = Promise.resolve(0)
  #sentLately = 0
  readonly #rooms: HostRooms
  #isStopped = false

  constructor(parts: HomesParts) {
    this.#parts = parts
    this.#rooms = new HostRooms(parts)
  }

  start(): void {
    const { jobs, fleet } = this.#parts
    const changed = () => this.#changed()
    this.#stopListening.push(jobs.onChange(changed))
    for (const agent of fleet.agents) {
      const stop = agent.onChange?.(changed)
      if (stop !== undefined) this.#stopListening.push(stop)
    }
  }

  stop(): void {
    this.#isStopped = true
    this.#cancelTimer?.()
    for (const stop of this.#stopListening.splice(0)) stop()
  }

  /** Somebody looks at their tab, at this page of it. Never rejects. */
  async show(user: string, page?: number): Promise<void> {
    const before = this.#watched.get(user)
    this.#watched.delete(user)
    const watched = { page: page ?? before?.page ?? 0, turn: 0, seenAt: this.#parts.clock.now() }
    this.#watched.set(user, watched)
    for (const oldest of this.#watched.keys()) {
      if (this.#watched.size <= mostWatched) break
      this.#watched.delete(oldest)
    }
    await this.#publish([[user, watched]])
  }

  /** The VMs of one person with their addresses. */
  async vmsOf(user: string): Promise<{ vms: VmSummary[]; addresses: Map<string, string> }> {
    const { vms } = await this.#parts.fleet.vms()
    const mine = ownedBy(user, vms)
    return { vms: mine, addresses: await this.#addresses(mine.slice(0, 3 * vmsOnPage)) }
  }

  #changed(): void {
    if (this.#isStopped || this.#cancelTimer !== undefined || this.#watched.size === 0) return
    const waitMs = Math.max(coalesceMs, this.#sentLately * msPerTab)
    this.#cancelTimer = this.#parts.clock.after(waitMs, () => {
      this.#cancelTimer = undefined
      const now = this.#parts.clock.now()
      for (const [user, { seenAt }] of this.#watched) {
        if (now - seenAt > watchedForMs) this.#watched.delete(user)
      }
      // One after another: the next has at least what this one had.
      this.#refreshing = this.#refreshing.then(() => this.#publish([...this.#watched]))
      void this.#refreshing.then((sent) => {
        this.#sentLately = sent
      })
    })
  }

  /** How many were sent. Never rejects. */
  async #publish(tabs: readonly (readonly [string, Watched])[]): Promise<number> {
    const { fleet, log } = this.#parts
    let sent = 0
    try {
      // Asked once for all of them.
      const all = await fleet.vms()
      for (const [user, watched] of tabs) {
        if (this.#isStopped || !(await this.#publishOne(user, watched, all))) return sent
        sent += 1
      }
    } catch (error) {
      log.error({ err: error }, 'Home tabs could not be made')
    }
    return sent
  }

  /** `false` when Slack takes no more for now: it is sent when the limit is over. */
  async #publishOne(
    user: string,
    watched: Watched,
    all: Awaited<ReturnType<Fleet['vms']>>,
  ): Promise<boolean> {
    const { client, clock, log } = this.#parts
    watched.turn += 1
    const { turn } = watched
    const facts = await this.#factsFor(user, watched, all)
    const told = JSON.stringify({ ...facts, at: '', addresses: [...facts.addresses] })
    if (told === watched.told || turn !== watched.turn) return true
    try {
      await client.views.publish({ user_id: user, view: prepareView(homeView(facts)) })
      watched.told = told
      return true
    } catch (error) {
      const failure = callFailure(error)
      log.warn({ user, why: failure.why }, 'a Home tab could not be shown')
      if (failure.kind === 'refused') this.#watched.delete(user)
      if (failure.kind !== 'rate-limited') return true
      clock.after(failure.retryAfterMs, () => this.#changed())
      return false
    }
  }

  async #factsFor(
    user: string,
    watched: Watched,
    { vms, unreachable }: Awaited<ReturnType<Fleet['vms']>>,
  ): Promise<HomeFacts> {
    const { fleet, jobs, policy, clock } = this.#parts
    const rights = await policy.rightsOf({ id: user })
    const myVms = ownedBy(user, vms)
    const pages = Math.max(1, Math.ceil(myVms.length / vmsOnPage))
    watched.page = Math.min(watched.page, pages - 1)
    const first = watched.page * vmsOnPage
    const open = jobs.list({ states: openStates, limit: jobsRead })
    const mine = open.filter(({ requester }) => requester.id === user)
    const lately = jobs.list({ states: [...finalStates], requester: user, limit: 3 })
    const facts: HomeFacts = {
      myVms,
      addresses: await this.#addresses(myVms.slice(first, first + vmsOnPage)),
      page: watched.page,
      myJobs: [...mine, ...lately],
      toDecide: open.filter(
        ({ state, approval, requester }) =>
          state === 'awaiting-approval' &&
          approval !== undefined &&
          wouldHelp(
            { ...approval, requester },
            { by: { id: user }, roles: rights.roles, decides: rights.mayApprove },
          ),
      ),
      at: new Date(clock.now()).toISOString(),
    }
    if (!rights.mayAsk({ risk: 'change' })) return facts
    const rooms = await this.#rooms.all()
    const hosts = fleet.agents.map(({ name }) => {
      const own = vms.filter(({ host }) => host === name)
      const problem = unreachable.find((each) => each.name === name)?.problem?.message
      const running = own.filter(({ state }) => state === 'running').length
      const atWork = open.filter(({ state, plan }) => state === 'running' && plan?.host === name).length
      const room = rooms.get(name)
      return {
        name,
        total: own.length,
        running,
        jobs: atWork,
        ...(problem === undefined ? {} : { problem }),
        ...(room === undefined ? {} : { room }),
      }
    })
    return { ...facts, hosts, openJobs: open.filter(({ requester }) => requester.id !== user) }
  }

  async #addresses(vms: readonly VmSummary[]): Promise<Map<string, string>> {
    const { fleet, clock } = this.#parts
    const found = await Promise.all(
      vms
        .filter(({ state }) => state === 'running')
        .map(async (vm) => {
          const asked = fleet.agent(vm.host).addressesOf(vm)
          const [address] = await within(
            clock,
            addressWithinMs,
            asked.catch(() => []),
            [],
          )
          return address === undefined ? [] : [[vm.uuid, address] as const]
        }),
    )
    return new Map(found.flat())
  }
}

/** Those that run first, then by name. */
function ownedBy(user: string, vms: readonly VmSummary[]): VmSummary[] {
  const rank = ({ state }: VmSummary) => (state === 'shut off' ? 1 : 0)
  return vms
    .filter(({ owner }) => owner === user)
    .toSorted((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name))
}
