/** What a click on Approve or Deny does to a job, and why it may do nothing. */
import { UserError } from '../errors.js'
import { redact } from '../redact.js'
import type { AuditEntry } from '../store/index.js'
import { nameOf } from './interruptions.js'
import type { Job, Verdict } from './job.js'
import { moveTo } from './transitions.js'

/** Enters the verdict into the draft. Throws `own-request`, `already-decided`, `expired` or `invalid-state`. */
export function enterVerdict(job: Job, { by, verdict, reason, at }: Verdict): AuditEntry[] {
  if (by.id === job.requester.id) {
    throw new UserError('own-request', `${job.id} is your own request; nobody decides about their own.`, {
      fix: `Ask another approver, or withdraw it: job cancel ${job.id}`,
    })
  }
  const approval = job.approval
  if (job.state !== 'awaiting-approval' || approval === undefined) throw notAwaiting(job)
  if (Date.parse(approval.expiresAt) <= Date.parse(at)) throw expired(job)
  const earlier = approval.verdicts.find((each) => each.by.id === by.id)
  if (earlier !== undefined) throw alreadyDecided(job, earlier)

  const why = reason === undefined ? {} : { reason: redact(reason) }
  approval.verdicts.push({ by, verdict, ...why, at })
  if (verdict === 'deny') {
    moveTo(job, 'denied')
    job.error = {
      code: 'denied',
      message: `${nameOf(by)} denied ${job.id}${why.reason === undefined ? '' : `: ${why.reason}`}.`,
      fix: 'Talk to them, change the request, and ask again.',
    }
  } else if (approval.verdicts.length >= approval.rule.approvers) {
    moveTo(job, 'queued')
  }
  return [{ event: 'job.decided', verdict, by, ...why, state: job.state }]
}

/** What everybody reads who comes after the deadline. */
export function expired(job: Job): UserError {
  return new UserError(
    'expired',
    `The time to decide about ${job.id} was over at ${timeOf(job.approval?.expiresAt)}.`,
    {
      fix: `Ask for it again: ${job.title}`,
    },
  )
}

function notAwaiting(job: Job): UserError {
  if (job.state === 'expired') return expired(job)
  const last = job.approval?.verdicts.at(-1)
  if (last !== undefined && job.cancel === undefined) return alreadyDecided(job, last)
  const state = job.cancel === undefined ? job.state : `cancelled by ${nameOf(job.cancel.by)}`
  return new UserError('invalid-state', `${job.id} does not wait for a decision: it is ${state}.`, {
    fix: `Look at it: job show ${job.id}`,
  })
}

function alreadyDecided(job: Job, { by, verdict, at }: Verdict): UserError {
  const done = verdict === 'approve' ? 'approved' : 'denied'
  return new UserError('already-decided', `${nameOf(by)} ${done} ${job.id} at ${timeOf(at)}.`, {
    fix: `Look at it: job show ${job.id}`,
  })
}

/** "2026-01-02 03:04 UTC" */
function timeOf(iso = ''): string {
  return `${iso.slice(0, 16).replace('T', ' ')} UTC`
}
