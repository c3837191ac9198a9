/** The workspace that a sandbox starts with. Its ids are stable: tests, qnav.yml examples and docs may name them. */
import type { SandboxChannel, SandboxManifest, SandboxUser, SandboxUserGroup } from './protocol.js'

export interface Workspace {
  team: { id: string; name: string; domain: string }
  users: SandboxUser[]
  channels: SandboxChannel[]
  userGroups: SandboxUserGroup[]
}

/** The app as it is installed in every sandbox workspace. */
export const app = { id: 'A0QNAV', botUserId: 'U0QNAV', botId: 'B0QNAV' } as const

export const botToken = 'xoxb-sandbox-bot'
export const appToken = 'xapp-sandbox-app'
export const signingSecret = 'sandbox-signing-secret'

function person(
  id: string,
  name: string,
  realName: string,
  title: string,
  more: Partial<SandboxUser> = {},
): SandboxUser {
  return {
    id,
    name,
    realName,
    title,
    email: `${name}@sandbox.example`,
    tz: 'Europe/Amsterdam',
    tzOffset: 3600,
    isAdmin: false,
    isBot: false,
    deleted: false,
    isRestricted: false,
    ...more,
  }
}

/**
 * #general C0GENERAL, #vms C0VMS and #approvals C0APPROVE have the bot as a member; #random C0RANDOM has not, which
 * shows `not_in_channel`. Ann asks, Ben approves, Olu is on call and admin, Vic only looks; Dee left, Gus is a guest.
 */
export function defaultWorkspace(): Workspace {
  const people = ['U0ANN', 'U0BEN', 'U0OLU', 'U0VIC']
  const channel = (id: string, name: string, topic: string, members: string[]): SandboxChannel => {
    return { id, name, kind: 'public', topic, members }
  }
  return {
    team: { id: 'T0SANDBOX', name: 'Sandbox', domain: 'sandbox' },
    users: [
      person('U0ANN', 'ann', 'Ann Asker', 'Developer'),
      person('U0BEN', 'ben', 'Ben Approver', 'Platform lead'),
      person('U0OLU', 'olu', 'Olu Oncall', 'On call, admin', { isAdmin: true }),
      person('U0VIC', 'vic', 'Vic Viewer', 'Analyst'),
      person('U0DEE', 'dee', 'Dee Departed', 'Left the company', { deleted: true }),
      person('U0GUS', 'gus', 'Gus Guest', 'Contractor', { isRestricted: true }),
      person(app.botUserId, 'qnav', 'qnav', 'App', { isBot: true, email: '' }),
    ],
    channels: [
      channel('C0GENERAL', 'general', 'Everything and everybody', [...people, 'U0GUS', app.botUserId]),
      channel('C0VMS', 'vms', 'Virtual machines', [...people, app.botUserId]),
      channel('C0APPROVE', 'approvals', 'What waits for a second pair of eyes', [
        'U0BEN',
        'U0OLU',
        app.botUserId,
      ]),
      channel('C0RANDOM', 'random', 'The app is not a member here', people),
    ],
    userGroups: [
      { id: 'S0APPROVERS', handle: 'vm-approvers', name: 'VM approvers', users: ['U0BEN', 'U0OLU'] },
    ],
  }
}

export function defaultManifest(): SandboxManifest {
  return {
    display_information: { name: 'qnav', description: 'Operates KVM hosts' },
    features: {
      slash_commands: [
        {
          command: '/qnav',
          description: 'Operate KVM hosts',
          usage_hint: 'vm create | vm list | host check | … or help',
          should_escape: true,
        },
      ],
      shortcuts: [],
    },
    oauth_config: {
      scopes: {
        bot: ['commands', 'chat:write', 'users:read', 'usergroups:read', 'app_mentions:read', 'im:history'],
        bot_optional: ['channels:read', 'groups:read', 'users:read.email', 'files:write', 'reactions:write'],
      },
    },
    settings: { event_subscriptions: { bot_events: ['app_home_opened', 'app_mention', 'message.im'] } },
  }
}
