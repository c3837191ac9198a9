/** One card per job, the same message throughout: what it is doing, what was decided, what came of it. */
import type { KnownBlock } from '@slack/types'
import { isOver, isUnreviewed, type Job, type JobState } from '../../jobs/index.js'
import type { Action } from '../../report/index.js'
import {
  approvalsAwaited,
  breakGlassLines,
  cancelLine,
  changeLines,
  factLines,
  headline,
  reasonLine,
  stepLine,
  verdictLines,
  warningLines,
} from './job-words.js'
import { buttons, context, header, type Message, type MessageWithThread, sections } from './message.js'
import { bold, clip, code, dateTime, escapeText, isDirect, mention } from './mrkdwn.js'
import { reportParts } from './report-message.js'

/** Steps shown; earlier ones are counted. */
const stepsShown = 12

/** What the card says besides the job. */
export interface CardNotes {
  /** The card is in a direct message because the bot is not in that channel. */
  askedIn?: string
  /** The approval card could not be posted there. */
  approvalNotPosted?: { channel: string; why: string }
}

export function jobCard(job: Job, notes: CardNotes = {}): MessageWithThread {
  const title = headline(job)
  const outcome = job.report === undefined ? { blocks: [], thread: [] } : reportParts(job.report, job.title)
  const blocks: KnownBlock[] = [
    header(clip(title, 140)),
    ...context([`${code(job.id)} · ${mention(job.requester)} · ${code(clip(`/qnav ${job.title}`, 300))}`]),
    ...sections([...breakGlassLines(job), ...reasonLine(job)]),
    ...sections(planLines(job)),
    ...sections([...decisionLines(job, notes), ...cancelLine(job)]),
    ...sections(stepLines(job)),
    ...sections(errorLines(job)),
    ...titleOf(job),
    ...outcome.blocks,
    ...(notes.askedIn === undefined
      ? []
      : context([`You asked in <#${notes.askedIn}>, where I am not a member.`])),
    ...buttons(jobActions(job), 'job'),
  ]
  // While work goes on its interim output would fill the thread again and again.
  return { text: cardText(job, title), blocks, thread: isOver(job) ? outcome.thread : [] }
}

function cardText(job: Job, title: string): string {
  const more = [job.report?.summary, job.error?.fix].find((each) => each !== undefined)
  return [title, more].flatMap((each) => (each === undefined ? [] : escapeText(clip(each, 1000)))).join('\n')
}

/** Once it is done the plan is history; what failed is read against it. */
function planLines({ plan, state }: Job): string[] {
  if (plan === undefined || state === 'succeeded') return []
  const blockers =
    plan.kind === 'blocked'
      ? plan.blockers.map(({ message, fix }) => `❌ ${escapeText(message)}\n    → ${escapeText(fix)}`)
      : []
  const full = state === 'awaiting-approval' || state === 'planning' || state === 'refused'
  return [
    `${bold(plan.summary)}${plan.summary.includes(plan.host) ? '' : ` on ${escapeText(plan.host)}`}`,
    ...(full ? [...changeLines(plan), ...factLines(plan)] : []),
    ...warningLines(plan),
    ...blockers,
  ]
}

function decisionLines(job: Job, { approvalNotPosted }: CardNotes): string[] {
  const lines = verdictLines(job)
  if (job.state !== 'awaiting-approval' || job.approval === undefined) return lines
  lines.push(`🔐 Waiting for ${approvalsAwaited(job)} until ${dateTime(job.approval.expiresAt)}`)
  if (approvalNotPosted !== undefined) {
    const { channel, why } = approvalNotPosted
    const typed = code(`/qnav job approve ${job.id}`)
    if (isDirect(channel)) {
      lines.push(
        `⚠️ Nobody else sees this conversation. Approvers are asked in direct messages; or ask an approver to type ${typed}`,
      )
      return lines
    }
    lines.push(
      `⚠️ The approval card could not be posted in <#${channel}> (${escapeText(why)}). ` +
        `Type \`/invite @qnav\` there, or an approver types ${typed}`,
    )
  }
  return lines
}

function stepLines({ steps: all, state, error }: Job): string[] {
  // The plan itself is on the card.
  const steps = all.filter(({ name }) => name !== 'plan')
  if (state === 'succeeded' && steps.length > 3) {
    return [`✅ ${steps.length} steps: ${steps.map(({ name }) => escapeText(name)).join(', ')}`]
  }
  const left = steps.length - stepsShown
  return [
    ...(left > 0 ? [`… ${left} earlier steps`] : []),
    ...steps.slice(-stepsShown).map((step) => stepLine(step, error)),
  ]
}

function errorLines({ error, state, plan }: Job): string[] {
  // A refused plan has shown its blockers already.
  if (error === undefined || (state === 'refused' && plan?.kind === 'blocked')) return []
  return [`❌ ${escapeText(error.message)}`, `→ ${escapeText(error.fix)}`]
}

function titleOf({ report, state }: Job): KnownBlock[] {
  if (report === undefined || state === 'succeeded') return []
  return sections([bold(report.title)])
}

/** States after which the same line may well be asked for again: it is planned anew against what is there then. */
const again: readonly JobState[] = ['failed', 'expired', 'refused']

function jobActions(job: Job): Action[] {
  // An emergency is declared by typing, never by a click.
  if (again.includes(job.state) && !job.title.includes('--break-glass'))
    return [{ label: 'Ask again', command: job.title }]
  if (isOver(job) && isUnreviewed(job)) return [reviewAction(job)]
  if (isOver(job) || job.cancel !== undefined) return []
  return [
    {
      label: 'Cancel job',
      command: `job cancel ${job.id}`,
      confirm: `Cancel "${clip(job.title, 200)}"? A step under way is stopped where it can be.`,
    },
  ]
}

/** Opens the form that asks for the report. */
export function reviewAction({ id }: Job): Action {
  return { label: 'Review', command: `job review ${id} --form` }
}

/** The answer to somebody whose job has no card that they can see. */
export function jobLine(job: Job): Message {
  const text = `${escapeText(headline(job))}\nFollow it with \`/qnav job show ${job.id}\`.`
  return { text, blocks: sections([text]) }
}
