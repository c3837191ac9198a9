/** Reports, jobs and errors as plain text: aligned, readable in a pipe, no colour. */
import type { ErrorNote } from '../errors.js'
import type { Job, StepRecord } from '../jobs/index.js'
import type { Change, Fact, Finding, Plan, Report, Table, Tone } from '../report/index.js'

const marks: Readonly<Record<Tone, string>> = { ok: '✔', warn: '!', fail: '✘', info: ' ', working: '…' }
const results: Readonly<Record<Finding['result'], string>> = { pass: 'ok  ', warn: 'warn', fail: 'FAIL' }

/** The whole report; ends with a newline. */
export function renderReport(report: Report): string {
  const { title, tone, summary, facts = [], table, findings = [], log, notes = [], actions = [] } = report
  const parts = [
    [`${marks[tone]} ${plain(title)}`.trim(), ...(summary === undefined ? [] : [plain(summary)])],
    factLines(facts),
    table === undefined || table.rows.length === 0 ? [] : tableLines(table),
    findings.flatMap(findingLines),
    log === undefined
      ? []
      : [`${plain(log.title)}:`, ...log.text.split('\n').map((line) => `  ${plain(line)}`)],
    notes.map((note) => `- ${plain(note)}`),
    actions.length === 0 ? [] : ['Next:', ...actionLines(actions)],
  ]
  return `${parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map((line) => line.trimEnd()).join('\n'))
    .join('\n\n')}\n`
}

/** What happened, and what to do; ends with a newline. */
export function renderError({ message, fix, code }: ErrorNote): string {
  return `✘ ${plain(message)}\n  ${plain(fix)}\n  (${code})\n`
}

/**
 * Where a job stands, one line per thing that happened, in order: plan, approval, steps, end. A line is worded the same
 * each time as long as nothing happened to it, so a terminal can print only those that it has not printed yet.
 */
export function renderJob(job: Job): string[] {
  const lines = [`${job.id}  ${plain(job.title)}`]
  if (job.plan !== undefined) lines.push(...planLines(job.plan))
  if (job.approval !== undefined) {
    const { rule, expiresAt, verdicts } = job.approval
    lines.push(
      `waits for ${rule.approvers === 1 ? 'an approver' : `${rule.approvers} approvers`} until ${expiresAt}: job approve ${job.id}`,
      ...verdicts.map(({ by, verdict, reason }) => {
        const done = verdict === 'approve' ? 'approved' : 'denied'
        return plain(`${done} by ${by.name ?? by.id}${reason === undefined ? '' : `: ${reason}`}`)
      }),
    )
  }
  if (job.state === 'queued' && job.locks.length > 0) lines.push(`waits for ${job.locks.join(', ')}`)
  // The plan has been shown by itself.
  for (const step of job.steps) if (step.name !== 'plan') lines.push(stepLine(step))
  if (job.report?.tone === 'working') lines.push(plain(`… ${job.report.title}`))
  if (job.cancel !== undefined) {
    lines.push(plain(`cancelled by ${job.cancel.by.name ?? job.cancel.by.id}`))
  }
  if (job.endedAt !== undefined) {
    lines.push(`${job.id} ${job.state}`)
    if (job.error !== undefined) lines.push(`✘ ${plain(job.error.message)}`, `  ${plain(job.error.fix)}`)
  }
  return lines
}

function planLines(plan: Plan): string[] {
  const changes = plan.changes.map((change) => ({ label: change.what, value: changeText(change) }))
  return [
    `plan: ${plain(plan.summary)}`,
    ...factLines([...changes, ...plan.facts]),
    ...plan.warnings.map((warning) => `  ! ${plain(warning)}`),
    // The first is also the job's error, which is shown at the end.
    ...(plan.kind === 'blocked'
      ? plan.blockers.slice(1).map(({ message, fix }) => `  ✘ ${plain(message)} ${plain(fix)}`)
      : []),
  ]
}

function changeText({ from, to }: Change): string {
  if (from === undefined) return `+ ${to ?? ''}`
  if (to === undefined) return `- ${from}`
  return `${from} → ${to}`
}

function stepLine({ name, state, progress, error }: StepRecord): string {
  switch (state) {
    case 'running':
      return plain(`… ${name}${progress === undefined ? '' : `: ${progress}`}`)
    case 'done':
      return plain(`✔ ${name}`)
    case 'failed':
      return plain(`✘ ${name}${error === undefined ? '' : `: ${error.message}`}`)
  }
}

function factLines(facts: readonly Fact[]): string[] {
  const wide = Math.max(0, ...facts.map(({ label }) => widthOf(plain(label))))
  return facts.map(({ label, value }) => `  ${padded(plain(label), wide)}  ${plain(value)}`)
}

function tableLines({ columns, rows }: Table): string[] {
  const lines = [columns, ...rows].map((row) => row.map(plain))
  const wide = columns.map((_, at) => Math.max(...lines.map((row) => widthOf(row[at] ?? ''))))
  const text = lines.map((row) => row.map((cell, at) => padded(cell, wide[at] ?? 0)).join('  '))
  const [head = '', ...body] = text
  return [head, wide.map((width) => '-'.repeat(width)).join('  '), ...body]
}

function findingLines({ check, result, measured, threshold, probe, fix }: Finding): string[] {
  return [
    `${results[result]}  ${plain(check)}: ${plain(measured)}`,
    ...(result === 'pass' ? [] : [`      wanted: ${plain(threshold)} (${plain(probe)})`]),
    ...(fix === undefined ? [] : [`      do: ${plain(fix)}`]),
  ]
}

function actionLines(actions: NonNullable<Report['actions']>): string[] {
  const wide = Math.max(...actions.map(({ label }) => widthOf(label)))
  return actions.map(({ label, command }) => `  ${padded(plain(label), wide)}  ${plain(command)}`)
}

function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)))
}

function widthOf(text: string): number {
  return [...text].length
}

/** What a guest or a person wrote must not steer the terminal: control characters become blanks. */
function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
}
