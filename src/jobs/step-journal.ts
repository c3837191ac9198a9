/** How steps stand in a job's document. */
import type { Json, StepRecord, StepResult } from './job.js'
import type { JobRecord } from './job-record.js'

/** Characters of JSON that a step's result may have: it is written with every later change of the job. */
const maxResultChars = 256 * 1024

/** What was done so far is not undone any more. */
export function keepAll(draft: JobRecord): void {
  draft.job.steps = draft.job.steps.map(({ byHand: _, ...step }) => step)
}

export function endStep(draft: JobRecord, name: string, end: Omit<StepRecord, 'name' | 'startedAt'>): void {
  draft.job.steps = draft.job.steps.map((step) => (step.name === name ? { ...step, ...end } : step))
}

/** The result as it will be after a restart, so that a body behaves the same with and without one. */
export function jsonOf(result: StepResult): Json | undefined {
  if (result === undefined) return undefined
  const text: string | undefined = JSON.stringify(result)
  if (text === undefined) throw new TypeError('a step must return JSON or nothing')
  if (text.length > maxResultChars) {
    throw new RangeError(`a step returned ${text.length} characters; ${maxResultChars} are kept at most`)
  }
  return JSON.parse(text) as Json
}
