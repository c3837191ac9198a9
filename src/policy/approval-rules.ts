/** Which rule of approval counts for what is asked: the first of qnav.yml that fits. */
import type { AskedCommand } from '../command/definition.js'
import type { ApprovalRule } from '../jobs/job.js'
import { fitsCommands, hasLabels, type Target } from './grants.js'
import { type Hours, hoursInWords, isWithin } from './hours.js'
import type { Risk } from './roles.js'

/** How much is asked for. */
export interface Size {
  cpus?: number
  memoryMiB?: number
  diskGiB?: number
}

/** One entry of qnav.yml's `approvals`. Everything that is named must fit; what is not named fits always. */
export interface ApprovalEntry {
  risks: readonly Risk[]
  /** Groups ("vm") or whole commands ("vm delete"). */
  commands?: readonly string[]
  /** The host has all of them. */
  labels?: Readonly<Record<string, string>>
  /** More than one of these is asked for. */
  over?: Readonly<Size>
  /** It is asked for in these hours. */
  hours?: Hours
  rule: ApprovalRule
}

/** What is asked for, as its plan settled it. */
export interface ApprovalQuestion extends Pick<Target, 'path' | 'risk' | 'hosts'> {
  /** What the VMs that it makes or changes will have, together. */
  size?: Size
}

export interface ChosenRule {
  rule: ApprovalRule
  /** "rule 2 of approvals: change (vm) on hosts with env=prod" */
  because: string
}

/** Of several hosts each has its rule; then the one that asks for most counts. */
export function chooseRule(
  entries: readonly ApprovalEntry[],
  asked: ApprovalQuestion,
  at: number,
): ChosenRule | undefined {
  const hosts = asked.hosts.length === 0 ? [undefined] : asked.hosts
  const chosen = hosts.flatMap((host) => {
    const index = entries.findIndex((entry) => fits(entry, asked, host?.labels ?? {}, at))
    const entry = entries[index]
    if (entry === undefined) return []
    return [{ rule: entry.rule, because: `rule ${index + 1} of approvals: ${wordsOf(entry)}` }]
  })
  return chosen.toSorted((a, b) => weightOf(b.rule) - weightOf(a.rule))[0]
}

/** Before it is known where and how large: whether a rule could fit, or one fits whatever it will be. */
export function approvalNeed(
  entries: readonly ApprovalEntry[],
  { risk, path }: Pick<AskedCommand, 'risk' | 'path'>,
): 'never' | 'sometimes' | 'always' {
  const possible = entries.filter((entry) => entry.risks.includes(risk) && fitsCommands(entry.commands, path))
  if (possible.length === 0) return 'never'
  const isSure = possible.some(
    ({ commands, labels, over, hours }) =>
      (commands === undefined || path !== undefined) &&
      labels === undefined &&
      over === undefined &&
      hours === undefined,
  )
  return isSure ? 'always' : 'sometimes'
}

function fits(
  { risks, commands, labels, over, hours }: ApprovalEntry,
  { risk, path, size = {} }: ApprovalQuestion,
  ofHost: Readonly<Record<string, string>>,
  at: number,
): boolean {
  return (
    risks.includes(risk) &&
    fitsCommands(commands, path) &&
    (labels === undefined || hasLabels(ofHost, labels)) &&
    (over === undefined || isOver(size, over)) &&
    (hours === undefined || isWithin(hours, at))
  )
}

const sizes = ['cpus', 'memoryMiB', 'diskGiB'] as const

function isOver(size: Size, over: Readonly<Size>): boolean {
  return sizes.some((each) => over[each] !== undefined && (size[each] ?? 0) > over[each])
}

/** More people, then from more roles, then with a reason. */
function weightOf({ approvers, from = [], reason }: ApprovalRule): number {
  return approvers * 1000 + from.length * 10 + (reason === undefined ? 0 : 1)
}

function wordsOf({ risks, commands, labels = {}, over, hours }: ApprovalEntry): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`)
  const limits = [
    ...(over?.cpus === undefined ? [] : [`${over.cpus} CPUs`]),
    ...(over?.memoryMiB === undefined ? [] : [`${over.memoryMiB} MiB of memory`]),
    ...(over?.diskGiB === undefined ? [] : [`${over.diskGiB} GiB of disk`]),
  ]
  return [
    risks.join(', '),
    ...(commands === undefined ? [] : [`(${commands.join(', ')})`]),
    ...(pairs.length === 0 ? [] : [`on hosts with ${pairs.join(', ')}`]),
    ...(limits.length === 0 ? [] : [`over ${limits.join(' or ')}`]),
    ...(hours === undefined ? [] : [`in ${hoursInWords(hours)}`]),
  ].join(' ')
}
