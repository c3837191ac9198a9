/** Words around approvals that are not the card: what came of it, that time runs out, that glass was broken. */
import { approvalInWords, isUnreviewed, type Job, type Person, tallyOf } from '../../jobs/index.js'
import { reviewAction } from './job-card.js'
import { breakGlassLines, headline, reasonLine, shortTitle } from './job-words.js'
import { buttons, header, type Message, sections } from './message.js'
import { bold, clip, code, dateTime, escapeText, mention, placeName } from './mrkdwn.js'

/** What approvers decided, as the requester is told; undefined while they have not. */
export function outcomeOf(job: Job): 'approved' | 'denied' | 'expired' | undefined {
  const { approval, requester, state } = job
  if (approval === undefined || state === 'awaiting-approval') return undefined
  if (state === 'denied' || state === 'expired') return state
  return tallyOf({ ...approval, requester }).outcome === 'granted' ? 'approved' : undefined
}

/** For the requester: what was decided, and by whom. */
export function outcomeNews(job: Job, outcome: NonNullable<ReturnType<typeof outcomeOf>>): Message {
  const what = `your request ${code(job.id)} (${escapeText(clip(job.plan?.summary ?? job.title, 200))})`
  const verdicts = job.approval?.verdicts ?? []
  const told = {
    approved: () => {
      const people = verdicts.filter(({ verdict }) => verdict === 'approve').map(({ by }) => mention(by))
      return `✅ ${mention(job.requester)} ${what} was approved by ${people.join(' and ')}.`
    },
    denied: () => {
      const denial = verdicts.find(({ verdict }) => verdict === 'deny')
      const why = denial?.reason === undefined ? '' : `: ${escapeText(denial.reason)}`
      const by = denial === undefined ? 'an approver' : mention(denial.by)
      return `⛔ ${mention(job.requester)} ${what} was denied by ${by}${why}`
    },
    expired: () =>
      `⌛ ${mention(job.requester)} ${what} expired: ${escapeText(approvalInWords(job))} in time.`,
  }[outcome]()
  return { text: told, blocks: sections([told]) }
}

/** For those who could still decide: time runs out. */
export function expiryReminder(job: Job, people: readonly Person[]): Message {
  const until = job.approval === undefined ? '' : ` until ${dateTime(job.approval.expiresAt)}`
  const text = `⏰ ${callTo(people)}${code(job.id)} (${escapeText(shortTitle(job))}) still waits, ${escapeText(approvalInWords(job))}${until}.`
  return { text, blocks: sections([text]) }
}

/** Announces that somebody ran something without its approval, and follows it until it is reviewed. */
export function breakGlassCard(job: Job): Message {
  const { plan, requester, origin } = job
  const title = `🚨 Break-glass: ${shortTitle(job)}`
  const where = origin.channel === undefined ? '' : ` in ${placeName(origin.channel)}`
  return {
    text: `<!here> ${escapeText(title)}\n${mention(requester)}: ${escapeText(clip(job.reason ?? '', 500))}`,
    blocks: [
      header(title),
      ...sections([
        `<!here> ${mention(requester)}${where} runs this without the approval that it needs.`,
        ...(plan === undefined
          ? []
          : [`${bold('What')} ${escapeText(plan.summary)}`, `${bold('Where')} ${escapeText(plan.host)}`]),
        ...reasonLine(job),
        `${bold('Command')} ${code(clip(`/qnav ${job.title}`, 1000))}`,
        ...breakGlassLines(job),
        `${bold('Now')} ${escapeText(headline(job))}`,
      ]),
      ...(isUnreviewed(job)
        ? buttons([reviewAction(job), { label: 'Look', command: `job show ${job.id}` }], 'review')
        : []),
    ],
  }
}

/** For those who could review it. */
export function reviewReminder(job: Job, people: readonly Person[]): Message {
  const text = `👀 ${callTo(people)}${code(job.id)} (${escapeText(shortTitle(job))}) ran by break-glass and was not reviewed yet: ${code(`/qnav job review ${job.id} --report "…"`)}`
  return { text, blocks: sections([text]) }
}

function callTo(people: readonly Person[]): string {
  return people.length === 0 ? '' : `${people.map(mention).join(' ')} `
}
