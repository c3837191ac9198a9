/**
 * Watches the ends of leases: one timer for the nearest, and a look whenever a host tells of something. A look asks the
 * inventory, which is kept by events, and no VM.
 *
 * | when                                                    | what                                          |
 * |---------------------------------------------------------|-----------------------------------------------|
 * | a day before, of leases of 36 hours and more            | first warning; waits for the end of quiet hours |
 * | an hour before                                          | last warning                                  |
 * | at the end, and at least an hour after the last warning | the job that shuts it off                     |
 * | when that is over                                       | what came of it                               |
 *
 * Whatever was late (the bot or the host was down, Slack was, the clock was put forward) moves only what is behind it: no VM
 * is shut off whose owner was not warned an hour before. A VM that is off is left alone.
 */
import type { Fleet, Lease, VmSummary } from '../agents/agent.js'
import { isOff, timeLeft, vmWord } from '../command/index.js'
import { type Clock, isOver, type Job, type Jobs, systemClock } from '../jobs/index.js'
import type { Logger } from '../log.js'
import { type Report, timeInWords } from '../report/index.js'
import type { DocumentFolder } from '../store/index.js'
import { deletion, leaseEndName } from './lease-end.js'
import { type LeaseNote, openLeaseNotes } from './lease-notes.js'

/** What is said about one lease. */
export interface LeaseWords {
  /** The same key is said once. */
  key: string
  owner: string
  report: Report
  /** Also to those who approve: people have to do something. */
  toApprovers: boolean
}

export interface LeaseNews {
  /** When the quiet hours that are on end, in milliseconds since 1970; undefined while none are. */
  quietUntil(person: string): number | undefined
  /** Resolves when it was said, to those who approve where the owner cannot be told; rejects when nobody knows. */
  tell(words: LeaseWords): Promise<void>
}

export interface LeaseWatchParts {
  fleet: Fleet
  jobs: Pick<Jobs, 'submit' | 'find' | 'onChange'>
  /** The data directory, held by this process. */
  data: { path: string }
  news: LeaseNews
  log: Logger
  clock?: Clock
}

export interface LeaseWatch {
  /** Call when jobs and Slack are there. Rejects with `store-failed`. */
  start(): Promise<void>
  /** What is under way goes on with the next start. Resolves when nothing is written any more. */
  stop(): Promise<void>
}

export function createLeaseWatch(parts: LeaseWatchParts): LeaseWatch {
  return new Watch(parts)
}

const hourMs = 3_600_000
const dayMs = 24 * hourMs
/** Of a shorter lease the end is well known a day before. */
const longMs = 36 * hourMs
/** The machine's clock may be set meanwhile, so it is looked at now and then. */
const longestSleepMs = 10 * 60_000
const retryMs = 60_000
/** What hosts tell within this is looked at once. */
const coalesceMs = 5000
/** Leases that are dealt with at the same time; the others wait. */
const mostAtOnce = 20
const lease = { id: 'lease', name: 'the lease' }

type Leased = VmSummary & { owner: string; lease: Lease }
interface Due {
  at: number
  work(): Promise<void>
}

class Watch implements LeaseWatch {
  readonly #parts: LeaseWatchParts
  readonly #clock: Clock
  readonly #notes = new Map<string, LeaseNote>()
  #folder: DocumentFolder<LeaseNote> | undefined
  /** By uuid: something is being said or done, or is tried again later. */
  readonly #busy = new Set<string>()
  readonly #stopListening: (() => void)[] = []
  readonly #writing = new Set<Promise<void>>()
  #disarm = (): void => {}
  #armedFor = Number.POSITIVE_INFINITY
  #isWorking = false
  #looking = Promise.resolve()

  constructor(parts: LeaseWatchParts) {
    this.#parts = parts
    this.#clock = parts.clock ?? systemClock
  }

