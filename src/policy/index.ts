export type { GroupDirectory } from './group-directory.js'
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
export type { PolicySettings, Risk, Role } from './roles.js'
