/** A command line that is asked for again and again on behalf of whoever made it. */
import { z } from 'zod'
import type { DocumentForm } from '../store/index.js'
import type { Rhythm } from './calendar.js'
import type { Job, Origin, Person } from './job.js'

export interface Schedule {
  /** "s-7k2m9" */
  id: string
  /** The canonical command line. */
  line: string
  /** In whose name it is asked for, with the rights that they have then. */
  owner: Person
  /** Where its cards go. */
  origin: Origin
  rhythm: Rhythm
  /** What becomes of times at which the bot did not run: the last of them is made up for, or none is. */
  missed: 'run' | 'skip'
  /** ISO 8601, like every time here. */
  createdAt: string
  /** Every time up to this one was dealt with. */
  handledUntil: string
  /** What became of the last one. */
  last?: { due: string; at: string; outcome: 'asked' | 'skipped'; job?: string }
  /** Of the delivery that made it: one that comes again makes no second one. */
  key?: string
}

/** Asks for the line in its owner's name. What was refused is a job too: people have to see it. The same `key` gives the
 * same job. */
export type OnDue = (schedule: Schedule, due: { at: string; key: string }) => Promise<Job>

export type NewSchedule = Pick<Schedule, 'line' | 'owner' | 'origin' | 'rhythm' | 'missed'> & { key?: string }

/** Rejections are UserErrors: unknown-schedule, quota-exceeded, invalid-state, store-failed. */
export interface Schedules {
  /** Who asks for what is due. Call once, before `start()`. */
  onDue(ask: OnDue): void
  /** Deals with what was missed, and waits for what comes. Call after the jobs were started. At rest schedules can be made,
   * seen and deleted, and nothing is asked for. */
  start(how?: { atRest: boolean }): Promise<void>
  stop(): Promise<void>
  create(wanted: NewSchedule): Promise<Schedule>
  get(id: string): Schedule
  /** The oldest first. */
  list(): Schedule[]
  delete(id: string, by: Person): Promise<void>
  /** When it is due next, ISO 8601. */
  next(schedule: Schedule): string
}

const text = z.string()
const person = z.looseObject({ id: text, name: text.exactOptional() })

const schedule: z.ZodType<Schedule> = z.looseObject({
  id: text,
  line: text,
  owner: person,
  origin: z.looseObject({
    surface: z.enum(['slack', 'terminal']),
    channel: text.exactOptional(),
    thread: text.exactOptional(),
    schedule: text.exactOptional(),
  }),
  rhythm: z.looseObject({
    days: z.array(z.int().min(1).max(7)).min(1),
    minutes: z.int().min(0).max(1439),
    timeZone: text,
  }),
  missed: z.enum(['run', 'skip']),
  createdAt: z.iso.datetime(),
  handledUntil: z.iso.datetime(),
  last: z
    .looseObject({
      due: z.iso.datetime(),
      at: z.iso.datetime(),
      outcome: z.enum(['asked', 'skipped']),
      job: text.exactOptional(),
    })
    .exactOptional(),
  key: text.exactOptional(),
})

export const scheduleForm: DocumentForm<Schedule> = { kind: 'schedule', version: 1, schema: schedule }
