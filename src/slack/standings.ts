/** What somebody is to the workspace, for policy: full member, guest, of another organisation, or gone. */
import { z } from 'zod'
import type { PeopleDirectory } from '../policy/index.js'

/** Slack docs: auth.test, users.info. Fields that are absent say no. */
const ownTeam = z.object({ team_id: z.string(), enterprise_id: z.string().optional() })
const answer = z.object({
  user: z.object({
    id: z.string(),
    team_id: z.string().optional(),
    deleted: z.boolean().optional(),
    is_restricted: z.boolean().optional(),
    is_ultra_restricted: z.boolean().optional(),
    is_stranger: z.boolean().optional(),
    enterprise_user: z.object({ enterprise_id: z.string().optional() }).optional(),
  }),
})

/** What is asked of Slack's WebClient; its answers are checked here. */
interface Asking {
  auth: { test(): Promise<unknown> }
  users: { info(args: { user: string }): Promise<unknown> }
}

/** Rejects when Slack does not answer, or lets the bot not ask (scope `users:read`). */
export function slackStandings(client: Asking): PeopleDirectory {
  let own: z.output<typeof ownTeam> | undefined
  return {
    async standingOf(userId) {
      own ??= ownTeam.parse(await client.auth.test())
      const { user } = answer.parse(await client.users.info({ user: userId }))
      if (user.id !== userId) throw new Error(`Slack was asked about ${userId} and told of ${user.id}`)
      if (user.deleted === true) return 'deactivated'
      if (user.is_stranger === true) return 'external'
      // In an Enterprise organisation members of its other workspaces are its own people.
      const isSameOrganisation =
        own.enterprise_id !== undefined && user.enterprise_user?.enterprise_id === own.enterprise_id
      if (user.team_id !== own.team_id && !isSameOrganisation) return 'external'
      return user.is_restricted === true || user.is_ultra_restricted === true ? 'guest' : 'member'
    },
  }
}
