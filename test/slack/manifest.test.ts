import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { commandName } from '../../src/slack/listeners.js'

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
  'chat.postMessage': { bot: ['chat:write'] },
  'chat.postEphemeral': { bot: ['chat:write'] },
  'chat.update': { bot: ['chat:write'] },
  'usergroups.users.list': { bot: ['usergroups:read'] },
  'conversations.history': { optional: ['channels:history', 'groups:history'] },
  'conversations.replies': { optional: ['channels:history', 'groups:history'] },
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
    expect([...manifest.oauth_config.scopes.bot].sort()).toEqual(['commands', ...wanted('bot')].sort())
    expect([...manifest.oauth_config.scopes.bot_optional].sort()).toEqual(wanted('optional'))
  })

  it('subscribes to no events, because the code listens to none', () => {
    expect(code).not.toMatch(/\bapp\.(?:event|message|shortcut|options|function|assistant)\(/)
    expect(manifest.settings).not.toHaveProperty('event_subscriptions')
  })

  it('turns on what buttons and forms need', () => {
    expect(manifest.settings).toMatchObject({
      socket_mode_enabled: true,
      interactivity: { is_enabled: true },
    })
    expect(manifest.features.app_home.messages_tab_enabled).toBe(true)
  })
})
