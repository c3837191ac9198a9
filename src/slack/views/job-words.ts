/** A job's state in words: one line that fits a lock screen, and the parts that its cards share. */
import {
  approvalInWords,
  isOver,
  isUnreviewed,
  type Job,
  type JobState,
  ruleInWords,
  type StepRecord,
} from '../../jobs/index.js'
import { type Plan, showDuration } from '../../report/index.js'
import { bold, clip, dateTime, escapeText, mention, valueUnder } from './mrkdwn.js'
import { toneSign } from './tone.js'

export const stateSign: Record<JobState, string> = {
  planning: '🔎',
  refused: '🚫',
  'awaiting-approval': '🔐',
  denied: '⛔',
  expired: '⌛',
  queued: '🕒',
  running: '⏳',
  succeeded: '✅',
  failed: '❌',
  cancelled: '🛑',
}

/** The command without its flags: "vm create web1". */
export function shortTitle({ title }: Pick<Job, 'title'>): string {
  return clip(title.replace(/ --?[a-z].*$/is, ''), 60)
}

/** "⏳ vm create web1: running · boot · waiting for an address", plain text. */
export function headline(job: Job): string {
  const owed = isUnreviewed(job) ? ' · break-glass, to be reviewed' : ''
  return `${signOf(job)} ${shortTitle(job)}: ${stateWords(job)}${owed}`
}

/** Done, but not all well: the report knows better than the state. */
function signOf({ state, report }: Job): string {
  const isMixed = state === 'succeeded' && (report?.tone === 'warn' || report?.tone === 'fail')
  return isMixed ? toneSign[report.tone] : stateSign[state]
}

function stateWords(job: Job): string {
  switch (job.state) {
    case 'planning':
      return 'looking at what it would change'
    case 'refused':
      return 'refused'
    case 'awaiting-approval':
      return 'waiting for approval'
    case 'denied':
      return 'denied'
    case 'expired':
      return 'nobody approved in time'
    case 'queued':
      return 'waiting for its turn'
    case 'running':
      return ['running', ...nowDoing(job)].join(' · ')
    case 'succeeded':
      return job.report === undefined ? 'done' : `done · ${job.report.title}`
    case 'failed':
      return job.error === undefined ? 'failed' : `failed · ${job.error.message}`
    case 'cancelled':
      return 'cancelled'
  }
}

function nowDoing({ steps }: Job): string[] {
  const step = steps.findLast(({ state }) => state === 'running')
  if (step === undefined) return []
  return step.progress === undefined ? [step.name] : [step.name, step.progress]
}

/** "+ VM web1", "✏️ memory 1 GiB → 2 GiB", "− disk web1.qcow2"; a tilde would strike through. */
export function changeLines({ changes }: Plan): string[] {
  return changes.map(({ what, from, to }) => {
    if (from === undefined) return `+ ${bold(what)}${to === undefined ? '' : ` ${escapeText(to)}`}`
    if (to === undefined) return `− ${bold(what)} ${escapeText(from)}`
    return `✏️ ${bold(what)} ${escapeText(from)} → ${escapeText(to)}`
  })
}

export function factLines({ facts }: Plan): string[] {
  return facts.map(({ label, value }) => `${bold(label)} ${valueUnder(label, value)}`)
}

export function warningLines({ warnings }: Plan): string[] {
  return warnings.map((warning) => `⚠️ ${escapeText(warning)}`)
}

const stepSign: Record<StepRecord['state'], string> = { running: '⏳', done: '✅', failed: '❌' }

/** `told` is what the card tells anyway. */
export function stepLine(
  { name, state, startedAt, endedAt, progress, error }: StepRecord,
  told: Job['error'],
): string {
  const ms = endedAt === undefined ? 0 : Date.parse(endedAt) - Date.parse(startedAt)
  // What took no time is not worth a word on a phone.
  const took = ms < 1000 ? '' : ` (${showDuration(ms)})`
  const now = state === 'running' && progress !== undefined ? ` · ${escapeText(progress)}` : ''
  const why = error === undefined || error.message === told?.message ? '' : ` · ${escapeText(error.message)}`
  return `${stepSign[state]} ${escapeText(name)}${took}${now}${why}`
}

/** What people said: "✅ Approved by @ben today at 9:04: fine with me". */
export function verdictLines({ approval }: Job): string[] {
  return (approval?.verdicts ?? []).map(({ by, verdict, reason, at }) => {
    const word = verdict === 'approve' ? '✅ Approved' : '⛔ Denied'
    return `${word} by ${mention(by)} ${dateTime(at)}${reason === undefined ? '' : `: ${escapeText(reason)}`}`
  })
}

export function cancelLine({ cancel, state }: Job): string[] {
  if (cancel === undefined) return []
  const word = state === 'cancelled' ? '🛑 Cancelled' : '🛑 Cancelling, asked'
  const why = cancel.reason === undefined ? '' : `: ${escapeText(cancel.reason)}`
  return [`${word} by ${mention(cancel.by)} ${dateTime(cancel.at)}${why}`]
}

/** "1 approval", "1 of 2 approvals", "approval, 1 of 2: needs somebody of security": what it waits for. */
export function approvalsAwaited(job: Job): string {
  const words = approvalInWords(job)
  if (words === '0 of 1 approval') return '1 approval'
  return words.includes(':') ? `approval, ${escapeText(words)},` : words
}

/** Why it is asked for, in the requester's words. */
export function reasonLine({ reason }: Job): string[] {
  return reason === undefined ? [] : [`${bold('Why')} ${escapeText(clip(reason, 500))}`]
}

/** That it ran without its approval, and what others say to that. */
export function breakGlassLines(job: Job): string[] {
  const { breakGlass } = job
  if (breakGlass === undefined) return []
  const { rule, review } = breakGlass
  return [
    `🚨 ${bold('Break-glass')} It ${isOver(job) ? 'ran' : 'runs'} without ${escapeText(ruleInWords(rule))}.`,
    review === undefined
      ? '👀 To be reviewed by somebody who could have approved it.'
      : `✅ Reviewed by ${mention(review.by)} ${dateTime(review.at)}: ${escapeText(clip(review.report, 1000))}`,
  ]
}

/** What became of a job, for somebody who clicked on an old card. */
export function whatHappened(job: Job): string[] {
  const last = [...verdictLines(job), ...cancelLine(job)]
  const ended = isOver(job) && job.endedAt !== undefined ? ` (${dateTime(job.endedAt)})` : ''
  return [...last, `Now: ${escapeText(headline(job))}${ended}`]
}
