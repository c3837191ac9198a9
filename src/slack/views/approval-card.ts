/** The card that asks approvers: who wants what where, what would change, until when. It loses its buttons with the decision. */
import type { Button, KnownBlock } from '@slack/types'
import { type ApprovalRule, approvalInWords, isOver, type Job } from '../../jobs/index.js'
import { hoursInWords } from '../../policy/index.js'
import { denyAction, runAction } from './ids.js'
import {
  approvalsAwaited,
  cancelLine,
  changeLines,
  factLines,
  headline,
  reasonLine,
  shortTitle,
  verdictLines,
  warningLines,
} from './job-words.js'
import { limits } from './limits.js'
import { confirmation, context, header, type Message, sections } from './message.js'
import { bold, clip, code, dateTime, escapeText, mention, placeName } from './mrkdwn.js'

/** The rest is in the plan below. */
const differencesShown = 10

export function approvalCard(job: Job): Message {
  const waiting = job.state === 'awaiting-approval'
  const title = waiting
    ? `🔐 Approval needed${isAgain(job) ? ' again' : ''}: ${shortTitle(job)}`
    : decidedTitle(job)
  return {
    text: `${escapeText(title)}\n${[job.plan?.summary, job.plan?.host].filter(Boolean).map(String).map(escapeText).join(' · ')}`,
    blocks: [
      header(title),
      ...sections([...(waiting ? differenceLines(job) : []), ...askLines(job, waiting)]),
      ...sections([...verdictLines(job), ...cancelLine(job)]),
      ...(waiting ? decisionButtons(job) : context([closing(job)])),
    ],
  }
}

/** For the thread of the card: who had decided is called to it once more. */
export function askedAgain(job: Job): Message {
  const people = [...new Set((job.approval?.earlier ?? []).map(({ by }) => mention(by)))]
  const to = people.length === 0 ? '' : `${people.join(' ')} `
  const text = `${to}${code(job.id)} is not done: it would now do something else than was approved. Please look at the card above and decide again.`
  return { text, blocks: sections([text]) }
}

function isAgain({ approval }: Job): boolean {
  return (approval?.asked?.round ?? 1) > 1
}

/** Why it is asked again. */
function differenceLines({ approval }: Job): string[] {
  const { differences = [] } = approval?.asked ?? {}
  if (differences.length === 0) return []
  return [
    `⚠️ ${bold('Not done yet')} It was approved, and would now do something else:`,
    ...differences.slice(0, differencesShown).map(({ what, approved, now }) => {
      const before = approved === undefined ? 'not there' : clip(approved, 300)
      const after = now === undefined ? 'not any more' : clip(now, 300)
      return `• ${bold(clip(what, 100))} approved: ${escapeText(before)} · now: ${escapeText(after)}`
    }),
    ...(differences.length > differencesShown ? [`• … ${differences.length - differencesShown} more`] : []),
  ]
}

/** What came of it; on the way there its own card tells more, and this one keeps still. */
function closing(job: Job): string {
  return isOver(job) ? `${code(job.id)} · ${escapeText(headline(job))}` : code(job.id)
}

function decidedTitle(job: Job): string {
  const name = shortTitle(job)
  switch (job.state) {
    case 'denied':
      return `⛔ Denied: ${name}`
    case 'expired':
      return `⌛ Expired: ${name}`
    case 'cancelled':
      return `🛑 Cancelled: ${name}`
    default:
      return `✅ Approved: ${name}`
  }
}

function askLines(job: Job, waiting: boolean): string[] {
  const { plan, approval, requester, origin } = job
  return [
    `${bold('Who')} ${mention(requester)}${origin.channel === undefined ? '' : ` in ${placeName(origin.channel)}`}`,
    ...(plan === undefined
      ? []
      : [`${bold('What')} ${escapeText(plan.summary)}`, `${bold('Where')} ${escapeText(plan.host)}`]),
    ...reasonLine(job),
    `${bold('Command')} ${code(clip(`/qnav ${job.title}`, 1000))}`,
    ...(plan === undefined ? [] : [...changeLines(plan), ...factLines(plan), ...warningLines(plan)]),
    ...(waiting && approval !== undefined
      ? [needsLine(job, approval.expiresAt), ...hoursLine(approval.rule)]
      : []),
  ]
}

/** "1 of 2: needs somebody of security" says already what it needs. */
function needsLine(job: Job, expiresAt: string): string {
  const words = approvalInWords(job)
  const until = `until ${dateTime(expiresAt)}`
  return words.includes(':')
    ? `${bold('Approvals')} ${escapeText(words)} · ${until}`
    : `${bold('Needs')} ${approvalsAwaited(job)} ${until}`
}

function hoursLine({ within }: ApprovalRule): string[] {
  return within === undefined ? [] : [`🕘 Approved in ${escapeText(hoursInWords(within))} only`]
}

function decisionButtons(job: Job): KnownBlock[] {
  const approve: Button = {
    type: 'button',
    action_id: runAction(0),
    text: { type: 'plain_text', text: 'Approve & deploy' },
    style: 'primary',
    value: `job approve ${job.id}`,
    confirm: confirmation(
      clip(job.plan?.summary ?? job.title, limits.confirmText - 40) +
        (job.plan === undefined ? '' : ` (${job.plan.host})`),
      'Approve & deploy',
    ),
  }
  const deny: Button = {
    type: 'button',
    action_id: denyAction,
    text: { type: 'plain_text', text: 'Deny' },
    style: 'danger',
    value: job.id,
  }
  return [
    { type: 'actions', block_id: 'decision', elements: [approve, deny] },
    ...context([`${code(job.id)} · nobody approves their own request`]),
  ]
}
