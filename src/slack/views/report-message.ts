/** A report as a message, made for a phone: facts stacked, tables narrow or as lists, long output in the thread. */
import type { KnownBlock } from '@slack/types'
import type { Person } from '../../jobs/index.js'
import { redactJson } from '../../redact.js'
import { count, type Finding, type Report } from '../../report/index.js'
import { chartMessage } from './chart.js'
import { limits } from './limits.js'
import {
  buttons,
  chunks,
  context,
  header,
  type Message,
  type MessageWithThread,
  preformatted,
  section,
  sections,
} from './message.js'
import { bold, clip, code, escapeText, mention, valueUnder } from './mrkdwn.js'
import { tableLines } from './table-lines.js'
import { resultSign, toneSign } from './tone.js'

/** Rows and findings that the message itself shows; the thread has all. */
const rowsShown = 20
const findingsShown = 24
const factsShown = 30
/** Messages in a thread for one report; what is beyond is counted. */
const threadMessages = 12

/** Who asked and what: a slash command itself is seen by nobody else. */
export interface Asked {
  by: Person
  line: string
}

export function reportMessage(open: Report, asked?: Asked): MessageWithThread {
  // Before anything is cut: half a secret has no shape any more.
  const report = redactJson(open)
  const title = `${toneSign[report.tone]} ${report.title}`
  const { blocks, thread } = reportParts(report, asked?.line)
  return {
    text: [title, report.summary].flatMap((each) => (each === undefined ? [] : escapeText(each))).join('\n'),
    blocks: [header(title), ...blocks, ...(asked === undefined ? [] : askedLine(asked))],
    thread,
  }
}

function askedLine({ by, line }: Asked): KnownBlock[] {
  return context([`${mention(by)} · ${code(clip(`/qnav ${line}`, 300))}`])
}

/** The report without its title, for cards that have their own. */
export function reportParts(report: Report, line?: string): { blocks: KnownBlock[]; thread: Message[] } {
  const { summary, facts = [], table, findings = [], chart, log, notes = [], actions = [] } = report
  const overflow: string[] = []
  const thread: Message[] = []

  const findingLines = inOrder(findings).map(findingLine)
  if (findingLines.length > findingsShown) {
    thread.push(...threadOf(report.title, findingLines))
    overflow.push(`… ${findingLines.length - findingsShown} more, all in the thread`)
  }
  const rows = table?.rows ?? []
  if (table !== undefined && rows.length > rowsShown) {
    thread.push(...threadOf(report.title, tableLines(table)))
    overflow.push(`… ${rows.length - rowsShown} more, all ${rows.length} in the thread`)
  }
  if (chart !== undefined && chart.bars.length > 0) {
    thread.push(chartMessage(chart))
    overflow.push(`Chart in the thread: ${escapeText(chart.title)}`)
  }
  if (log !== undefined && log.text.trim() !== '') {
    thread.push(...threadOf(log.title, preformatted(log.text.trimEnd().split('\n'))))
    overflow.push(`Output in the thread: ${escapeText(log.title)}`)
  }

  const blocks: KnownBlock[] = [
    ...(summary === undefined ? [] : sections([escapeText(summary)])),
    ...sections(
      facts.slice(0, factsShown).map(({ label, value }) => `${bold(label)} ${valueUnder(label, value)}`),
    ),
    ...sections(findingTally(findings)),
    ...sections(findingLines.slice(0, findingsShown)),
    ...(table === undefined ? [] : sections(tableLines({ ...table, rows: rows.slice(0, rowsShown) }))),
    ...context([...overflow, ...notes.map(escapeText)]),
    ...buttons(actions, 'actions'),
  ]
  return { blocks, thread: bounded(thread, line) }
}

function threadOf(title: string, lines: readonly string[]): Message[] {
  return chunks(lines, limits.text).map((text) => ({ text: escapeText(title), blocks: [section(text)] }))
}

function bounded(thread: Message[], line: string | undefined): Message[] {
  if (thread.length <= threadMessages) return thread
  const left = thread.length - threadMessages
  const how = line === undefined ? 'the terminal shows everything' : code(`qnav run "${line}"`)
  return [
    ...thread.slice(0, threadMessages),
    {
      text: 'The rest is cut.',
      blocks: [section(`… ${count(left, 'more message')} cut; on the bot's machine: ${how}`)],
    },
  ]
}

const gravity: Record<Finding['result'], number> = { fail: 0, warn: 1, pass: 2 }

function inOrder(findings: readonly Finding[]): Finding[] {
  return [...findings].sort((a, b) => gravity[a.result] - gravity[b.result])
}

function findingTally(findings: readonly Finding[]): string[] {
  if (findings.length === 0) return []
  const tally = (result: Finding['result']) => findings.filter((each) => each.result === result).length
  const parts: [number, string][] = [
    [tally('fail'), 'failed'],
    [tally('warn'), 'to look at'],
    [tally('pass'), 'passed'],
  ]
  return [parts.flatMap(([n, word]) => (n === 0 ? [] : `*${n}* ${word}`)).join(' · ')]
}

function findingLine({ check, result, measured, threshold, probe, fix }: Finding): string {
  const first = `${resultSign[result]} ${bold(check)} ${escapeText(measured)}`
  if (result === 'pass') return first
  const wanted = `    wanted: ${escapeText(threshold)} · seen by ${code(clip(probe, 120))}`
  return [first, wanted, ...(fix === undefined ? [] : [`    → ${escapeText(fix)}`])].join('\n')
}
