import { z } from 'zod'
import { changeText, defineCommand, jobRef, personName, stateWords } from '../../src/command/index.js'
import {
  approvalInWords,
  isOver,
  isUnreviewed,
  type Job,
  type LockView,
  lockWords,
  ruleInWords,
  type StepRecord,
} from '../../src/jobs/index.js'
import type { Action, Fact, Report, Table, Tone } from '../../src/report/index.js'
import { timeInWords } from '../../src/report/index.js'

export default defineCommand({
  summary: 'Show one job: plan, approval, steps, result',
  examples: ['job show j-7k2m9'],
  risk: 'read',
  args: z.object({ job: jobRef().describe('The job') }),
  positional: ['job'],

  async run({ job: id }, { jobs, caller, mayDecide, isAdmin }) {
    const job = await jobs.find(id)
    const isOwn = job.requester.id === caller.id
    const actions: Action[] = []
    if (job.state === 'awaiting-approval' && mayDecide(job) && !isOwn) {
      actions.push(
        { label: 'Approve & deploy', command: `job approve ${id}`, style: 'primary' },
        { label: 'Deny', command: `job deny ${id}`, style: 'danger' },
      )
    }
    if (isUnreviewed(job) && isOver(job) && mayDecide(job) && !isOwn) {
      actions.push({ label: 'Review', command: `job review ${id} --form`, style: 'primary' })
    }
    if (!isOver(job) && (isOwn || isAdmin)) {
      actions.push({ label: 'Cancel', command: `job cancel ${id}`, confirm: `Cancel ${id}: ${job.title}?` })
    }
    const behind = jobs.locks().filter(({ waiting }) => waiting.includes(id))
    return { ...reportOf(job, behind), actions: [...actions, ...(job.report?.actions ?? [])] }
  },
})

/** `behind` are the locks that it waits for. */
function reportOf(job: Job, behind: LockView[]): Report {
  const { plan, steps, error, report } = job
  return {
    title: `${job.id}: ${job.title}`,
    tone: toneOf(job),
    ...(report === undefined ? {} : { summary: [report.title, report.summary].filter(Boolean).join('. ') }),
    facts: [
      { label: 'State', value: stateWords[job.state] },
      { label: 'Asked by', value: personName(job.requester) },
      { label: 'Asked', value: timeInWords(job.createdAt) },
      ...(job.reason === undefined ? [] : [{ label: 'Reason', value: job.reason }]),
      ...breakGlassFacts(job),
      ...(job.origin.schedule === undefined
        ? []
        : [{ label: 'By schedule', value: job.origin.schedule.split(' ')[0] ?? '' }]),
      ...(job.endedAt === undefined ? [] : [{ label: 'Ended', value: timeInWords(job.endedAt) }]),
      ...(plan === undefined ? [] : [{ label: 'Plan', value: plan.summary }]),
      ...(plan?.changes ?? []).map((change) => ({ label: change.what, value: changeText(change) })),
      ...(plan?.facts ?? []),
      ...approvalFacts(job),
      ...(job.locks.length > 0
        ? [{ label: job.state === 'queued' ? 'Wants' : 'Locks', value: job.locks.map(lockWords).join(', ') }]
        : []),
      ...behind.map(({ name, holder }) => ({
        label: 'Waits for',
        value: `${lockWords(name)}, held by ${holder.job} (${holder.title}) of ${personName(holder.requester)} since ${timeInWords(holder.since)}`,
      })),
      ...(error === undefined ? [] : [{ label: 'Error', value: `${error.message} (${error.code})` }]),
      ...(report?.facts ?? []),
    ],
    ...(steps.length > 0 ? { table: stepTable(steps) } : {}),
    notes: [
      ...(plan?.warnings ?? []),
      ...(plan?.kind === 'blocked' ? plan.blockers.map(({ message, fix }) => `${message} ${fix}`) : []),
      ...(error === undefined ? [] : [error.fix]),
      ...(report?.notes ?? []),
    ],
  }
}

function stepTable(steps: StepRecord[]): Table {
  return {
    columns: ['Step', 'State', 'Began', 'Last said'],
    rows: steps.map(({ name, state, startedAt, progress, error }) => [
      name,
      state,
      timeInWords(startedAt),
      error?.message ?? progress ?? '',
    ]),
  }
}

function breakGlassFacts({ breakGlass }: Job): Fact[] {
  if (breakGlass === undefined) return []
  const { rule, review } = breakGlass
  return [
    { label: 'Break-glass', value: `ran without ${ruleInWords(rule)}` },
    {
      label: 'Review',
      value:
        review === undefined
          ? 'to be reviewed by somebody else than the requester'
          : `${personName(review.by)} at ${review.at}: ${review.report}`,
    },
  ]
}

function approvalFacts(job: Job): Fact[] {
  const { approval, state, cancel } = job
  const facts: Fact[] = []
  if (approval !== undefined) {
    facts.push({ label: 'Approvals', value: approvalInWords(job) })
    if (state === 'awaiting-approval')
      facts.push({ label: 'Expires', value: timeInWords(approval.expiresAt) })
    for (const { by, verdict, reason, at } of approval.verdicts) {
      const done = verdict === 'approve' ? 'Approved by' : 'Denied by'
      facts.push({ label: done, value: [`${personName(by)} at ${at}`, reason].filter(Boolean).join(': ') })
    }
  }
  if (cancel !== undefined) {
    const { by, at, reason } = cancel
    facts.push({
      label: 'Cancelled by',
      value: [`${personName(by)} at ${at}`, reason].filter(Boolean).join(': '),
    })
  }
  return facts
}

function toneOf({ state, report }: Job): Tone {
  switch (state) {
    case 'succeeded':
      return report?.tone ?? 'ok'
    case 'failed':
    case 'refused':
      return 'fail'
    case 'denied':
    case 'expired':
    case 'cancelled':
      return 'warn'
    default:
      return 'working'
  }
}
