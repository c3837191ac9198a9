/** What one grant covers, and how that is said. */
import type { AskedCommand } from '../command/definition.js'
import type { Person } from '../jobs/job.js'
import type { Grant, Risk } from './roles.js'

/** A command with what its plan settled. */
export interface Target extends AskedCommand {
  path: string
  /** Every host that it touches. */
  hosts: readonly { name: string; labels: Readonly<Record<string, string>> }[]
  /** Every VM that it touches or makes. `owner` is undefined for nobody's, and while that is not known. */
  vms: readonly { name: string; owner: string | undefined }[]
}

/** Whether it covers this risk, and this command when one is named, somewhere. */
export function fitsCommand(grant: Grant, { risk, path }: AskedCommand): boolean {
  return grant.risks.includes(risk) && fitsCommands(grant.commands, path)
}

/** Groups and commands; none named, or none asked about, is all of them. */
export function fitsCommands(commands: readonly string[] | undefined, path: string | undefined): boolean {
  if (path === undefined || commands === undefined) return true
  return commands.some((command) => command === path || path.startsWith(`${command} `))
}

export function hasLabels(
  labels: Readonly<Record<string, string>>,
  wanted: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(wanted).every(([key, value]) => Object.hasOwn(labels, key) && labels[key] === value)
}

/** Why this grant does not reach that far; undefined when it does. A scope that nothing can be held against is not met. */
export function whyNot({ hosts, labels, vms }: Grant, target: Target, person: Person): string | undefined {
  if (hosts !== undefined || labels !== undefined) {
    if (target.hosts.length === 0) return 'it is not known on which host this works'
    const outside = target.hosts.find(
      (host) => (hosts !== undefined && !hosts.includes(host.name)) || !hasLabels(host.labels, labels ?? {}),
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

/** "on kvm1, on hosts with env=lab, to VMs of their own"; empty where it reaches everywhere. */
export function reachOf({ hosts, labels, vms }: Grant): string {
  const pairs = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`)
  return [
    ...(hosts === undefined ? [] : [`on ${hosts.join(', ')}`]),
    ...(pairs.length === 0 ? [] : [`on hosts with ${pairs.join(', ')}`]),
    ...(vms === undefined ? [] : ['to VMs of their own']),
  ].join(' ')
}

/** "change", "change (vm, snapshot) on kvm1 on hosts with env=lab to VMs of their own". */
export function grantWords(grant: Grant, risk: Risk): string {
  const { commands } = grant
  const words = [risk, ...(commands === undefined ? [] : [`(${commands.join(', ')})`]), reachOf(grant)]
  return words.filter((word) => word !== '').join(' ')
}