  async start(): Promise<void> {
    const { data, log, fleet } = this.#parts
    this.#folder = await openLeaseNotes(data, log)
    for (const note of (await this.#folder.load()).values()) this.#notes.set(note.uuid, note)
    this.#isWorking = true
    const soon = () => this.#wake(coalesceMs)
    for (const agent of fleet.agents) {
      const stop = agent.onChange?.(soon)
      if (stop !== undefined) this.#stopListening.push(stop)
    }
    this.#wake(0)
  }

  async stop(): Promise<void> {
    this.#isWorking = false
    this.#disarm()
    for (const stop of this.#stopListening.splice(0)) stop()
    await Promise.allSettled(this.#writing)
  }

  /** The next look is at most so far away. */
  #wake(ms: number): void {
    const at = this.#clock.now() + ms
    if (!this.#isWorking || this.#armedFor <= at) return
    this.#disarm()
    this.#armedFor = at
    this.#disarm = this.#clock.after(ms, () => {
      this.#armedFor = Number.POSITIVE_INFINITY
      this.#looking = this.#looking.then(() => this.#look())
    })
  }

  /** Never rejects. */
  async #look(): Promise<void> {
    let nextMs = longestSleepMs
    try {
      const { vms, unreachable } = await this.#parts.fleet.vms()
      const now = this.#clock.now()
      for (const vm of vms) {
        // Whose it is is not known just now: nothing is done to it.
        if (vm.isOwnerUncertain === true || this.#busy.has(vm.uuid)) continue
        const due = this.#next(vm, now)
        if (due === undefined) continue
        if (due.at > now) nextMs = Math.min(nextMs, due.at - now)
        else if (this.#isWorking && this.#busy.size < mostAtOnce) this.#begin(vm, due)
      }
      if (unreachable.length === 0) await this.#forgetAllBut(new Set(vms.map(({ uuid }) => uuid)))
    } catch (error) {
      nextMs = retryMs
      if (this.#isWorking)
        this.#parts.log.error({ err: error }, 'leases could not be looked at; trying again')
    }
    this.#wake(nextMs)
  }

  #begin(vm: VmSummary, { work }: Due): void {
    this.#busy.add(vm.uuid)
    const free = () => {
      this.#busy.delete(vm.uuid)
      this.#wake(0)
    }
    void work().then(free, (error: unknown) => {
      if (!this.#isWorking) return
      this.#parts.log.warn({ err: error, vm: vm.name, host: vm.host }, 'a lease is tried again')
      this.#clock.after(retryMs, free)
    })
  }

  /** What is to be done next about this VM, and when. */
  #next(vm: VmSummary, now: number): Due | undefined {
    const known = this.#notes.get(vm.uuid)
    const { end } = known ?? {}
    if (known !== undefined && end?.job !== undefined && end.told !== true) {
      return { at: now, work: () => this.#tellEnd(vm, known, end.job ?? '') }
    }
    if (!isLeased(vm) || isOff(vm.state)) {
      return known === undefined ? undefined : { at: now, work: () => this.#forget(vm.uuid) }
    }
    const { from, until } = vm.lease
    const note = known?.until === until ? known : { uuid: vm.uuid, until }
    // It did not go, and people were told.
    if (note.end?.told === true) return undefined
    const endAt = Date.parse(until)
    if (note.last?.at !== undefined) {
      const at = Math.max(endAt, Date.parse(note.last.at) + hourMs)
      return { at: note.end === undefined ? at : now, work: () => this.#end(vm, note) }
    }
    const lastAt = endAt - hourMs
    if (note.first?.at === undefined && endAt - Date.parse(from) >= longMs) {
      const dayBefore = endAt - dayMs
      const quiet = dayBefore <= now ? this.#parts.news.quietUntil(vm.owner) : undefined
      const at = Math.max(dayBefore, quiet ?? dayBefore)
      if (Math.max(at, now) < lastAt) return { at, work: () => this.#warn(vm, note, 'first') }
    }
    return { at: lastAt, work: () => this.#warn(vm, note, 'last') }
  }

  async #warn(vm: Leased, note: LeaseNote, which: 'first' | 'last'): Promise<void> {
    const key = note[which]?.key ?? this.#newKey(vm, which)
    // The key before the words: after a crash in between they are looked for before they are said again.
    await this.#keep({ ...note, [which]: { key } })
    const report = warning(vm, this.#clock.now())
    await this.#parts.news.tell({ key, owner: vm.owner, report, toApprovers: false })
    await this.#keep({ ...note, [which]: { key, at: new Date(this.#clock.now()).toISOString() } })
  }

  async #end(vm: Leased, note: LeaseNote): Promise<void> {
    const key = note.end?.key ?? this.#newKey(vm, 'end')
    await this.#keep({ ...note, end: { key } })
    const { name, host, uuid } = vm
    const { id } = await this.#parts.jobs.submit({
      body: leaseEndName,
      title: `vm stop ${vmWord(vm)}`,
      input: { vm: { name, host, uuid }, until: note.until },
      requester: lease,
      reason: `its lease ended at ${timeInWords(note.until)}`,
      // What came of it is told to its owner: no card.
      origin: { surface: 'slack' },
      idempotencyKey: key,
    })
    await this.#keep({ ...note, end: { key, job: id } })
  }

  async #tellEnd(vm: VmSummary, note: LeaseNote, id: string): Promise<void> {
    const job = await this.#parts.jobs.find(id)
    // Looked at again when it is.
    if (!isOver(job)) return waitForEnd(this.#parts.jobs, job)
    const isDone = job.state === 'succeeded'
    const report = isDone && job.report !== undefined ? job.report : notShutOff(vm, job)
    const { key } = note.end ?? { key: id }
    const owner = vm.owner ?? 'nobody'
    // Whoever renewed it meanwhile knows.
    if (vm.lease?.until === note.until) {
      await this.#parts.news.tell({ key: `${key}:told`, owner, report, toApprovers: !isDone })
    }
    // Started again it begins anew; one that did not go is left to people.
    await (isDone ? this.#forget(vm.uuid) : this.#keep({ ...note, end: { key, job: id, told: true } }))
  }

  async #keep(note: LeaseNote): Promise<void> {
    await this.#onDisk((folder) => folder.write(note.uuid, note))
    this.#notes.set(note.uuid, note)
  }

  async #forget(uuid: string): Promise<void> {
    await this.#onDisk((folder) => folder.remove(uuid))
    this.#notes.delete(uuid)
  }

  /** Nothing is begun whose beginning could not be written down. */
  async #onDisk(write: (folder: DocumentFolder<LeaseNote>) => Promise<void>): Promise<void> {
    if (this.#folder === undefined || !this.#isWorking) throw new Error('leases are not watched any more')
    const written = write(this.#folder)
    this.#writing.add(written)
    await written.finally(() => this.#writing.delete(written))
  }

  /** Every host has said what it has. */
  async #forgetAllBut(there: ReadonlySet<string>): Promise<void> {
    for (const uuid of [...this.#notes.keys()]) {
      if (!there.has(uuid) && !this.#busy.has(uuid)) await this.#forget(uuid)
    }
  }

  /** Of its own for each time: a VM that was started again beyond its end is warned again. */
  #newKey({ uuid }: VmSummary, what: string): string {
    return `lease:${uuid}:${what}:${this.#clock.now()}`
  }
}

function isLeased(vm: VmSummary): vm is Leased {
  return vm.owner !== undefined && vm.lease !== undefined
}

/** Resolves when that job is over. */
function waitForEnd(jobs: LeaseWatchParts['jobs'], { id }: Job): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = jobs.onChange((job) => {
      if (job.id !== id || !isOver(job)) return
      stop()
      resolve()
    })
    // It may have ended before anybody listened.
    jobs.find(id).then((job) => {
      if (!isOver(job)) return
      stop()
      resolve()
    }, reject)
  })
}

function warning(vm: Leased, now: number): Report {
  const word = vmWord(vm)
  const endAt = Math.max(Date.parse(vm.lease.until), now + hourMs)
  const until = { ...vm.lease, until: new Date(endAt).toISOString() }
  return {
    title: `The lease of ${vm.name} ends: ${timeLeft(until, now)}`,
    tone: 'warn',
    summary: `${vm.name} on ${vm.host} is shut down at ${timeInWords(until.until)} unless you keep it. Nothing is deleted.`,
    actions: [
      { label: 'Keep 7 days', command: `vm lease ${word} --for 7d`, style: 'primary' },
      { label: 'Snapshot', command: `snapshot create ${word}` },
      { label: 'Stop', command: `vm stop ${word}`, confirm: `Shut ${vm.name} down?` },
      deletion(vm),
    ],
  }
}

function notShutOff(vm: VmSummary, { state, error, plan, id }: Job): Report {
  const word = vmWord(vm)
  const blocker = plan?.kind === 'blocked' ? plan.blockers[0] : undefined
  const why = error ?? blocker
  return {
    title: `${vm.name} could not be shut off at the end of its lease`,
    tone: 'fail',
    summary: why?.message ?? `The job ${id} was ${state}.`,
    facts: [
      { label: 'Host', value: vm.host },
      ...(vm.owner === undefined ? [] : [{ label: 'Owner', value: vm.owner }]),
    ],
    notes: [`It is not tried again by itself. ${why?.fix ?? `Look at the job: job show ${id}`}`],
    actions: [
      { label: 'Stop', command: `vm stop ${word}`, confirm: `Shut ${vm.name} down?` },
      { label: 'Keep 7 days', command: `vm lease ${word} --for 7d` },
    ],
  }
}
