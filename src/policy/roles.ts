/** Who holds which role, and what a role may do. */
import type { Risk } from '../command/definition.js'
import type { ApprovalEntry } from './approval-rules.js'

export type { Risk }

export const risks = ['read', 'change', 'destructive', 'host'] as const satisfies readonly Risk[]

/** Everybody is a viewer; the other roles are given in qnav.yml. */
export type BuiltInRole = 'viewer' | 'operator' | 'approver' | 'admin'

export type GivenRole = Exclude<BuiltInRole, 'viewer'>

/** Who holds a role: by user id, by membership of a user group, or by membership of a channel. */
interface RoleMembers {
  users: readonly string[]
  groups: readonly string[]
  channels?: readonly string[]
}

/** What a role may ask for. Everything that is named must fit; what is not named fits always. */
export interface Grant {
  risks: readonly Risk[]
  /** Groups ("vm") or whole commands ("vm start"). */
  commands?: readonly string[]
  hosts?: readonly string[]
  /** The host has all of them. */
  labels?: Readonly<Record<string, string>>
  /** Only what the person owns, or will own. */
  vms?: 'own'
}

interface CustomRole extends RoleMembers {
  may: readonly Grant[]
  /** Whether it may decide about others' requests. */
  decides: boolean
}

export interface PolicySettings {
  roles: Readonly<Record<GivenRole, RoleMembers>>
  /** Roles beside the built-in ones, by name. */
  custom?: Readonly<Record<string, CustomRole>>
  /** What guests of the workspace may do: nothing when absent. */
  guests?: 'read'
  /** Roles that may break the glass: run what waits for approval at once. Nobody when absent. */
  breakGlass?: readonly string[]
  /** The first entry that fits counts; what none fits needs no approval. */
  approvals: readonly ApprovalEntry[]
}

interface Power {
  may: readonly Grant[]
  decides: boolean
}

/** What each built-in role may ask for, and whether it may decide about others' requests. */
const builtIn: Readonly<Record<BuiltInRole, Power>> = {
  viewer: { may: [{ risks: ['read'] }], decides: false },
  operator: { may: [{ risks: ['read', 'change', 'destructive'] }], decides: false },
  approver: { may: [{ risks: ['read'] }], decides: true },
  admin: { may: [{ risks }], decides: true },
}

export const builtInRoles = Object.keys(builtIn) as BuiltInRole[]

/** Names of the roles that somebody may be given, the built-in ones first. */
export function givenRoleNames({ custom = {} }: PolicySettings): string[] {
  return [...builtInRoles.filter((role) => role !== 'viewer'), ...Object.keys(custom)]
}

export function membersOf(settings: PolicySettings, role: string): RoleMembers {
  const nobody = { users: [], groups: [] }
  return own(settings.roles, role) ?? own(settings.custom ?? {}, role) ?? nobody
}

export function powerOf({ custom = {} }: PolicySettings, role: string): Power {
  return own(builtIn, role) ?? own(custom, role) ?? { may: [], decides: false }
}

/** Names such as "constructor" are no roles. */
function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined
}
