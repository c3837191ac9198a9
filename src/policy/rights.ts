/** What one person may do, decided once per request. */
import { UserError } from '../errors.js'
import type { Person } from '../jobs/job.js'
import { type PolicySettings, powers, type Risk, type Role, risks } from './roles.js'

/** A decision with its reason in words. */
export type Decision = { allowed: true; because: string } | { allowed: false; because: string }

export class Rights {
  readonly person: Person
  /** Most powerful last; always starts with viewer. */
  readonly roles: Role[]
  readonly #settings: PolicySettings

  constructor(person: Person, roles: Role[], settings: PolicySettings) {
    this.person = person
    this.roles = roles
    this.#settings = settings
  }

  get isAdmin(): boolean {
    return this.roles.includes('admin')
  }

  /** Whether this person may decide about others' requests. */
  get mayApprove(): boolean {
    return this.roles.some((role) => powers[role].decides)
  }

  mayAsk(risk: Risk): boolean {
    return this.decide(risk).allowed
  }

  decide(risk: Risk): Decision {
    const able = this.roles.find((role) => powers[role].asks.includes(risk))
    if (able !== undefined) return { allowed: true, because: `${able} may ask for ${risk}` }
    return {
      allowed: false,
      because: `${givenRoles(this.roles)} may ${this.#can()}; ${risk} needs ${this.#whoCan((role) => powers[role].asks.includes(risk))}`,
    }
  }

  decideOnApproving(): Decision {
    const able = this.roles.find((role) => powers[role].decides)
    if (able !== undefined) return { allowed: true, because: `${able} may decide about requests` }
    return {
      allowed: false,
      because: `${givenRoles(this.roles)} may not decide about requests; that needs ${this.#whoCan((role) => powers[role].decides)}`,
    }
  }

  /** Throws `not-allowed` when this person may not ask for something of this risk. */
  demand(risk: Risk): void {
    refuse(this.decide(risk))
  }

  /** Throws `not-allowed` when this person may not decide about others' requests. */
  demandApproving(): void {
    refuse(this.decideOnApproving())
  }

  #can(): string {
    const asks = risks.filter((risk) => this.roles.some((role) => powers[role].asks.includes(risk)))
    return asks.length === 1
      ? `only ${asks[0]}`
      : `ask for ${asks.slice(0, -1).join(', ')} and ${asks.at(-1)}`
  }

  #whoCan(able: (role: Role) => boolean): string {
    return (['operator', 'approver', 'admin'] as const)
      .filter(able)
      .map((role) => {
        const { users, groups } = this.#settings.roles[role]
        const members = [...users, ...groups]
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
    fix: 'Ask one of them, or ask an admin for the role (roles: in qnav.yml).',
  })
}

function givenRoles(roles: readonly Role[]): string {
  const given = roles.filter((role) => role !== 'viewer')
  return (given.length === 0 ? roles : given).join(' and ')
}
