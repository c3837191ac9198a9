/** Who holds which role, and what a role may do. */
import type { Risk } from '../command/definition.js'
import type { ApprovalRule } from '../jobs/job.js'

export type { Risk }

export const risks = ['read', 'change', 'destructive', 'host'] as const satisfies readonly Risk[]

/** Everybody is a viewer; the other roles are given in qnav.yml. */
export type Role = 'viewer' | 'operator' | 'approver' | 'admin'

export type GivenRole = Exclude<Role, 'viewer'>

/** Who holds a role: by user id, or by membership of a user group. */
interface RoleMembers {
  users: readonly string[]
  groups: readonly string[]
}

/** One entry of qnav.yml's `approvals`. */
interface ApprovalEntry {
  risks: readonly Risk[]
  rule: ApprovalRule
}

export interface PolicySettings {
  roles: Readonly<Record<GivenRole, RoleMembers>>
  /** The first entry that lists a risk counts; a risk that no entry lists needs no approval. */
  approvals: readonly ApprovalEntry[]
}

/** What each role may ask for, and whether it may decide about others' requests. */
export const powers: Readonly<Record<Role, { asks: readonly Risk[]; decides: boolean }>> = {
  viewer: { asks: ['read'], decides: false },
  operator: { asks: ['read', 'change', 'destructive'], decides: false },
  approver: { asks: ['read'], decides: true },
  admin: { asks: risks, decides: true },
}
