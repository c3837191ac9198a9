/** What a click on Approve or Deny does to a job, and why it may do nothing. */
import { UserError } from '../errors.js'
import { hoursInWords, isWithin, nextWithin } from '../policy/index.js'
import { redact } from '../redact.js'
import type { AuditEntry } from '../store/index.js'
import { nameOf } from './interruptions.js'
import { type Approval, isOver, type Job, type Verdict } from './job.js'
import { isHeard, ruleInWords, tallyInWords, tallyOf, wouldHelp } from './tally.js'
import { moveTo } from './transitions.js'

/** Enters the verdict into the draft. Throws `own-request`, `already-decided`, `expired`, `not-allowed` or `invalid-state`. */
export function enterVerdict(job: Job, { by, roles, decides, verdict, reason, at }: Verdict): AuditEntry[] {
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
  const as = { ...(roles === undefined ? {} : { roles }), ...(decides === undefined ? {} : { decides }) }
  demandVoice(job, approval, { by, ...as, verdict, at })

  const why = reason === undefined ? {} : { reason: redact(reason) }
  approval.verdicts.push({ by, ...as, verdict, ...why, at })
  if (verdict === 'deny') {
    moveTo(job, 'denied')
    job.error = {
      code: 'denied',
      message: `${nameOf(by)} denied ${job.id}${why.reason === undefined ? '' : `: ${why.reason}`}.`,
      fix: 'Talk to them, change the request, and ask again.',
    }
  } else if (tallyOf({ ...approval, requester: job.requester }).outcome === 'granted') {
    moveTo(job, 'queued')
  }
  return [{ event: 'job.decided', verdict, by, ...why, state: job.state }]
}

/** Enters a review into the draft. Throws `own-request`, `already-decided`, `not-allowed` or `invalid-state`. */
export function enterReview(
  job: Job,
  { by, report, at, ...as }: Omit<Verdict, 'verdict'> & { report: string },
): AuditEntry[] {
  const fix = `Look at it: job show ${job.id}`
  const { breakGlass } = job
  if (breakGlass === undefined) {
    throw new UserError('invalid-state', `${job.id} did not break the glass: there is nothing to review.`, {
      fix,
    })
  }
  if (by.id === job.requester.id) {
    throw new UserError('own-request', `${job.id} is your own request; nobody reviews their own.`, {
      fix: 'Ask an approver to look into it.',
    })
  }
  if (breakGlass.review !== undefined) {
    const { by: earlier, at: then } = breakGlass.review
    throw new UserError('already-decided', `${nameOf(earlier)} reviewed ${job.id} at ${timeOf(then)}.`, {
      fix,
    })
  }
  if (!isHeard(breakGlass.rule, as)) {
    throw new UserError(
      'not-allowed',
      `Not allowed: ${job.id} is reviewed by those who could have approved it (${ruleInWords(breakGlass.rule)}).`,
      { fix: 'Ask one of them.' },
    )
  }
  if (!isOver(job)) {
    throw new UserError('invalid-state', `${job.id} is not over yet: ${job.state}.`, {
      fix: 'Review it when it is over.',
    })
  }
  breakGlass.review = { by, report: redact(report), at }
  return [{ event: 'job.reviewed', by, report: breakGlass.review.report, state: job.state }]
}

/** Somebody whom the rule does not ask, or a yes that it cannot use, changes nothing and is told so. */
function demandVoice(job: Job, approval: Approval, { verdict, at, ...voice }: Verdict): void {
  const { rule } = approval
  const hearing = { ...approval, requester: job.requester }
  const needed = tallyInWords(tallyOf(hearing))
  if (!isHeard(rule, voice)) {
    throw new UserError('not-allowed', `Not allowed: ${job.id} is not yours to decide (${needed}).`, {
      fix: `Ask somebody who may; who that is shows: job show ${job.id}`,
    })
  }
  if (verdict === 'deny') return
  if (rule.within !== undefined && !isWithin(rule.within, Date.parse(at))) {
    const opens = new Date(nextWithin(rule.within, Date.parse(at))).toISOString()
    throw new UserError(
      'not-allowed',
      `Not allowed now: ${job.id} is approved in ${hoursInWords(rule.within)} only.`,
      { fix: `Come back at ${timeOf(opens)}. It can be denied at any time.` },
    )
  }
  if (!wouldHelp(hearing, voice)) {
    throw new UserError('not-allowed', `Your word does not bring ${job.id} further (${needed}).`, {
      fix: 'Ask somebody whom it needs.',
    })
  }
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
