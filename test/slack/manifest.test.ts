import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { commandName } from '../../src/slack/listeners.js'
import { shortcutIds } from '../../src/slack/shortcuts.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const text = (max: number) => z.string().min(1).max(max)

/** Lengths and keys of Slack's app manifest (Slack docs: app manifest reference). Unknown keys are mistakes. */
const manifestForm = z.strictObject({
  _metadata: z.strictObject({ major_version: z.literal(2), minor_version: z.literal(1) }),
  display_information: z.strictObject({
    name: text(35),
    description: text(140),
    background_color: z.string().regex(/^#[0-9a-f]{6}$/),
  }),
  features: z.strictObject({
    app_home: z.strictObject({
      home_tab_enabled: z.boolean(),
      messages_tab_enabled: z.boolean(),
      messages_tab_read_only_enabled: z.boolean(),
    }),
    bot_user: z.strictObject({ display_name: text(80), always_online: z.boolean() }),
    // Slack docs: at most five of each type.
    shortcuts: z.array(
      z.strictObject({
        type: z.enum(['global', 'message']),
        name: text(24),
        callback_id: text(255),
        description: text(150),
      }),
    ),
    slash_commands: z.array(
      z.strictObject({
        command: z.string().regex(/^\/\S{1,31}$/),
        description: text(2000),
        usage_hint: text(1000),
        should_escape: z.boolean(),
      }),
    ),
  }),
  oauth_config: z.strictObject({
    scopes: z.strictObject({ bot: z.array(z.string()), bot_optional: z.array(z.string()) }),
  }),
  settings: z.strictObject({
    event_subscriptions: z.strictObject({ bot_events: z.array(z.string()) }),
    interactivity: z.strictObject({ is_enabled: z.boolean() }),
    org_deploy_enabled: z.boolean(),
    socket_mode_enabled: z.boolean(),
    token_rotation_enabled: z.boolean(),
  }),
})

/** Which scopes a method needs (Slack docs: each method's page); none for views and auth.test. */
const scopesOf: Record<string, { bot?: string[]; optional?: string[] }> = {
  'auth.test': {},
  'views.open': {},
  'views.publish': {},
  'views.push': {},
  'views.update': {},
  'chat.postMessage': { bot: ['chat:write'] },
  'chat.postEphemeral': { bot: ['chat:write'] },
  'chat.update': { bot: ['chat:write'] },
  'users.info': { bot: ['users:read'] },
  'usergroups.users.list': { bot: ['usergroups:read'] },
  'conversations.history': { optional: ['channels:history', 'groups:history'] },
  'conversations.members': { optional: ['channels:read', 'groups:read'] },
  'conversations.open': { optional: ['im:write'] },
  'files.completeUploadExternal': { optional: ['files:write'] },
  'files.getUploadURLExternal': { optional: ['files:write'] },
  'conversations.replies': { optional: ['channels:history', 'groups:history'] },
}

/** What each listener of the code needs to be told of: events and their scopes (Slack docs: each event's page). `message` is
 * told of direct conversations only. */
const eventsOf: Record<string, { event: string; scope?: string }> = {
  app_home_opened: { event: 'app_home_opened' },
  app_mention: { event: 'app_mention', scope: 'app_mentions:read' },
  message: { event: 'message.im', scope: 'im:history' },
}

const manifest = manifestForm.parse(parse(readFileSync(join(root, 'manifest.yml'), 'utf8')))
const code = readdirSync(join(root, 'src/slack'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => readFileSync(join(root, 'src/slack', file), 'utf8'))
  .join('\n')
/** Calls of Web API methods: `interactive.views.open(`, `this.#client.chat.update(`. */
const methods = [
  ...new Set(
    [...code.matchAll(/\b#?(?:client|interactive|background)\s*\.((?:[a-z]\w+\.)+\w+)\(/g)].map(
      ([, method]) => method ?? '',
    ),
  ),
].sort()
const listeners = [
  ...new Set([...code.matchAll(/\bapp\.event\('(\w+)'/g)].map(([, event]) => event ?? '')),
].sort()
const eventScopes = listeners.flatMap((each) => eventsOf[each]?.scope ?? [])

describe('manifest.yml', () => {
  it('has the command that the code listens to, with people and channels escaped', () => {
    expect(manifest.features.slash_commands).toEqual([
      expect.objectContaining({ command: commandName, should_escape: true }),
    ])
  })

  it('asks for exactly the scopes of the methods that the code calls', () => {
    expect(methods).toEqual(Object.keys(scopesOf).sort())
    const wanted = (kind: 'bot' | 'optional') =>
      [...new Set(methods.flatMap((method) => scopesOf[method]?.[kind] ?? []))].sort()
    expect([...manifest.oauth_config.scopes.bot].sort()).toEqual(
      ['commands', ...wanted('bot'), ...eventScopes].sort(),
    )
    expect([...manifest.oauth_config.scopes.bot_optional].sort()).toEqual(wanted('optional'))
  })

  it('subscribes to exactly the events that the code listens to', () => {
    expect(code).not.toMatch(/\bapp\.(?:message|function|assistant)\(/)
    expect(listeners).toEqual(Object.keys(eventsOf).sort())
    expect([...manifest.settings.event_subscriptions.bot_events].sort()).toEqual(
      listeners.map((each) => eventsOf[each]?.event).sort(),
    )
  })

  it('has exactly the shortcuts that the code knows, at most five of a type', () => {
    const { shortcuts } = manifest.features
    expect(shortcuts.map(({ callback_id }) => callback_id).sort()).toEqual(Object.values(shortcutIds).sort())
    for (const type of ['global', 'message']) {
      expect(shortcuts.filter((each) => each.type === type).length).toBeLessThanOrEqual(5)
    }
  })

  it('turns on what buttons and forms need', () => {
    expect(manifest.settings).toMatchObject({
      socket_mode_enabled: true,
      interactivity: { is_enabled: true },
    })
    expect(manifest.features.app_home).toMatchObject({
      home_tab_enabled: true,
      messages_tab_enabled: true,
      // Commands are typed there.
      messages_tab_read_only_enabled: false,
    })
  })
})
