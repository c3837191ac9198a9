/** What a command has to say, free of Slack and terminal: both render the same Report, tests assert on it. */

import type { Chart } from './chart.js'

/** How the whole thing went. `working` is a job that is not over yet. */
export type Tone = 'ok' | 'warn' | 'fail' | 'info' | 'working'

/** One labelled value, e.g. `{ label: 'Memory', value: '2 GiB' }`. The value carries its unit. */
export interface Fact {
  label: string
  value: string
}

/** Rows of equal length under `columns`; the first column identifies the row on narrow screens. */
export interface Table {
  columns: string[]
  rows: string[][]
}

/** One result of a check. */
export interface Finding {
  /** What was checked, e.g. "Memory". */
  check: string
  result: 'pass' | 'warn' | 'fail'
  /** Measured value with unit, e.g. "3.2 GiB available". */
  measured: string
  /** The rule it was held against, e.g. "at least 1 GiB". */
  threshold: string
  /** How it was measured: a command line, a file, a libvirt call. */
  probe: string
  /** What to do about a warn or fail. */
  fix?: string
}

/** A button or a hint for the terminal: a command line, parsed and authorised when it is used like typed text. */
export interface Action {
  label: string
  command: string
  style?: 'primary' | 'danger'
  /** Asked before the command runs, e.g. "Stop web1 hard? Unsaved data in the guest is lost." */
  confirm?: string
}

/** Bytes: surfaces take it out before they do anything else with a report. */
export interface Picture {
  /** What it is called when it is kept: "web1.png". */
  file: string
  /** What is on it, for those who cannot see it. */
  alt: string
  png: Uint8Array
}

export interface Report {
  title: string
  tone: Tone
  /** One or two sentences under the title. */
  summary?: string
  facts?: Fact[]
  table?: Table
  findings?: Finding[]
  /** Goes to the thread. */
  chart?: Chart
  /** Goes to the thread. */
  picture?: Picture
  /** Raw output, already redacted; long output goes to the thread. */
  log?: { title: string; text: string }
  /** Short remarks and next steps, one sentence each. */
  notes?: string[]
  actions?: Action[]
}
