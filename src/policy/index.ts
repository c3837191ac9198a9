export type { ApprovalEntry, ApprovalQuestion, ChosenRule, Size } from './approval-rules.js'
export type { Target } from './grants.js'
export type { GroupDirectory } from './group-directory.js'
export {
  addWithin,
  type Hours,
  hoursInWords,
  isTimeZone,
  isWithin,
  nextWithin,
  parseWindow,
} from './hours.js'
export { createPolicy, type Policy } from './policy.js'
export {
  type QuotaHost,
  type QuotaLine,
  type QuotaWorld,
  quotaBlockers,
  quotaLines,
  type Reservation,
  showAmount,
} from './quota.js'
export type { Limits, QuotaSettings } from './quota-settings.js'
export type { Decision, Rights } from './rights.js'
export type { Grant, PolicySettings, Risk } from './roles.js'
export { builtInRoles } from './roles.js'
export type { PeopleDirectory, Standing } from './standing.js'
