/** Entries of the audit log, for the channel that follows it. */
import { z } from 'zod'
import type { AuditRecord } from '../../store/index.js'
import { context, type Message, sections } from './message.js'
import { bold, clip, code, dateTime, escapeText } from './mrkdwn.js'

/** What a phone's screen holds. */
const mostLines = 20
const longestDetail = 300

/** Where another word is plainer than the name of the event. */
const words: Readonly<Record<string, string>> = {
  'job.requested': 'asked',
  'job.cancel-asked': 'asked to cancel',
  'job.own-decision-refused': 'tried to decide about their own request',
  'job.refused': 'refused by its plan',
  'job.succeeded': 'done',
  refused: 'refused',
  read: 'looked',
}

const entryForm = z.looseObject({
  event: z.string(),
  job: z.string().optional().catch(undefined),
  by: z.object({ id: z.string(), name: z.string().optional() }).optional().catch(undefined),
  verdict: z.enum(['approve', 'deny']).optional().catch(undefined),
  title: z.string().optional().catch(undefined),
  text: z.string().optional().catch(undefined),
  why: z.string().optional().catch(undefined),
  reason: z.string().optional().catch(undefined),
  report: z.string().optional().catch(undefined),
  error: z.object({ message: z.string() }).optional().catch(undefined),
})

/** `from` and `to` are the numbers of the first and the last. */
export function auditNews(
  records: readonly AuditRecord[],
  { from, to }: { from: number; to: number },
): Message {
  const shown = records.slice(0, mostLines).map(line)
  const left = records.length - shown.length
  const more = left === 0 ? [] : [`… ${left} more: ${code(`/qnav audit search --before ${to + 1}`)}`]
  const text = `📒 Audit log, No. ${from}${to === from ? '' : ` to ${to}`}`
  return { text, blocks: [...sections([bold(text), ...shown]), ...context(more)] }
}

function line({ at, entry }: AuditRecord): string {
  const { event, job, by, verdict, title, text, why, reason, report, error } = entryForm.parse(entry)
  const named = words[event] ?? event.replace(/^job\./, '').replaceAll(/[.-]/g, ' ')
  const did = verdict === undefined ? named : { approve: 'approved', deny: 'denied' }[verdict]
  const what = [title ?? text, why, reason, report, error?.message].filter((each) => each !== undefined)
  return [
    dateTime(at),
    // A mention would call them.
    ...(by === undefined ? [] : [escapeText(by.name ?? by.id)]),
    bold(did),
    ...(job === undefined ? [] : [code(job)]),
    ...(what.length === 0 ? [] : [escapeText(clip(what.join(' · '), longestDetail))]),
  ].join(' · ')
}
