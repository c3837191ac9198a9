/** How a job ends that could not go on, and what it says of what it had done by then. */
import type { AuditEntry } from '../store/index.js'
import { cancelledError } from './interruptions.js'
import type { Job, StepRecord } from './job.js'
import type { JobRecord } from './job-record.js'
import { moveTo, moveToFailure } from './transitions.js'

const prefix = 'undo '

/** The step that undoes another. */
export function undoName(step: string): string {
  return `${prefix}${step}`
}

export function isUndo({ name }: Pick<StepRecord, 'name'>): boolean {
  return name.startsWith(prefix)
}

/** Steps that were begun, can be undone and are not, the latest first. */
export function notUndone({ steps }: Pick<Job, 'steps'>): StepRecord[] {
  return steps
    .filter(({ byHand }) => byHand !== undefined)
    .filter(({ name }) => !steps.some((step) => step.name === undoName(name) && step.state === 'done'))
    .reverse()
}

/** Ends it as failed, refused or cancelled. */
export function endWith(draft: JobRecord, note: NonNullable<Job['error']>): AuditEntry[] {
  const { job } = draft
  const rest = aftermath(job)
  if (job.cancel !== undefined) {
    const error = cancelledError(job)
    // What the step said when it gave up tells what is left behind.
    const last = note.code === 'cancelled' ? '' : ` It ended with: ${note.message}`
    moveTo(job, 'cancelled')
    job.error = {
      code: 'cancelled',
      message: `${error.message}${last}${rest.told}`,
      fix: rest.fix(error.fix),
    }
  } else {
    moveToFailure(job)
    job.error = { ...note, message: `${note.message}${rest.told}`, fix: rest.fix(note.fix) }
  }
  return [{ event: `job.${job.state}`, error: job.error }]
}

/** What was undone, what was not and why, and how to clear that up. */
function aftermath(job: Job): { told: string; fix(other: string): string } {
  const left = notUndone(job)
  const undone = job.steps.filter((step) => isUndo(step) && step.state === 'done')
  const leftWords = left.map(({ name }) => {
    const why = job.steps.find((step) => step.name === undoName(name))?.error?.message
    return why === undefined ? name : `${name} (${why.replace(/\.$/, '')})`
  })
  const told = [
    undone.length === 0 ? '' : ` Undone: ${undone.map(({ name }) => name.slice(prefix.length)).join(', ')}.`,
    left.length === 0 ? '' : ` Begun and not undone: ${leftWords.join(', ')}.`,
  ].join('')
  const byHand = [...new Set(left.map((step) => step.byHand))].join('; ')
  return { told, fix: (other) => (left.length === 0 ? other : `Clear up by hand: ${byHand}. ${other}`) }
}
