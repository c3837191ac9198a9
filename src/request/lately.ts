/** What jobs did to a VM lately: for whoever finds it gone, or otherwise than a card or a list said. */
import type { z } from 'zod'
import type { VmRef } from '../agents/agent.js'
import { type Command, metaOf } from '../command/index.js'
import { type ErrorCode, type ErrorNote, noteOf, UserError } from '../errors.js'
import { isOver, type Job, type Jobs, lockWord } from '../jobs/index.js'
import { type Plan, timeInWords } from '../report/index.js'

/** What somebody meets who acts on what was so a while ago. */
const surprises: readonly ErrorCode[] = ['unknown-vm', 'unknown-snapshot', 'invalid-state', 'changed-since']

interface AskedAbout {
  command: Pick<Command, 'args'>
  args: Readonly<Record<string, unknown>>
  jobs: Pick<Jobs, 'list'>
  /** The job that asks, which is not what happened. */
  own?: string
}

/** The error, with the last job that changed the VM where one did. */
export function withHistory(error: unknown, asked: AskedAbout): unknown {
  if (!(error instanceof UserError)) return error
  const note = noteWithHistory(noteOf(error), asked)
  return note.fix === error.fix
    ? error
    : new UserError(error.code, error.message, { fix: note.fix, cause: error })
}

function noteWithHistory(note: ErrorNote, asked: AskedAbout): ErrorNote {
  if (!surprises.includes(note.code)) return note
  const last = lastChange(asked)
  return last === undefined ? note : { ...note, fix: `${note.fix} ${last}` }
}

/** The same for the first of what stands in the way of a plan. */
export function planWithHistory(plan: Plan, asked: AskedAbout): Plan {
  if (plan.kind === 'ready') return plan
  const [first, ...others] = plan.blockers
  return { ...plan, blockers: [noteWithHistory(first, asked), ...others] }
}

function lastChange({ command, args, jobs, own }: AskedAbout): string | undefined {
  const refs = Object.entries(command.args.shape as Record<string, z.ZodType>)
    .filter(([, schema]) => metaOf(schema).kind === 'vm')
    .flatMap(([name]) => args[name])
    .filter((value): value is VmRef => typeof value === 'object' && value !== null && 'name' in value)
  if (refs.length === 0) return undefined
  const [last] = jobs
    .list({ states: ['succeeded', 'failed', 'cancelled'] })
    .filter((job) => job.id !== own && isOver(job) && job.steps.length > 0 && touches(job, refs))
    .toSorted((a, b) => (b.endedAt ?? '').localeCompare(a.endedAt ?? ''))
  if (last === undefined) return undefined
  const { id, title, requester, state, endedAt = last.updatedAt } = last
  return `It was last changed by ${id} (${title}) of ${requester.name ?? requester.id}, which ${state} at ${timeInWords(endedAt)}.`
}

function touches({ locks }: Job, refs: readonly VmRef[]): boolean {
  return locks.some((lock) => {
    const word = lockWord(lock)
    const cut = word.lastIndexOf('@')
    const [name, host] = [word.slice(0, cut), word.slice(cut + 1)]
    return cut > 0 && refs.some((ref) => ref.name === name && (ref.host === undefined || ref.host === host))
  })
}
