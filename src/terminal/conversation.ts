/** One command line from the terminal, followed to its end: what is said is a sequence of small events. */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { type ErrorNote, noteOf, UserError } from '../errors.js'
import { isOver, type Job, type Jobs, type Person } from '../jobs/index.js'
import type { Logger } from '../log.js'
import { redact, redactJson } from '../redact.js'
import type { Report } from '../report/index.js'
import type { Requests } from '../request/request.js'

/** What a terminal hears: one report or error, or a job again and again until it is over. */
export type TerminalEvent =
  | { kind: 'report'; report: Report }
  | { kind: 'error'; error: ErrorNote }
  | { kind: 'job'; job: Job }

/** What a terminal sends. */
export const terminalRequest = z.object({
  text: z.string().max(10_000),
  person: z.object({ id: z.string().min(1).max(100), name: z.string().max(100).optional() }),
})

export interface ConversationParts {
  requests: Requests
  jobs: Pick<Jobs, 'get' | 'onChange'>
  log: Logger
}

/**
 * Works one command line and tells `emit` what comes of it. Resolves when the answer is complete: for a job, when the
 * job is over or `signal` is aborted (the job itself goes on).
 */
export async function converse(
  { requests, jobs, log }: ConversationParts,
  { text, person }: { text: string; person: Person },
  emit: (event: TerminalEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  try {
    const answer = await requests.handle({ text, person, origin: { surface: 'terminal' } })
    if (answer.kind === 'report') emit({ kind: 'report', report: redactJson(readable(answer.report)) })
    else await follow(jobs, answer.job, (job) => emit({ kind: 'job', job }), signal)
  } catch (error) {
    emit({ kind: 'error', error: explain(error, log) })
  }
}

async function follow(
  jobs: Pick<Jobs, 'get' | 'onChange'>,
  started: Job,
  tell: (job: Job) => void,
  signal: AbortSignal,
): Promise<void> {
  let last = -1
  let resolve = () => {}
  const over = new Promise<void>((done) => {
    resolve = done
  })
  const hear = (job: Job) => {
    if (job.id !== started.id || job.revision <= last) return
    last = job.revision
    tell(job)
    if (isOver(job)) resolve()
  }
  const stopListening = jobs.onChange(hear)
  const leave = () => resolve()
  signal.addEventListener('abort', leave, { once: true })
  try {
    hear(jobs.get(started.id))
    if (!signal.aborted) await over
  } finally {
    signal.removeEventListener('abort', leave)
    stopListening()
  }
}

/** A UserError in words; anything else as a reference id under which the log has the whole story. */
export function explain(error: unknown, log: Logger): ErrorNote {
  if (error instanceof UserError) return redactJson(noteOf(error))
  const reference = randomUUID().slice(0, 8)
  log.error({ err: error, reference }, 'unexpected error')
  return {
    code: 'internal',
    message: `Something went wrong inside qnav (reference ${reference}): ${redact(String(error))}`,
    fix: `Look for "${reference}" in the bot's log.`,
  }
}

/** A terminal shows no pictures. */
function readable({ picture, ...report }: Report): Report {
  if (picture === undefined) return report
  return { ...report, notes: [...(report.notes ?? []), 'A terminal shows no pictures; Slack does.'] }
}
