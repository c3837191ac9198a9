/** What one person may do, decided once per request. */
import { UserError } from '../errors.js'
import type { Person } from '../jobs/job.js'
import {
  type Grant,
  givenRoleNames,
  membersOf,
  type PolicySettings,
  powerOf,
  type Risk,
  risks,
} from './roles.js'

/** A decision with its reason in words. */
export type Decision = { allowed: true; because: string } | { allowed: false; because: string }

/** A command, before it is known where it works. */
export interface AskedCommand {
  /** "vm create". */
  path: string
  risk: Risk
}

/** A command with what its plan settled. */
export interface Target extends AskedCommand {
  /** Every host that it touches. */
  hosts: readonly { name: string; labels: Readonly<Record<string, string>> }[]
  /** Every VM that it touches or makes. `owner` is undefined for nobody's, and while that is not known. */
  vms: readonly { name: string; owner: string | undefined }[]
}

export class Rights {
  readonly person: Person
  /** Most powerful of the built-in ones last, then those of qnav.yml; starts with viewer; empty for whoever is refused altogether. */
  readonly roles: string[]
  readonly #settings: PolicySettings
  /** Why no more roles count than these, whatever qnav.yml says. */
  readonly #limit: string | undefined

  constructor(person: Person, roles: string[], settings: PolicySettings, limit?: string) {
    this.#limit = limit
    this.person = person
    this.roles = roles
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
  mayAsk(risk: Risk, path?: string): boolean {
    return this.decide(risk, path).allowed
  }

  /** Before it is known where: no host and no VM is looked at. */
  decide(risk: Risk, path?: string): Decision {
    const able = this.#grants().find(({ grant }) => fitsCommand(grant, risk, path))
    if (able !== undefined)
      return { allowed: true, because: `${able.role} may ask for ${wordsOf(able.grant, risk)}` }
    if (this.#limit !== undefined) return { allowed: false, because: this.#limit }
    const what = path === undefined ? risk : `"${path}" (${risk})`
    return {
      allowed: false,
      because: `${givenRoles(this.roles)} may ${this.#can()}; ${what} needs ${this.#whoCan((role) =>
        powerOf(this.#settings, role).may.some((grant) => fitsCommand(grant, risk, path)),
      )}`,
    }
  }

  /** On the hosts and VMs that the plan settled. */
  decideOn(target: Target): Decision {
    const { risk, path } = target
    const possible = this.#grants().filter(({ grant }) => fitsCommand(grant, risk, path))
    if (possible.length === 0) return this.decide(risk, path)
    const refusals = possible.map(({ role, grant }) => ({
      role,
      grant,
      why: whyNot(grant, target, this.person),
    }))
    const able = refusals.find(({ why }) => why === undefined)
    if (able !== undefined)
      return { allowed: true, because: `${able.role} may ask for ${wordsOf(able.grant, risk)}` }
    return {
      allowed: false,
      because: refusals
        .map(({ role, grant, why }) => `${role} may ask for ${wordsOf(grant, risk)}, and ${why}`)
        .join('; '),
    }
  }

  decideOnApproving(): Decision {
    const decides = (role: string) => powerOf(this.#settings, role).decides
    const able = this.roles.find(decides)
    if (able !== undefined) return { allowed: true, because: `${able} may decide about requests` }
    if (this.#limit !== undefined) return { allowed: false, because: this.#limit }
    return {
      allowed: false,
      because: `${givenRoles(this.roles)} may not decide about requests; that needs ${this.#whoCan(decides)}`,
    }
  }

  /** Throws `not-allowed` when this person may not ask for something of this risk, or for this command, anywhere. */
  demand(risk: Risk, path?: string): void {
    refuse(this.decide(risk, path))
  }

  /** Throws `not-allowed` when this person may not do this to these hosts and VMs. */
  demandOn(target: Target): void {
    refuse(this.decideOn(target))
  }

  /** Throws `not-allowed` when this person may not decide about others' requests. */
  demandApproving(): void {
    refuse(this.decideOnApproving())
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

function fitsCommand(grant: Grant, risk: Risk, path: string | undefined): boolean {
  if (!grant.risks.includes(risk)) return false
  if (path === undefined || grant.commands === undefined) return true
  return grant.commands.some((command) => command === path || path.startsWith(`${command} `))
}

/** Why this grant does not reach that far; undefined when it does. A scope that nothing can be held against is not met. */
function whyNot({ hosts, labels, vms }: Grant, target: Target, person: Person): string | undefined {
  if (hosts !== undefined || labels !== undefined) {
    if (target.hosts.length === 0) return 'it is not known on which host this works'
    const wanted = Object.entries(labels ?? {})
    const outside = target.hosts.find(
      (host) =>
        (hosts !== undefined && !hosts.includes(host.name)) ||
        wanted.some(([key, value]) => !Object.hasOwn(host.labels, key) || host.labels[key] !== value),
    )
    if (outside !== undefined) return `${outside.name} is none of them`
  }
  if (vms === 'own') {
    if (target.vms.length === 0) return 'this is not about a VM'
    const other = target.vms.find(({ owner }) => owner !== person.id)
    if (other?.owner !== undefined) return `${other.name} belongs to ${other.owner}`
    if (other !== undefined) return `whose ${other.name} is is not known`
  }
  return undefined
}

/** "change", "change (vm, snapshot) on kvm1 with env=lab to own VMs". */
function wordsOf({ commands, hosts, labels, vms }: Grant, risk: Risk): string {
  const pairs = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`)
  return [
    risk,
    ...(commands === undefined ? [] : [`(${commands.join(', ')})`]),
    ...(hosts === undefined ? [] : [`on ${hosts.join(', ')}`]),
    ...(pairs.length === 0 ? [] : [`on hosts with ${pairs.join(', ')}`]),
    ...(vms === undefined ? [] : ['to VMs of their own']),
  ].join(' ')
}
