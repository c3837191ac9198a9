/** What commands about jobs have in common. */
import { UserError } from '../errors.js'
import type { Job, JobState, Person } from '../jobs/job.js'
import type { Report } from '../report/index.js'
import type { ReadContext } from './definition.js'

/** States as people read them. */
export const stateWords: Readonly<Record<JobState, string>> = {
  planning: 'being planned',
  refused: 'refused',
  'awaiting-approval': 'waits for approval',
  denied: 'denied',
  expired: 'expired',
  queued: 'waits for other work',
  running: 'running',
  succeeded: 'succeeded',
  failed: 'failed',
  cancelled: 'cancelled',
}

export function personName({ id, name }: Person): string {
  return name ?? id
}

/** Enters the caller's word about a job. Throws what `Jobs.decide` throws. */
export async function decideJob(
  verdict: 'approve' | 'deny',
  id: string,
  reason: string | undefined,
  { jobs, caller, mayApprove, mayDecide }: Pick<ReadContext, 'jobs' | 'caller' | 'mayApprove' | 'mayDecide'>,
  /** What a job that waits still needs. */
  needed: (job: Job) => string,
): Promise<Report> {
  if (!mayDecide(jobs.get(id))) {
    throw new UserError(
      'not-allowed',
      `Not allowed: ${caller.roles.join(' and ')} may not decide about ${id}; it waits for somebody else.`,
      { fix: `Whom it waits for: job show ${id}` },
    )
  }
  const { id: by, name } = caller
  const job = await jobs.decide(id, {
    by: name === undefined ? { id: by } : { id: by, name },
    roles: caller.roles,
    decides: mayApprove,
    verdict,
    ...(reason === undefined ? {} : { reason }),
  })
  const isWaiting = job.state === 'awaiting-approval'
  return {
    title: verdict === 'deny' ? `${id} is denied` : isWaiting ? `${id}: ${needed(job)}` : `${id} is approved`,
    tone: 'ok',
    summary: job.title,
    facts: [{ label: 'State', value: stateWords[job.state] }],
    actions: [{ label: 'Show', command: `job show ${id}` }],
  }
}

/** Enters that the caller looked into a job that ran without approval. Throws what `Jobs.review` throws. */
export async function reviewJob(
  id: string,
  report: string,
  { jobs, caller, mayApprove }: Pick<ReadContext, 'jobs' | 'caller' | 'mayApprove'>,
): Promise<Report> {
  const { id: by, name } = caller
  const job = await jobs.review(id, {
    by: name === undefined ? { id: by } : { id: by, name },
    roles: caller.roles,
    decides: mayApprove,
    report,
  })
  return {
    title: `${id} is reviewed`,
    tone: 'ok',
    summary: job.title,
    facts: [{ label: 'Report', value: report }],
    actions: [{ label: 'Show', command: `job show ${id}` }],
  }
}
