/** What one person may do, decided once per request. */
import type { AskedCommand, Need } from '../command/definition.js'
import { UserError } from '../errors.js'
import type { ApprovalRule, Person } from '../jobs/job.js'
import { fitsCommand, grantWords, reachOf, type Target, whyNot } from './grants.js'
import { type Grant, givenRoleNames, membersOf, type PolicySettings, powerOf, risks } from './roles.js'

/** A decision with its reason in words. */
export type Decision = { allowed: true; because: string } | { allowed: false; because: string }

/** A role with why somebody holds it: "named in roles.operator". */
export interface HeldRole {
  role: string
  why: string
}

export class Rights {
  readonly person: Person
  /** Most powerful of the built-in ones last, then those of qnav.yml; starts with viewer; empty for whoever is refused altogether. */
  readonly roles: string[]
  readonly held: readonly HeldRole[]
  readonly #settings: PolicySettings
  /** Why no more roles count than these, whatever qnav.yml says. */
  readonly #limit: string | undefined

  constructor(person: Person, held: readonly HeldRole[], settings: PolicySettings, limit?: string) {
    this.#limit = limit
    this.person = person
    this.held = held
    this.roles = held.map(({ role }) => role)
    this.#settings = settings
  }

  get isAdmin(): boolean {
    return this.roles.includes('admin')
  }

  /** Whether this person may decide about others' requests. */
  get mayApprove(): boolean {
    return this.roles.some((role) => powerOf(this.#settings, role).decides)
  }

  /** Whether anything of this risk, or this command, may be asked for anywhere. */
  mayAsk(asked: AskedCommand): boolean {
    return this.decide(asked).allowed
  }

  /** Before it is known where: no host and no VM is looked at. */
  decide(asked: AskedCommand): Decision {
    const { risk, path, needs } = asked
    const able = this.#grants().find(({ grant }) => fitsCommand(grant, asked))
    if (able !== undefined) {
      if (needs !== undefined) return this.#decideNeed(needs)
      return { allowed: true, because: `${able.role} may ask for ${grantWords(able.grant, risk)}` }
    }
    if (this.#limit !== undefined) return { allowed: false, because: this.#limit }
    const what = path === undefined ? risk : `"${path}" (${risk})`
    return {
      allowed: false,
      because: `${givenRoles(this.roles)} may ${this.#can()}; ${what} needs ${this.#whoCan((role) =>
        powerOf(this.#settings, role).may.some((grant) => fitsCommand(grant, asked)),
      )}`,
    }
  }

  /** Where it may be asked for, in words; undefined where that is everywhere, or nowhere. */
  reach(asked: AskedCommand): string | undefined {
    const able = this.#grants().filter(({ grant }) => fitsCommand(grant, asked))
    const places = [...new Set(able.map(({ grant }) => reachOf(grant)))]
    return places.length === 0 || places.includes('') ? undefined : places.join(', or ')
  }

  /** On the hosts and VMs that the plan settled. */
  decideOn(target: Target): Decision {
    const { risk } = target
    const possible = this.#grants().filter(({ grant }) => fitsCommand(grant, target))
    if (possible.length === 0) return this.decide(target)
    const refusals = possible.map(({ role, grant }) => ({
      role,
      grant,
      why: whyNot(grant, target, this.person),
    }))
    const able = refusals.find(({ why }) => why === undefined)
    if (able !== undefined)
      return { allowed: true, because: `${able.role} may ask for ${grantWords(able.grant, risk)}` }
    return {
      allowed: false,
      because: refusals
        .map(({ role, grant, why }) => `${role} may ask for ${grantWords(grant, risk)}, and ${why}`)
        .join('; '),
    }
  }

  /** Whether this person may decide about a request under this rule: whoever decides about any, and the roles it names. */
  mayDecide({ from = [] }: Pick<ApprovalRule, 'from'> = {}): boolean {
    return this.mayApprove || this.roles.some((role) => from.includes(role))
  }

  /** Whether what waits for approval may be run at once. */
  decideBreakGlass(): Decision {
    const { breakGlass = [] } = this.#settings
    const able = this.roles.find((role) => breakGlass.includes(role))
    if (able !== undefined) return { allowed: true, because: `${able} may break the glass` }
    if (this.#limit !== undefined) return { allowed: false, because: this.#limit }
    const who =
      breakGlass.length === 0
        ? 'nobody may here (break_glass in qnav.yml)'
        : `that needs ${this.#whoCan((role) => breakGlass.includes(role))}`
    return { allowed: false, because: `${givenRoles(this.roles)} may not break the glass; ${who}` }
  }

  /** Throws `not-allowed` when this person may not run at once what waits for approval. */
  demandBreakGlass(): void {
    refuse(this.decideBreakGlass())
  }

  /** Throws `not-allowed` when this person may not ask for it anywhere. */
  demand(asked: AskedCommand): void {
    refuse(this.decide(asked))
  }

  /** Throws `not-allowed` when this person may not do this to these hosts and VMs. */
  demandOn(target: Target): void {
    refuse(this.decideOn(target))
  }

  #decideNeed(need: Need): Decision {
    const [able, what] = {
      deciding: [(role: string) => this.#decides(role), 'decide about requests'] as const,
      admin: [(role: string) => role === 'admin', 'do what only admins may'] as const,
    }[need]
    const holder = this.roles.find(able)
    if (holder !== undefined) return { allowed: true, because: `${holder} may ${what}` }
    if (this.#limit !== undefined) return { allowed: false, because: this.#limit }
    return {
      allowed: false,
      because: `${givenRoles(this.roles)} may not ${what}; that needs ${this.#whoCan(able)}`,
    }
  }

  /** About some requests at least. */
  #decides(role: string): boolean {
    const { approvals } = this.#settings
    return powerOf(this.#settings, role).decides || approvals.some(({ rule }) => rule.from?.includes(role))
  }

  #grants(): { role: string; grant: Grant }[] {
    return this.roles.flatMap((role) => powerOf(this.#settings, role).may.map((grant) => ({ role, grant })))
  }

  #can(): string {
    const asks = risks.filter((risk) => this.#grants().some(({ grant }) => grant.risks.includes(risk)))
    if (asks.length === 0) return 'ask for nothing'
    return asks.length === 1
      ? `only ${asks[0]}`
      : `ask for ${asks.slice(0, -1).join(', ')} and ${asks.at(-1)}`
  }

  #whoCan(able: (role: string) => boolean): string {
    const names = givenRoleNames(this.#settings).filter(able)
    return names
      .map((role) => {
        const { users, groups, channels = [] } = membersOf(this.#settings, role)
        const members = [...users, ...groups, ...channels]
        const shown = members.slice(0, maxShown).join(', ') + (members.length > maxShown ? ', …' : '')
        return `${role} (${members.length === 0 ? 'nobody yet' : shown})`
      })
      .join(' or ')
  }
}

/** Members shown in a refusal. */
const maxShown = 8

function refuse(decision: Decision): void {
  if (decision.allowed) return
  throw new UserError('not-allowed', `Not allowed: ${decision.because}.`, {
    fix: 'Ask somebody who may, or ask an admin for the role (roles: in qnav.yml).',
  })
}

function givenRoles(roles: readonly string[]): string {
  const given = roles.filter((role) => role !== 'viewer')
  return (given.length === 0 ? roles : given).join(' and ')
}
