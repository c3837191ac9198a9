/** Tables for a narrow screen: fixed-width columns only where they fit, otherwise a line for each row. */
import type { Table } from '../../report/index.js'
import { preformatted } from './message.js'
import { bold, escapeText } from './mrkdwn.js'

/** Fixed-width characters in one line of a phone held upright, measured at 390 px. */
const phoneColumns = 38
/** mrkdwn lines showing the rows; a line may be longer than a screen but wraps well. */
export function tableLines({ columns, rows }: Table): string[] {
  if (rows.length === 0) return []
  const widths = columns.map((column, index) =>
    Math.max(column.length, ...rows.map((row) => (row[index] ?? '').length)),
  )
  const width = widths.reduce((sum, each) => sum + each, 0) + 2 * (widths.length - 1)
  if (width <= phoneColumns) {
    const line = (cells: readonly string[]) =>
      widths
        .map((each, index) => (cells[index] ?? '').padEnd(each))
        .join('  ')
        .trimEnd()
    return preformatted([columns, ...rows].map(line))
  }
  return [`_${columns.map(escapeText).join(' · ')}_`, ...rows.map(rowLine)]
}

function rowLine([first = '', ...others]: string[]): string {
  const rest = others.filter((cell) => cell !== '').map(escapeText)
  return `• ${bold(first)}${rest.length === 0 ? '' : ` ${rest.join(' · ')}`}`
}
