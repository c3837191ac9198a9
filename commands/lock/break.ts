import { z } from 'zod'
import { defineCommand, orList, personName, stateWords, text } from '../../src/command/index.js'
import { UserError } from '../../src/errors.js'
import { type LockView, lockWord, lockWords } from '../../src/jobs/index.js'

export default defineCommand({
  summary: 'End the job that holds a lock',
  details: [
    'A lock is never taken from under work that goes on: its job is cancelled, with your reason on its card and in the audit log, and the lock is free once the job has ended. A step that does not give up within a minute is left behind, and the job says so.',
  ],
  examples: ['lock break web1@kvm1 --reason "hangs since noon"', 'lock break kvm1 --reason "wrong host"'],
  // It changes no host by itself.
  risk: 'read',
  lasting: true,
  needs: 'admin',
  args: z.object({
    lock: text({ max: 300 }).describe(
      'The lock, as `lock list` names it: web1@kvm1, or kvm1 for a whole host',
    ),
    reason: text({ max: 300 }).describe('Why, for the card and the audit log'),
  }),
  positional: ['lock'],

  async run({ lock, reason }, { jobs, caller: { id, name } }) {
    const { name: held, holder, waiting } = named(jobs.locks(), lock)
    const { cancel } = jobs.get(holder.job)
    const by = name === undefined ? { id } : { id, name }
    const job =
      cancel === undefined
        ? await jobs.cancel(holder.job, by, `lock on ${lockWords(held)} broken: ${reason}`)
        : jobs.get(holder.job)
    const isFree = !jobs.locks().some((each) => each.name === held && each.holder.job === job.id)
    return {
      title: isFree ? `${lockWords(held)} is free` : `${lockWords(held)} will be free within a minute`,
      tone: 'ok',
      summary: isFree
        ? `${job.id} is over.`
        : `${job.id} was told to stop${cancel === undefined ? '' : ` already, by ${personName(cancel.by)}`}; it keeps the lock until its step has given up.`,
      facts: [
        { label: 'Job', value: `${job.id}: ${job.title}` },
        { label: 'Asked by', value: personName(holder.requester) },
        { label: 'State', value: stateWords[job.state] },
        ...(waiting.length === 0 ? [] : [{ label: 'Next', value: waiting.join(', ') }]),
      ],
      actions: [{ label: 'Show', command: `job show ${job.id}` }],
    }
  },
})

/** The lock that is meant. Whole names only: nobody's work ends because its VM is called nearly the same. */
function named(locks: readonly LockView[], typed: string): LockView {
  const found = locks.find(({ name }) => name === typed || lockWord(name) === typed)
  if (found !== undefined) return found
  const names = locks.map(({ name }) => lockWord(name))
  throw new UserError('invalid-state', `No job holds "${typed}".`, {
    fix: names.length === 0 ? 'Nothing is locked now.' : `What is locked is ${orList(names.slice(0, 8))}.`,
  })
}
