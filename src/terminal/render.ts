/** Reports, jobs and errors as plain text: columns aligned, no colours, nothing that a pipe would choke on. */
import type { ErrorNote } from '../errors.js'
import { approvalInWords, type Job, ruleInWords, type StepRecord } from '../jobs/index.js'
import {
  type Change,
  chartLines,
  type Plan,
  type Report,
  showDuration,
  type Table,
  type Tone,
} from '../report/index.js'

const marks: Readonly<Record<Tone, string>> = { ok: 'OK', warn: 'WARN', fail: 'FAIL', info: '', working: '…' }

/** The whole report, ending with a newline. */
export function renderReport(report: Report): string {
  const {
    title,
    tone,
    summary,
    facts = [],
    table,
    findings = [],
    chart,
    log,
    notes = [],
    actions = [],
  } = report
  const sections = [
    [marks[tone] === '' ? title : `${marks[tone]}  ${title}`, ...(summary === undefined ? [] : [summary])],
    columns(facts.map(({ label, value }) => [`${label}:`, value])),
    table === undefined || table.rows.length === 0 ? [] : renderTable(table),
    findings.flatMap(({ check, result, measured, threshold, probe, fix }) => [
      `${result.toUpperCase().padEnd(4)}  ${check}: ${measured} (wanted: ${threshold}; measured by ${probe})`,
      ...(fix === undefined ? [] : [`      → ${fix}`]),
    ]),
    chart === undefined ? [] : [`${chart.title}:`, ...chartLines(chart).map((line) => `  ${line}`)],
    log === undefined ? [] : [`${log.title}:`, ...log.text.split('\n').map((line) => `  ${line}`)],
    notes,
    actions.length === 0
      ? []
      : ['Next:', ...columns(actions.map(({ label, command }) => [`  ${label}`, command]))],
  ]
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.map(harmless).join('\n'))
    .join('\n\n')}\n`
}

/** What happened, and what to do; ends with a newline. */
export function renderError({ message, fix }: ErrorNote): string {
  return `${harmless(message)}\n${harmless(fix)}\n`
}

/** "approval"; where more than one word is needed, how many there are and whose. */
function awaited(job: Job): string {
  const words = approvalInWords(job)
  return words.endsWith('of 1 approval') ? 'approval' : `approval (${words})`
}

/** What can be said of the job so far, one line each; lines once said stay the same, so that a reader can show only new ones. */
export function renderJob(job: Job): string[] {
  const { id, title, plan, approval, state, steps, error, cancel, report } = job
  return [
    `${id}  ${title}`,
    ...(plan === undefined ? [] : planLines(plan)),
    ...(job.breakGlass === undefined
      ? []
      : [`Break-glass: it goes without ${ruleInWords(job.breakGlass.rule)}, and has to be reviewed.`]),
    ...(approval !== undefined && state === 'awaiting-approval'
      ? [`Waiting for ${awaited(job)} until ${approval.expiresAt}: job approve ${id}`]
      : []),
    ...(approval?.verdicts ?? []).map(({ by, verdict, reason }) =>
      [
        `${verdict === 'approve' ? 'Approved' : 'Denied'} by ${by.name ?? by.id}`,
        ...(reason === undefined ? [] : [reason]),
      ].join(': '),
    ),
    ...(state === 'queued' ? [`Waiting for other work: ${job.locks.join(', ')}`] : []),
    // The plan was shown by itself.
    ...steps.filter(({ name }) => name !== 'plan').flatMap(stepLines),
    ...(report?.tone === 'working' && state === 'running' ? [`… ${report.title}`] : []),
    ...(cancel === undefined ? [] : [`Cancelled by ${cancel.by.name ?? cancel.by.id}`]),
    // What stands in the way was said with the plan.
    ...(error === undefined || plan?.kind === 'blocked' ? [] : [`Failed: ${error.message}`, error.fix]),
    ...(state === 'expired' || state === 'denied' || state === 'refused' ? [`The job was ${state}.`] : []),
  ].map(harmless)
}

function planLines(plan: Plan): string[] {
  return [
    `Plan: ${plan.summary}`,
    ...columns([
      ...plan.changes.map((change) => [`  ${change.what}:`, changeText(change)]),
      ...plan.facts.map(({ label, value }) => [`  ${label}:`, value]),
    ]),
    ...plan.warnings.map((warning) => `  Warning: ${warning}`),
    ...(plan.kind === 'blocked'
      ? plan.blockers.map(({ message, fix }) => `  In the way: ${message} ${fix}`)
      : []),
  ]
}

function changeText({ from, to }: Change): string {
  if (from === undefined) return `new, ${to ?? ''}`
  if (to === undefined) return `gone, ${from}`
  return `${from} → ${to}`
}

function stepLines({ name, state, startedAt, endedAt }: StepRecord): string[] {
  const begun = `  begun   ${name}`
  if (endedAt === undefined) return [begun]
  const took = showDuration(Date.parse(endedAt) - Date.parse(startedAt))
  return [begun, `  ${state === 'done' ? 'done  ' : 'FAILED'}  ${name} (${took})`]
}

function renderTable({ columns: titles, rows }: Table): string[] {
  return columns([titles.map((title) => title.toUpperCase()), ...rows])
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const clean = rows.map((row) => row.map(harmless))
  const widths: number[] = []
  for (const row of clean) {
    // The last column has nothing to its right that would have to be aligned.
    for (const [at, cell] of row.slice(0, -1).entries()) {
      widths[at] = Math.max(widths[at] ?? 0, widthOf(cell))
    }
  }
  return clean.map((row) =>
    row
      .map((cell, at) => cell + ' '.repeat(Math.max(0, (widths[at] ?? 0) - widthOf(cell))))
      .join('  ')
      .trimEnd(),
  )
}

function widthOf(text: string): number {
  return [...text].length
}

/** Names come from guests, hosts and people: none of them may steer the terminal. */
function harmless(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
}
