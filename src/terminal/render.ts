/** Reports and jobs as plain text: columns aligned, no colours, nothing that a pipe would choke on. */
import type { ErrorNote } from '../errors.js'
import type { Job, StepRecord } from '../jobs/index.js'
import { type Report, showDuration, type Table, type Tone } from '../report/index.js'

const marks: Readonly<Record<Tone, string>> = { ok: 'OK', warn: 'WARN', fail: 'FAIL', info: '', working: '…' }

/** The whole report, ending with a newline. */
export function renderReport(report: Report): string {
  const { title, tone, summary, facts = [], table, findings = [], log, notes = [], actions = [] } = report
  const sections = [
    [marks[tone] === '' ? title : `${marks[tone]}  ${title}`, ...(summary === undefined ? [] : [summary])],
    columns(facts.map(({ label, value }) => [`${label}:`, value])),
    table === undefined ? [] : renderTable(table),
    findings.flatMap(({ check, result, measured, threshold, probe, fix }) => [
      `${result.toUpperCase().padEnd(4)}  ${check}: ${measured} (wanted: ${threshold}; measured by ${probe})`,
      ...(fix === undefined ? [] : [`      → ${fix}`]),
    ]),
    log === undefined ? [] : [`${log.title}:`, ...log.text.split('\n').map((line) => `  ${line}`)],
    notes,
    actions.length === 0
      ? []
      : ['Next:', ...columns(actions.map(({ label, command }) => [`  ${label}`, command]))],
  ]
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`
}

export function renderError({ message, fix }: ErrorNote): string {
  return `${message}\n${fix}\n`
}

/** What can be said of the job so far, one line each; lines once said stay the same, so that a reader can show only new ones. */
export function renderJob(job: Job): string[] {
  const { id, title, plan, approval, state, steps, error, cancel } = job
  return [
    `${id}  ${title}`,
    ...(plan === undefined
      ? []
      : [
          `Plan: ${plan.summary}`,
          ...plan.changes.map(
            ({ what, from, to }) =>
              `  ${what}: ${[from, to].filter((part) => part !== undefined).join(' → ')}`,
          ),
          ...plan.warnings.map((warning) => `  Warning: ${warning}`),
          ...(plan.kind === 'blocked'
            ? plan.blockers.map(({ message, fix }) => `  In the way: ${message} ${fix}`)
            : []),
        ]),
    ...(approval !== undefined && state === 'awaiting-approval'
      ? [`Waiting for approval until ${approval.expiresAt}: job approve ${id}`]
      : []),
    ...(approval?.verdicts ?? []).map(({ by, verdict, reason }) =>
      [
        `${verdict === 'approve' ? 'Approved' : 'Denied'} by ${by.name ?? by.id}`,
        ...(reason === undefined ? [] : [reason]),
      ].join(': '),
    ),
    ...(state === 'queued' ? ['Waiting for other work on the same VM or host'] : []),
    ...steps.filter((step) => step.state !== 'running').map(stepLine),
    ...(cancel === undefined ? [] : [`Cancelled by ${cancel.by.name ?? cancel.by.id}`]),
    ...(error === undefined ? [] : [`Failed: ${error.message}`, error.fix]),
    ...(state === 'expired' || state === 'denied' || state === 'refused' ? [`The job was ${state}.`] : []),
  ]
}

function stepLine({ name, state, startedAt, endedAt }: StepRecord): string {
  const took = endedAt === undefined ? '' : ` (${showDuration(Date.parse(endedAt) - Date.parse(startedAt))})`
  return `  ${state === 'done' ? 'done' : 'FAILED'}  ${name}${took}`
}

function renderTable({ columns: titles, rows }: Table): string[] {
  return columns([titles.map((title) => title.toUpperCase()), ...rows])
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = []
  for (const row of rows) {
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, cell.length)
  }
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
