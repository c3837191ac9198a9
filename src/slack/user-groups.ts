/** Members of user groups and channels, for roles given to them. Policy remembers them; here they are asked. */
import type { WebClient } from '@slack/web-api'
import { z } from 'zod'
import type { Clock } from '../jobs/index.js'
import type { Logger } from '../log.js'
import type { GroupDirectory } from '../policy/index.js'
import { callFailure } from './call-failure.js'

/** What a workspace says that has no user groups for this bot; it will say so for a while. */
const lacking = new Set([
  'plan_upgrade_required',
  'missing_scope',
  'unknown_method',
  'not_allowed_token_type',
  'paid_teams_only',
  'HTTP 404',
])
/** After that it is asked again: plans and scopes change. */
const askAgainMs = 60 * 60_000

const answer = z.object({ users: z.array(z.string()) })
const membersPage = z.object({
  members: z.array(z.string()),
  response_metadata: z.object({ next_cursor: z.string().optional() }).optional(),
})
const perPage = 1000
/** A channel with more members is no role: then nobody counts as one. */
const maxPages = 10

/** Rejects when Slack does not answer; a workspace without groups has no members, said once in the log. */
export function slackGroups({
  client,
  log,
  clock,
}: {
  client: WebClient
  log: Logger
  clock: Clock
}): GroupDirectory {
  let lackingUntil = 0
  const asking = new Map<string, Promise<readonly string[]>>()

  const ask = async (group: string): Promise<readonly string[]> => {
    try {
      return answer.parse(await client.usergroups.users.list({ usergroup: group })).users
    } catch (error) {
      const { why } = callFailure(error)
      if (!lacking.has(why)) throw error
      lackingUntil = clock.now() + askAgainMs
      log.warn({ why }, 'this workspace has no user groups for qnav: roles count for users listed by id only')
      return []
    }
  }

  const inChannel = async (channel: string): Promise<readonly string[]> => {
    const all: string[] = []
    let cursor: string | undefined
    for (let page = 0; page < maxPages; page++) {
      const { members, response_metadata: next } = membersPage.parse(
        await client.conversations.members({ channel, limit: perPage, ...(cursor ? { cursor } : {}) }),
      )
      all.push(...members)
      cursor = next?.next_cursor
      if (!cursor) return all
    }
    throw new Error(`channel ${channel} has more than ${perPage * maxPages} members`)
  }

  return {
    async membersOf(group) {
      // Ids of user groups begin with S, those of channels with C or G.
      if (!group.startsWith('S')) return inChannel(group)
      if (clock.now() < lackingUntil) return []
      const known = asking.get(group)
      if (known !== undefined) return known
      const members = ask(group).finally(() => asking.delete(group))
      asking.set(group, members)
      return members
    },
  }
}
