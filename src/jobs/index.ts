export { type Clock, systemClock } from './clock.js'
export { createJobs, type JobsParts, type LocalJobs, type LockView } from './create-jobs.js'
export * from './job.js'
export { hostLock, vmLock } from './lock-names.js'
