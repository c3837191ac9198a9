/** `npm run bench [-- --json FILE]`: our way beside what a user would run instead, in one run, as ratios. */
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { compareLibvirtCalls } from './libvirt-calls.js'
import { compareListing } from './listing.js'
import { measureManyHosts } from './many-hosts.js'
import { measureManyJobs } from './many-jobs.js'
import type { Comparison } from './measure.js'
import { measureMemory } from './memory.js'
import { compareSlackLatency } from './slack-latency.js'
import { measureTypeahead } from './typeahead.js'

const { values } = parseArgs({ options: { json: { type: 'string' } } })

const rows: Comparison[] = []
for (const bench of [
  compareSlackLatency,
  compareListing,
  compareLibvirtCalls,
  measureTypeahead,
  measureManyHosts,
  measureManyJobs,
  measureMemory,
])
  rows.push(...(await bench()))

const shown = rows.map((row) => [
  row.met ? 'met ' : 'MISS',
  row.name,
  `${row.ours.toFixed(2)} ${row.unit}`,
  `${row.other.toFixed(2)} ${row.unit}`,
  row.against,
  `${row.ratio.toFixed(2)}×`,
  row.target,
])
const header = ['', 'what', 'qnav', 'other', 'against', 'ratio', 'target']
const widths = header.map((title, column) =>
  Math.max(title.length, ...shown.map((row) => row[column]?.length ?? 0)),
)
for (const row of [header, ...shown]) {
  process.stdout.write(
    `${row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()}\n`,
  )
}
if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(rows, null, 2)}\n`)
// The bare Bolt app goes on knocking after it was stopped, and would for ever.
process.exit()
