/** What commands about jobs have in common. */
import type { JobState, Person } from '../jobs/job.js'
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
  { jobs, caller }: Pick<ReadContext, 'jobs' | 'caller'>,
): Promise<Report> {
  const { id: by, name } = caller
  const job = await jobs.decide(id, {
    by: name === undefined ? { id: by } : { id: by, name },
    verdict,
    ...(reason === undefined ? {} : { reason }),
  })
  const given = job.approval?.verdicts.filter((each) => each.verdict === 'approve').length ?? 0
  const needed = job.approval?.rule.approvers ?? 1
  const isWaiting = job.state === 'awaiting-approval'
  return {
    title:
      verdict === 'deny'
        ? `${id} is denied`
        : isWaiting
          ? `${id}: ${given} of ${needed} approvals`
          : `${id} is approved`,
    tone: 'ok',
    summary: job.title,
    facts: [{ label: 'State', value: stateWords[job.state] }],
    actions: [{ label: 'Show', command: `job show ${id}` }],
  }
}
