/** Schedules of the local engine: a document each, and one timer for the nearest time. */
import { join } from 'node:path'
import { UserError } from '../errors.js'
import type { Logger } from '../log.js'
import { redact } from '../redact.js'
import { type AuditEntry, type DocumentFolder, openDocumentFolder } from '../store/index.js'
import { nextTime } from './calendar.js'
import { type Clock, systemClock } from './clock.js'
import type { Jobs, Person } from './job.js'
import { randomId } from './random-id.js'
import { type NewSchedule, type OnDue, type Schedule, type Schedules, scheduleForm } from './schedule.js'

export interface SchedulesParts {
  /** The data directory, held by this process. */
  data: { readonly path: string }
  jobs: Pick<Jobs, 'list'>
  audit: (entry: AuditEntry) => Promise<void>
  log: Logger
  clock?: Clock
  newId?: () => string
}

/** A time that is found later than this was missed: so late, nobody expects it any more without having said so. */
const lateMs = 15 * 60_000
/** The machine's clock may be set meanwhile, so it is looked at now and then. */
const longestSleepMs = 10 * 60_000
const retryMs = 30_000
const mostOfAll = 500
const mostOfOne = 50
/** Times that are counted after a downtime; more are passed over at once. */
const mostMissed = 1000

export function createSchedules(parts: SchedulesParts): Schedules {
  return new LocalSchedules(parts)
}

