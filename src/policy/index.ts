export type { GroupDirectory } from './group-directory.js'
export { createPolicy, type Policy } from './policy.js'
export type { Decision, Rights } from './rights.js'
export type { PolicySettings, Risk, Role } from './roles.js'
