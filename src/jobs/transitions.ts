/** Which state may follow which: the whole life of a job as a table. */
import type { Job, JobState } from './job.js'

export const transitions = {
  planning: ['refused', 'awaiting-approval', 'queued', 'cancelled'],
  'awaiting-approval': ['queued', 'denied', 'expired', 'cancelled', 'failed'],
  queued: ['running', 'cancelled', 'failed'],
  running: ['succeeded', 'failed', 'cancelled', 'awaiting-approval'],
  refused: [],
  denied: [],
  expired: [],
  succeeded: [],
  failed: [],
  cancelled: [],
} as const satisfies Record<JobState, readonly JobState[]>

/** The only place that sets a job's state. Throws on a transition that the table does not have: a mistake of ours. */
export function moveTo(job: Job, state: JobState): void {
  const next: readonly JobState[] = transitions[job.state]
  if (!next.includes(state)) throw new Error(`job ${job.id} cannot go from ${job.state} to ${state}`)
  job.state = state
}

/** Brings a job that is about to work from wherever it waits to running. */
export function moveToRunning(job: Job): void {
  if (job.state === 'planning') moveTo(job, 'queued')
  if (job.state === 'queued') moveTo(job, 'running')
}

/** Ends a job that could not go on: refused while nothing but its plan was made, failed afterwards. */
export function moveToFailure(job: Job): void {
  moveTo(job, job.state === 'planning' ? 'refused' : 'failed')
}
