/** What is asked for again and again: who may say so, and asking for it in their name when it is due. */
import { askedOf, type Catalogue, type ScheduleDesk } from '../command/index.js'
import { UserError } from '../errors.js'
import type { JobBody, Jobs, Json, Schedules } from '../jobs/index.js'
import type { Rights } from '../policy/index.js'
import type { Request, Requests } from './request.js'
import { hasSecret, secretTyped } from './typed-secrets.js'

const refusedJobName = 'refused by schedule'

interface DeskParts {
  catalogue: Catalogue
  schedules: Schedules
  timeZone(): string
}

/** Schedules as whoever asks may use them. */
export function schedulesFor(
  { person, origin, idempotencyKey: key }: Request,
  rights: Rights,
  { catalogue, schedules, timeZone }: DeskParts,
): ScheduleDesk {
  return {
    get: (id) => schedules.get(id),
    list: () => schedules.list(),
    next: (schedule) => schedules.next(schedule),
    timeZone: timeZone(),
    async create({ line: typed, rhythm, missed }) {
      const { path, command, line, manner } = catalogue.parse(typed)
      if (command.risk === 'read') {
        throw new UserError(
          'bad-argument',
          `"${path}" changes nothing, and only what changes something is scheduled.`,
          {
            fix: 'Schedule a command such as "snapshot create web1", or ask for this one when you want to see it.',
          },
        )
      }
      if (hasSecret(typed) || hasSecret(line)) throw secretTyped()
      rights.demand(askedOf({ path, command }))
      if (manner.breakGlass) {
        throw new UserError('bad-argument', 'An emergency is not scheduled: --break-glass was given.', {
          fix: 'Leave it out: each time the rules of approval count.',
        })
      }
      return schedules.create({
        ...{ line, owner: person, origin, rhythm, missed },
        ...(key === undefined ? {} : { key }),
      })
    },
    async delete(id) {
      const { owner } = schedules.get(id)
      if (owner.id !== person.id && !rights.isAdmin) {
        throw new UserError(
          'not-allowed',
          `Not allowed: ${id} was made by somebody else; only they or an admin may delete it.`,
          { fix: 'Ask them, or an admin.' },
        )
      }
      await schedules.delete(id, person)
    },
  }
}

/** From now on what is due is asked for as its owner would: with their rights, approvals, quotas and rates of that moment. */
export function workSchedules({
  requests,
  jobs,
  schedules,
}: {
  requests: Pick<Requests, 'handle'>
  jobs: Jobs
  schedules: Schedules
}): void {
  jobs.register(refusedJobName, 1, refused)
  schedules.onDue(async ({ line, owner, origin }, { key }) => {
    const asked = { origin: { ...origin, schedule: key }, idempotencyKey: `schedule ${key}` }
    try {
      const answer = await requests.handle({ text: line, person: owner, ...asked })
      if (answer.kind === 'job') return answer.job
      throw new UserError('unsupported', `"${line}" changes nothing any more.`, {
        fix: 'Delete its schedule.',
      })
    } catch (error) {
      if (!(error instanceof UserError) || isPassing(error)) throw error
      const { code, message, fix } = error
      const note = { code, message, fix }
      return jobs.submit({
        body: refusedJobName,
        title: line,
        input: note as Json,
        requester: owner,
        ...asked,
      })
    }
  })
}

/** The bot stops, or its disk is full: it is tried again. */
function isPassing({ code }: UserError): boolean {
  return code === 'store-failed' || code === 'invalid-state'
}

/** A request that was refused before it became a job is one all the same, so that its card tells of it. */
const refused: JobBody = async ({ job }) => {
  const { code, message, fix } = job.input as { code: UserError['code']; message: string; fix: string }
  throw new UserError(code, message, { fix })
}
