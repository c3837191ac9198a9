/** Keeps leases: tells owners a day and an hour before theirs is over, and shuts the VM off at its end. */
import type { Fleet, VmSummary } from '../agents/index.js'
import { type Clock, type Jobs, type Origin, systemClock } from '../jobs/index.js'
import type { Logger } from '../log.js'
import { type Action, timeLeft } from '../report/index.js'
import { deleteAction, keepAction, submitLeaseEnd } from './lease-end.js'

/** That a lease is over soon, for the owner of the VM. */
export interface LeaseNotice {
  /** The same for the same notice: it is given once, also over a restart. */
  key: string
  vm: string
  host: string
  /** ISO 8601. */
  leaseEnds: string
  /** "23 h left" */
  left: string
  actions: Action[]
}

export interface LeaseKeeperParts {
  fleet: Fleet
  jobs: Pick<Jobs, 'submit'>
  /** Tells an owner on Slack. Rejects when it could not be said. */
  tell(owner: string, notice: LeaseNotice): Promise<void>
  /** Until when an owner wants to be left alone, milliseconds since 1970; undefined for not now. */
  quietUntil(owner: string): number | undefined
  log: Logger
  clock?: Clock
}

const hourMs = 3_600_000
/** When owners are told, before the end. The last one does not wait for their quiet hours. */
const notices = [
  { name: 'hour', beforeMs: hourMs, isLast: true },
  { name: 'day', beforeMs: 24 * hourMs, isLast: false },
] as const

/** Clocks are set, hosts come back without a word, quiet hours end. */
const longestSleepMs = 10 * 60_000
/** What happens within this is looked at once. */
const coalesceMs = 2000
/** What was done is remembered for this many leases; each is also known to the jobs and to Slack. */
const mostRemembered = 10_000

export class LeaseKeeper {
  readonly #parts: LeaseKeeperParts
  readonly #clock: Clock
  readonly #done = new Set<string>()
  readonly #stopListening: (() => void)[] = []
  #disarm: () => void = () => {}
  #isSoon = false
  #isStopped = true
  #looking: Promise<void> = Promise.resolve()

  constructor(parts: LeaseKeeperParts) {
    this.#parts = parts
    this.#clock = parts.clock ?? systemClock
  }

  start(): void {
    this.#isStopped = false
    for (const agent of this.#parts.fleet.agents) {
      const stop = agent.onChange?.(() => this.#lookSoon())
      if (stop !== undefined) this.#stopListening.push(stop)
    }
    this.#lookIn(0)
  }

  /** Resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#disarm()
    for (const stop of this.#stopListening.splice(0)) stop()
    await this.#looking
  }

  #lookSoon(): void {
    if (this.#isSoon) return
    this.#isSoon = true
    this.#lookIn(coalesceMs)
  }

  #lookIn(ms: number): void {
    this.#disarm()
    if (this.#isStopped) return
    this.#disarm = this.#clock.after(ms, () => {
      this.#isSoon = false
      this.#looking = this.#looking.then(() => this.#look())
    })
  }

  /** Never rejects. */
  async #look(): Promise<void> {
    if (this.#isStopped) return
    let sleepMs = longestSleepMs
    try {
      const { vms } = await this.#parts.fleet.vms()
      for (const vm of vms) {
        if (vm.leaseEnds === undefined || vm.owner === undefined || this.#isStopped) continue
        await this.#keep(vm, vm.owner, vm.leaseEnds)
        sleepMs = Math.min(sleepMs, nextIn(Date.parse(vm.leaseEnds) - this.#clock.now()))
      }
    } catch (error) {
      this.#parts.log.error({ err: error }, 'leases could not be looked at; it is tried again')
    }
    // What came meanwhile has its own timer.
    if (!this.#isSoon) this.#lookIn(sleepMs)
  }

  /** Never rejects: what fails is tried again at the next look. */
  async #keep(vm: VmSummary, owner: string, leaseEnds: string): Promise<void> {
    const left = Date.parse(leaseEnds) - this.#clock.now()
    const isOff = vm.state === 'shut off' || vm.state === 'crashed'
    if (left <= 0) {
      if (isOff) return
      return this.#once(`lease:${vm.uuid}:${leaseEnds}:end`, async () => {
        await submitLeaseEnd(this.#parts.jobs, { vm, leaseEnds, origin: originOf(owner) })
      })
    }
    const notice = notices.find(({ beforeMs }) => left <= beforeMs)
    if (notice === undefined || !isOnSlack(owner)) return
    const quietUntil = notice.isLast ? undefined : this.#parts.quietUntil(owner)
    if (quietUntil !== undefined && quietUntil > this.#clock.now()) return
    const key = `lease:${vm.uuid}:${leaseEnds}:${notice.name}`
    await this.#once(key, () =>
      this.#parts.tell(owner, {
        ...{ key, vm: vm.name, host: vm.host, leaseEnds, left: timeLeft(leaseEnds, this.#clock.now()) },
        actions: actionsOf(vm, isOff),
      }),
    )
  }

  async #once(key: string, work: () => Promise<void>): Promise<void> {
    if (this.#done.has(key)) return
    try {
      await work()
      this.#done.add(key)
      for (const oldest of this.#done) {
        if (this.#done.size <= mostRemembered) break
        this.#done.delete(oldest)
      }
    } catch (error) {
      this.#parts.log.warn({ err: error, lease: key }, 'a lease could not be kept; it is tried again')
    }
  }
}

/** Milliseconds until something is to be done about a lease of which so much is left. */
function nextIn(left: number): number {
  const points = [0, ...notices.map(({ beforeMs }) => beforeMs)]
  const waits = points.map((point) => left - point).filter((ms) => ms > 0)
  return Math.min(Number.POSITIVE_INFINITY, ...waits)
}

function isOnSlack(owner: string): boolean {
  return /^[UW][A-Z0-9]+$/.test(owner)
}

/** The card of what is done at the end goes to the owner. */
function originOf(owner: string): Origin {
  return isOnSlack(owner) ? { surface: 'slack', channel: owner } : { surface: 'terminal' }
}

function actionsOf(vm: VmSummary, isOff: boolean): Action[] {
  const word = `${vm.name}@${vm.host}`
  return [
    keepAction(vm),
    { label: 'Snapshot', command: `snapshot create ${word}` },
    ...(isOff ? [] : [{ label: 'Stop', command: `vm stop ${word}`, confirm: `Shut ${vm.name} down now?` }]),
    deleteAction(vm),
  ]
}
