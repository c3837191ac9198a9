/** users.*, usergroups.*, bots.info, team.info, auth.test. */
import { app } from '../workspace.js'
import { wireChannel, wireUser, wireUserGroup } from '../world/wire.js'
import { activeUser, type Call, type Methods, page, SlackError } from './method.js'

const hasEmail = ({ world }: Call) => {
  const { bot, bot_optional: optional = [] } = world.manifest.oauth_config.scopes
  return [...bot, ...optional].includes('users:read.email')
}

const users = ['users:read']
const groups = ['usergroups:read']

export const people: Methods = {
  'auth.test': {
    token: 'any',
    run: ({ world, backend }) => ({
      url: backend.baseUrl(),
      team: world.team.name,
      user: world.botName,
      team_id: world.team.id,
      user_id: app.botUserId,
      bot_id: app.botId,
      is_enterprise_install: false,
    }),
  },
  'users.info': {
    scopes: users,
    run: (call) => {
      const user = activeUser(call.world, call.args.required('user'))
      return { user: wireUser(call.world, user, { withEmail: hasEmail(call) }) }
    },
  },
  'users.list': {
    scopes: users,
    run: (call) => {
      const { items, response_metadata } = page(call.world.users, call.args)
      const withEmail = hasEmail(call)
      return {
        members: items.map((user) => wireUser(call.world, user, { withEmail })),
        cache_ts: 0,
        response_metadata,
      }
    },
  },
  'users.lookupByEmail': {
    scopes: ['users:read.email'],
    run: ({ args, world }) => {
      const email = args.required('email').toLowerCase()
      const user = world.users.find(
        (each) => each.email.toLowerCase() === email && !each.deleted && !each.isBot,
      )
      if (user === undefined) throw new SlackError('users_not_found')
      return { user: wireUser(world, user, { withEmail: true }) }
    },
  },
  'users.conversations': {
    scopes: ['channels:read', 'groups:read', 'im:read'],
    run: ({ args, world }) => {
      const member = args.optional('user') ?? app.botUserId
      const mine = world.channels.filter(({ kind, members }) => kind !== 'im' && members.includes(member))
      const { items, response_metadata } = page(mine, args)
      return { channels: items.map((channel) => wireChannel(world, channel)), response_metadata }
    },
  },
  'usergroups.list': {
    scopes: groups,
    run: ({ args, world }) => {
      const withUsers = args.flag('include_users')
      return { usergroups: world.userGroups.map((group) => wireUserGroup(world, group, { withUsers })) }
    },
  },
  'usergroups.users.list': {
    scopes: groups,
    run: ({ args, world }) => {
      const id = args.required('usergroup')
      const group = world.userGroups.find((each) => each.id === id)
      if (group === undefined) throw new SlackError('no_such_subteam')
      return { users: group.users }
    },
  },
  'bots.info': {
    scopes: users,
    run: ({ args, world }) => {
      if ((args.optional('bot') ?? app.botId) !== app.botId) throw new SlackError('bot_not_found')
      return {
        bot: {
          id: app.botId,
          app_id: app.id,
          user_id: app.botUserId,
          name: world.botName,
          deleted: false,
          icons: {},
        },
      }
    },
  },
  'team.info': {
    scopes: ['team:read'],
    run: ({ world }) => ({ team: { ...world.team, email_domain: '', icon: {} } }),
  },
}
