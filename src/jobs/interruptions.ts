/** How a body is left from outside: thrown out of whatever it awaits. A body that catches these gets the next one. */
import { randomBytes } from 'node:crypto'
import { type ErrorNote, noteOf, UserError } from '../errors.js'
import type { Logger } from '../log.js'
import { redactJson } from '../redact.js'
import type { Job, Person } from './job.js'

/** The engine stops: the job stays as it is and goes on at the next start. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
  constructor() {
    super('qnav is stopping; the job goes on at its next start')
  }
}

/** The job ended (denied, expired, cancelled, refused); there is nothing left to do for its body. */
export class JobOver extends Error {
  override readonly name = 'JobOver'
  constructor(job: Job) {
    super(`job ${job.id} is ${job.state}`)
  }
}

export function cancelledError(job: Job): UserError {
  const { by, reason } = job.cancel ?? { by: job.requester }
  const why = reason === undefined ? '' : `: ${reason}`
  return new UserError('cancelled', `${job.id} (${job.title}) was cancelled by ${nameOf(by)}${why}.`, {
    fix: `Look at what was done: job show ${job.id}`,
  })
}

/** Any error as a note that may be kept and shown; an unexpected one under a reference that the log has too. */
export function noteFor(error: unknown, log: Logger, where: { job: string; step?: string }): ErrorNote {
  if (error instanceof UserError) return redactJson(noteOf(error))
  const reference = randomBytes(4).toString('hex')
  log.error({ err: error, reference, ...where }, 'a job met an unexpected error')
  return {
    code: 'internal',
    message: `Something went wrong inside qnav (reference ${reference}).`,
    fix: `Look for "${reference}" in the bot's log.`,
  }
}

export function errorOf({ code, message, fix }: ErrorNote, cause?: unknown): UserError {
  return new UserError(code, message, { fix, ...(cause === undefined ? {} : { cause }) })
}

export function nameOf({ id, name }: Person): string {
  return name ?? id
}
