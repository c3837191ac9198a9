export type { GroupDirectory } from './group-directory.js'
export { createPolicy, type Policy, type PolicyParts } from './policy.js'
export type { Decision, Rights } from './rights.js'
export type { ApprovalEntry, GivenRole, PolicySettings, Risk, Role, RoleMembers } from './roles.js'