class LocalSchedules implements Schedules {
  readonly #parts: SchedulesParts
  readonly #clock: Clock
  readonly #schedules = new Map<string, Schedule>()
  #folder: DocumentFolder<Schedule> | undefined
  #ask: OnDue | undefined
  /** Dealt with, and not on disk as such yet. */
  readonly #unsaved = new Set<string>()
  #disarm = (): void => {}
  #isWorking = false
  #isAtRest = false
  /** Whatever changes schedules does so in turn. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(parts: SchedulesParts) {
    this.#parts = parts
    this.#clock = parts.clock ?? systemClock
  }

  onDue(ask: OnDue): void {
    this.#ask = ask
  }

  async start({ atRest }: { atRest: boolean } = { atRest: false }): Promise<void> {
    if (this.#ask === undefined) throw new Error('nobody asks for what is due')
    const path = join(this.#parts.data.path, 'schedules')
    this.#folder = await openDocumentFolder({ path, form: scheduleForm, log: this.#parts.log })
    const loaded = [...(await this.#folder.load()).values()]
    this.#schedules.clear()
    for (const each of loaded.sort((a, b) => a.createdAt.localeCompare(b.createdAt)))
      this.#schedules.set(each.id, each)
    this.#isWorking = true
    this.#isAtRest = atRest
    await this.#inTurn(() => this.#look())
  }

  async stop(): Promise<void> {
    this.#isWorking = false
    this.#disarm()
    await this.#last
  }

  async create(wanted: NewSchedule): Promise<Schedule> {
    return this.#inTurn(async () => {
      const folder = this.#atWork()
      const same = this.list().find(({ key }) => key !== undefined && key === wanted.key)
      if (same !== undefined) return same
      this.#mustHaveRoom(wanted.owner)
      const now = new Date(this.#clock.now()).toISOString()
      const made: Schedule = {
        ...wanted,
        line: redact(wanted.line),
        id: this.#freeId(),
        createdAt: now,
        handledUntil: now,
      }
      await folder.write(made.id, made)
      this.#schedules.set(made.id, made)
      const { id, line, owner, rhythm, missed } = made
      await this.#note({ event: 'schedule.created', schedule: id, by: owner, title: line, rhythm, missed })
      this.#arm()
      return made
    })
  }

  get(id: string): Schedule {
    const found = this.#schedules.get(id)
    if (found !== undefined) return found
    throw new UserError('unknown-schedule', `There is no schedule "${id}".`, {
      fix: 'See which there are: schedule list',
    })
  }

  list(): Schedule[] {
    return [...this.#schedules.values()]
  }

  async delete(id: string, by: Person): Promise<void> {
    return this.#inTurn(async () => {
      const folder = this.#atWork()
      const { line } = this.get(id)
      await folder.remove(id)
      this.#schedules.delete(id)
      this.#unsaved.delete(id)
      await this.#note({ event: 'schedule.deleted', schedule: id, by, title: line })
      this.#arm()
    })
  }

  next({ rhythm, handledUntil }: Schedule): string {
    return new Date(nextTime(rhythm, Date.parse(handledUntil))).toISOString()
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(work)
    this.#last = mine.catch(() => undefined)
    return mine
  }

  /** Deals with everything that is due. Never rejects. */
  async #look(): Promise<void> {
    if (this.#isAtRest) return
    let mustRetry = false
    for (const schedule of this.list()) {
      if (!this.#isWorking) return
      try {
        if (this.#unsaved.has(schedule.id)) await this.#save(schedule)
        await this.#dealWith(schedule)
      } catch (error) {
        mustRetry = true
        this.#parts.log.error(
          { err: error, schedule: schedule.id },
          'what is due could not be asked for; trying again',
        )
      }
    }
    this.#arm(mustRetry ? retryMs : longestSleepMs)
  }

  async #dealWith(schedule: Schedule): Promise<void> {
    const now = this.#clock.now()
    const due = lastDue(schedule, now)
    if (due === undefined) return
    const at = new Date(due).toISOString()
    const key = `${schedule.id} ${at}`
    const isMissed = now - due > lateMs
    // Asked for, and then the bot died before that was written here.
    const asked = this.#parts.jobs.list().find(({ origin }) => origin.schedule === key)
    if (asked === undefined && isMissed && schedule.missed === 'skip') {
      await this.#note({ event: 'schedule.skipped', schedule: schedule.id, due: at })
      await this.#handled(schedule, { due: at, outcome: 'skipped' })
      return
    }
    const job = asked ?? (await this.#ask?.(schedule, { at, key }))
    await this.#handled(schedule, {
      due: at,
      outcome: 'asked',
      ...(job === undefined ? {} : { job: job.id }),
    })
  }

  /** In memory first: while the disk takes nothing it must not be asked for again. */
  async #handled(schedule: Schedule, last: Omit<NonNullable<Schedule['last']>, 'at'>): Promise<void> {
    const at = new Date(this.#clock.now()).toISOString()
    const next = { ...schedule, handledUntil: last.due, last: { ...last, at } }
    this.#schedules.set(schedule.id, next)
    await this.#save(next)
  }

  async #save(schedule: Schedule): Promise<void> {
    this.#unsaved.add(schedule.id)
    await this.#folder?.write(schedule.id, schedule)
    this.#unsaved.delete(schedule.id)
  }

  #arm(atMost = longestSleepMs): void {
    this.#disarm()
    if (!this.#isWorking || this.#isAtRest) return
    const now = this.#clock.now()
    const waits = this.list().map((each) => Date.parse(this.next(each)) - now)
    this.#disarm = this.#clock.after(Math.max(0, Math.min(atMost, ...waits)), () => {
      void this.#inTurn(() => this.#look())
    })
  }

  /** What the audit log does not take is in the bot's own log; the job has its own entries. */
  async #note(entry: AuditEntry): Promise<void> {
    const { audit, log } = this.#parts
    await audit(entry).catch((error: unknown) => log.error({ err: error, ...entry }, 'not in the audit log'))
  }

  #mustHaveRoom(owner: Person): void {
    const all = this.list()
    const own = all.filter((each) => each.owner.id === owner.id).length
    if (all.length < mostOfAll && own < mostOfOne) return
    const who = own >= mostOfOne ? `You have ${own} schedules` : `There are ${all.length} schedules`
    throw new UserError('quota-exceeded', `${who}, and that is as many as there may be.`, {
      fix: 'Delete one that nobody needs: schedule list',
    })
  }

  #freeId(): string {
    const newId = this.#parts.newId ?? (() => randomId('s'))
    for (let attempt = 0; attempt < 1000; attempt += 1) {
      const id = newId()
      if (!this.#schedules.has(id)) return id
    }
    throw new Error('no free id of a schedule was found')
  }

  #atWork(): DocumentFolder<Schedule> {
    if (this.#isWorking && this.#folder !== undefined) return this.#folder
    throw new UserError('invalid-state', 'qnav is starting or stopping; nothing was changed.', {
      fix: 'Try again in a moment.',
    })
  }
}

/** The latest time that is due and was not dealt with. */
function lastDue({ rhythm, handledUntil }: Schedule, now: number): number | undefined {
  const weekMs = 7 * 24 * 3_600_000
  let due: number | undefined
  let next = nextTime(rhythm, Date.parse(handledUntil))
  for (let count = 0; next <= now; count += 1) {
    due = next
    // After years there is no need to go through every day of them.
    next = nextTime(rhythm, count === mostMissed ? Math.max(next, now - 2 * weekMs) : next)
  }
  return due
}
