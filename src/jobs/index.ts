export type { Rhythm } from './calendar.js'
export { type Clock, systemClock } from './clock.js'
export { createJobs, type JobsParts } from './create-jobs.js'
export * from './job.js'
export { createSchedules } from './local-schedules.js'
export { hostLock, lockWord, lockWords, vmLock } from './lock-names.js'
export type { NewSchedule, Schedule, Schedules } from './schedule.js'
export {
  approvalInWords,
  ruleInWords,
  type Tally,
  tallyInWords,
  tallyOf,
  wouldHelp,
} from './tally.js'
