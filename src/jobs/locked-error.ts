/** Who is in the way, for what, since when. */
import { UserError } from '../errors.js'
import { timeInWords } from '../report/index.js'
import type { Job } from './job.js'
import { lockWords } from './lock-names.js'

/** `heldSince` is in milliseconds since 1970, undefined for a job that waits for it itself. */
export function lockedError({
  name,
  job: { id, title, requester },
  heldSince,
}: {
  name: string
  job: Pick<Job, 'id' | 'title' | 'requester'>
  heldSince: number | undefined
}): UserError {
  const whose = `${id} (${title}) of ${requester.name ?? requester.id}`
  const message =
    heldSince === undefined
      ? `${whose} is before you in the queue for ${lockWords(name)}.`
      : `${lockWords(name)} is held by ${whose} since ${timeInWords(new Date(heldSince).toISOString())}.`
  return new UserError('locked', message, {
    fix: `Ask again when it is over (job show ${id}), or with --busy queue to wait for it.`,
  })
}
