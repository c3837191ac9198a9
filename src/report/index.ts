export type { BlockedPlan, Change, Plan, ReadyPlan } from './plan.js'
export { count, showDuration, showMiB } from './quantities.js'
export type { Action, Fact, Finding, Report, Table, Tone } from './report.js'
export { reportIn, timeInWords } from './time-in-words.js'
