/** Who may do what, and which risks need whose approval. */
import type { ApprovalRule, Person } from '../jobs/job.js'
import type { Logger } from '../log.js'
import { CachedGroups, type GroupDirectory } from './group-directory.js'
import { Rights } from './rights.js'
import { givenRoleNames, membersOf, type PolicySettings, type Risk } from './roles.js'
import { CachedStandings, type PeopleDirectory, type Standing } from './standing.js'

export interface Policy {
  /** Never rejects: what cannot be found out counts as "not a member" and is logged. */
  rightsOf(person: Person): Promise<Rights>
  /** The rule that a command of this risk must satisfy before it runs; undefined when it runs at once. */
  approvalRule(risk: Risk): ApprovalRule | undefined
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

export function createPolicy({ groups, people, log, now = Date.now, ...parts }: PolicyParts): Policy {
  let { settings } = parts
  const cachedGroups = new CachedGroups({ directory: groups, log, now })

  const standings = people === undefined ? undefined : new CachedStandings({ people, log, now })

  const holds = async (person: Person, role: string): Promise<boolean> => {
    const { users, groups: groupIds, channels = [] } = membersOf(settings, role)
    if (users.includes(person.id)) return true
    const memberships = await Promise.all(
      [...groupIds, ...channels].map((id) => cachedGroups.has(id, person.id)),
    )
    return memberships.includes(true)
  }

  return {
    async rightsOf(person) {
      if (person.id.startsWith(terminalPrefix)) return new Rights(person, ['viewer', 'admin'], settings)
      const standing = standings === undefined ? 'member' : await standings.of(person.id)
      if (standing !== 'member') {
        const mayRead = standing === undefined || (standing === 'guest' && settings.guests === 'read')
        const limit = mayRead ? `${wordsOf(standing)}, and may only read` : wordsOf(standing)
        return new Rights(person, mayRead ? ['viewer'] : [], settings, limit)
      }
      const given = givenRoleNames(settings)
      const held = await Promise.all(given.map((role) => holds(person, role)))
      const roles = ['viewer', ...given.filter((_, index) => held[index])]
      return new Rights(person, roles, settings)
    },
    approvalRule(risk) {
      return settings.approvals.find(({ risks }) => risks.includes(risk))?.rule
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
