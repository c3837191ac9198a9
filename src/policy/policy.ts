/** Who may do what, and which risks need whose approval. */
import type { AskedCommand } from '../command/definition.js'
import type { ApprovalRule, Person } from '../jobs/job.js'
import type { Logger } from '../log.js'
import { type ApprovalQuestion, approvalNeed, type ChosenRule, chooseRule } from './approval-rules.js'
import { CachedGroups, type GroupDirectory } from './group-directory.js'
import { type HeldRole, Rights } from './rights.js'
import { givenRoleNames, membersOf, type PolicySettings, powerOf } from './roles.js'
import { CachedStandings, type PeopleDirectory, type Standing } from './standing.js'

export interface Policy {
  /** Never rejects: what cannot be found out counts as "not a member" and is logged. */
  rightsOf(person: Person): Promise<Rights>
  /** The rule that must be satisfied before it runs, as of now; undefined when it runs at once. */
  approvalRule(asked: ApprovalQuestion): ChosenRule | undefined
  /** The same before there is a plan. */
  approvalNeed(asked: Pick<AskedCommand, 'risk' | 'path'>): 'never' | 'sometimes' | 'always'
  /** Ids of those whom the rule asks, as far as that can be found out: those named in qnav.yml first. Never rejects. */
  approversOf(rule: Pick<ApprovalRule, 'approvers' | 'from'>): Promise<string[]>
  /** Those of these people who are not in the channel; nobody while that cannot be found out. Never rejects. */
  notIn(channel: string, people: readonly string[]): Promise<string[]>
  /** From now on these count; what was decided stays decided. */
  renew(settings: PolicySettings): void
}

export interface PolicyParts {
  settings: PolicySettings
  /** Absent where there is no Slack to ask, as in a terminal without a running bot. */
  groups?: GroupDirectory
  /** Absent where nobody can be asked who somebody is; then everybody counts as a member. */
  people?: PeopleDirectory
  log: Logger
  /** Milliseconds; Date.now when absent. */
  now?: () => number
}

/** Ids of people at the bot's own machine. Whoever can start processes as the bot's user already holds its keys. */
const terminalPrefix = 'terminal:'

const viewer: HeldRole = { role: 'viewer', why: 'everybody is' }

export function createPolicy({ groups, people, log, now = Date.now, ...parts }: PolicyParts): Policy {
  let { settings } = parts
  const cachedGroups = new CachedGroups({ directory: groups, log, now })

  const standings = people === undefined ? undefined : new CachedStandings({ people, log, now })

  /** Why the person holds the role; undefined when they do not. */
  const whyHeld = async (person: Person, role: string): Promise<string | undefined> => {
    const { users, groups: groupIds, channels = [] } = membersOf(settings, role)
    if (users.includes(person.id)) return 'named in qnav.yml'
    const all = [
      ...groupIds.map((id) => ({ id, what: 'user group' })),
      ...channels.map((id) => ({ id, what: 'channel' })),
    ]
    const memberships = await Promise.all(all.map(({ id }) => cachedGroups.has(id, person.id)))
    const found = all.find((_, index) => memberships[index])
    return found === undefined ? undefined : `member of ${found.what} ${found.id}`
  }

  return {
    async rightsOf(person) {
      if (person.id.startsWith(terminalPrefix)) {
        return new Rights(person, [viewer, { role: 'admin', why: "at the bot's own machine" }], settings)
      }
      const standing = standings === undefined ? 'member' : await standings.of(person.id)
      if (standing !== 'member') {
        const mayRead = standing === undefined || (standing === 'guest' && settings.guests === 'read')
        const limit = mayRead ? `${wordsOf(standing)}, and may only read` : wordsOf(standing)
        return new Rights(person, mayRead ? [viewer] : [], settings, limit)
      }
      const given = givenRoleNames(settings)
      const reasons = await Promise.all(given.map((role) => whyHeld(person, role)))
      const held = given.flatMap((role, index) => {
        const why = reasons[index]
        return why === undefined ? [] : [{ role, why }]
      })
      return new Rights(person, [viewer, ...held], settings)
    },
    approvalRule: (asked) => chooseRule(settings.approvals, asked, now()),
    approvalNeed: (asked) => approvalNeed(settings.approvals, asked),
    async approversOf({ approvers, from = [] }) {
      const deciding = givenRoleNames(settings).filter((role) => powerOf(settings, role).decides)
      const roles = [...new Set([...from, ...(from.length < approvers ? deciding : [])])]
      const members = roles.map((role) => membersOf(settings, role))
      const groups = members.flatMap((each) => [...each.groups, ...(each.channels ?? [])])
      const found = await Promise.all(groups.map((id) => cachedGroups.membersOf(id)))
      return [
        ...new Set([...members.flatMap(({ users }) => users), ...found.flatMap((some) => [...(some ?? [])])]),
      ]
    },
    async notIn(channel, people) {
      const members = await cachedGroups.membersOf(channel)
      return members === undefined ? [] : people.filter((id) => !members.has(id))
    },
    renew(renewed) {
      settings = renewed
    },
  }
}

function wordsOf(standing: Exclude<Standing, 'member'> | undefined): string {
  switch (standing) {
    case undefined:
      return 'Slack does not say now who you are in this workspace'
    case 'guest':
      return 'you are a guest in this workspace'
    case 'external':
      return 'you belong to another organisation'
    case 'deactivated':
      return 'this account is deactivated'
  }
}
