import { get } from 'node:http'
import { ErrorCode, LogLevel, WebClient } from '@slack/web-api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  defaultManifest,
  defaultWorkspace,
  type Sandbox,
  type SandboxManifest,
  startSandbox,
} from '../../src/sandbox/index.js'

let sandbox: Sandbox
let web: WebClient

const quiet = { retryConfig: { retries: 0 }, logLevel: LogLevel.ERROR }

async function start(manifest?: SandboxManifest): Promise<void> {
  await sandbox?.stop()
  sandbox = await startSandbox({ port: 0, ...(manifest === undefined ? {} : { manifest }) })
  web = new WebClient(sandbox.botToken, { slackApiUrl: sandbox.apiUrl, ...quiet })
}

function withScopes(...scopes: string[]): SandboxManifest {
  const manifest = defaultManifest()
  manifest.oauth_config.scopes = { bot: scopes }
  return manifest
}

beforeEach(() => start())
afterEach(() => sandbox.stop())

const refusal = (code: string) => ({
  code: ErrorCode.PlatformError,
  data: expect.objectContaining({ ok: false, error: code }),
})
const post = (more: object = {}) => web.chat.postMessage({ channel: 'C0VMS', text: 'hello', ...more })
const section = (text: string) => ({ type: 'section' as const, text: { type: 'mrkdwn' as const, text } })

describe('tokens and scopes', () => {
  it.each([
    ['no token', undefined, 'not_authed'],
    ['a wrong token', 'xoxb-other', 'invalid_auth'],
  ])('%s is refused', async (_what, token, error) => {
    const other = new WebClient(token, { slackApiUrl: sandbox.apiUrl, ...quiet })
    await expect(other.auth.test()).rejects.toMatchObject(refusal(error))
  })

  it('each kind of token opens only its own methods', async () => {
    const asApp = new WebClient(sandbox.appToken, { slackApiUrl: sandbox.apiUrl, ...quiet })
    await expect(asApp.chat.postMessage({ channel: 'C0VMS', text: 'x' })).rejects.toMatchObject(
      refusal('not_allowed_token_type'),
    )
    await expect(web.apps.connections.open()).rejects.toMatchObject(refusal('not_allowed_token_type'))
    expect((await asApp.apps.connections.open()).url).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/link\?ticket=/)
  })

  it('a missing scope is named, with those that are there', async () => {
    await start(withScopes('chat:write'))
    await expect(web.users.list({})).rejects.toMatchObject({
      data: { error: 'missing_scope', needed: 'users:read', provided: 'chat:write' },
    })
    expect((await web.auth.test()).user_id).toBe('U0QNAV')
  })

  it('an unknown method is said to be unknown', async () => {
    await expect(web.apiCall('vms.list')).rejects.toMatchObject(refusal('unknown_method'))
    await expect(web.apiCall('constructor')).rejects.toMatchObject(refusal('unknown_method'))
  })
})

describe('posting', () => {
  it('keeps text, blocks and metadata, and gives them back', async () => {
    await start(withScopes('chat:write', 'channels:history'))
    const metadata = { event_type: 'job', event_payload: { id: 'j1' } }
    const { ts } = await post({ blocks: [section('*hi*')], metadata })
    const { messages } = await web.conversations.history({ channel: 'C0VMS', include_all_metadata: true })
    const blocks = [{ type: 'section', block_id: expect.any(String) }]
    expect(messages).toMatchObject([{ ts, text: 'hello', bot_id: 'B0QNAV', metadata, blocks }])
  })

  it.each([
    ['a channel without the bot', { channel: 'C0RANDOM' }, 'not_in_channel'],
    ['an unknown channel', { channel: 'C0NONE' }, 'channel_not_found'],
    ['a deactivated person', { channel: 'U0DEE' }, 'user_disabled'],
    ['a thread that is not there', { thread_ts: '1.000001' }, 'thread_not_found'],
    ['a malformed thread', { thread_ts: 'x' }, 'invalid_thread_ts'],
    ['nothing to say', { text: '' }, 'no_text'],
    ['metadata without a payload', { metadata: { event_type: 'x' } }, 'invalid_metadata_schema'],
    ['text and markdown_text', { markdown_text: 'x' }, 'markdown_text_conflict'],
  ])('to or with %s is refused', async (_what, more, error) => {
    await expect(post(more)).rejects.toMatchObject(refusal(error))
    expect(sandbox.control.messages('C0VMS')).toEqual([])
  })

  it('bad blocks are refused with the pointer to each', async () => {
    await expect(post({ blocks: [section('x'.repeat(3001))] })).rejects.toMatchObject({
      data: {
        error: 'invalid_blocks',
        response_metadata: {
          messages: ['[ERROR] must be less than 3001 characters [json-pointer:/blocks/0/text/text]'],
        },
      },
    })
  })

  it('to a person opens the direct message; by name finds the channel', async () => {
    expect((await post({ channel: 'U0ANN' })).channel).toBe('D0ANN')
    expect((await post({ channel: '#vms' })).channel).toBe('C0VMS')
  })

  it('text beyond 40 000 characters is cut', async () => {
    await post({ text: 'x'.repeat(40_001) })
    expect(sandbox.control.messages('C0VMS')[0]?.text).toHaveLength(40_000)
  })

  it('takes JSON bodies as well as forms', async () => {
    const answer = await fetch(`${sandbox.apiUrl}chat.postMessage`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json; charset=utf-8',
        authorization: `Bearer ${sandbox.botToken}`,
      },
      body: JSON.stringify({ channel: 'C0VMS', text: 'json', blocks: [section('x')] }),
    })
    expect(await answer.json()).toMatchObject({ ok: true, channel: 'C0VMS' })
  })
})

describe('changing and deleting', () => {
  it('changes its own message only', async () => {
    const { ts } = await post({ blocks: [section('x')] })
    await web.chat.update({ channel: 'C0VMS', ts: String(ts), text: 'two' })
    expect(sandbox.control.messages('C0VMS')).toMatchObject([{ text: 'two', editedTs: expect.any(String) }])
    expect(sandbox.control.messages('C0VMS')[0]?.blocks).toBeUndefined()
    const other = await sandbox.control.message({ user: 'U0ANN', channel: 'C0VMS', text: 'mine' })
    const target = { channel: 'C0VMS', ts: other.ts }
    await expect(web.chat.update({ ...target, text: 'x' })).rejects.toMatchObject(
      refusal('cant_update_message'),
    )
    await expect(web.chat.delete(target)).rejects.toMatchObject(refusal('cant_delete_message'))
    await expect(web.chat.update({ channel: 'C0VMS', ts: '1.000001', text: 'x' })).rejects.toMatchObject(
      refusal('message_not_found'),
    )
    await expect(
      web.chat.update({ channel: 'C0VMS', ts: String(ts), text: 'x'.repeat(4001) }),
    ).rejects.toMatchObject(refusal('msg_too_long'))
    await web.chat.delete({ channel: 'C0VMS', ts: String(ts) })
    expect(sandbox.control.messages('C0VMS')).toHaveLength(1)
  })

  it('an ephemeral message is seen by one person and cannot be updated', async () => {
    const { message_ts } = await web.chat.postEphemeral({ channel: 'C0VMS', user: 'U0ANN', text: 'psst' })
    expect(sandbox.control.ephemerals('U0ANN')).toMatchObject([{ text: 'psst' }])
    expect(sandbox.control.ephemerals('U0BEN')).toEqual([])
    await expect(
      web.chat.update({ channel: 'C0VMS', ts: String(message_ts), text: 'x' }),
    ).rejects.toMatchObject(refusal('message_not_found'))
    await expect(
      web.chat.postEphemeral({ channel: 'C0APPROVE', user: 'U0ANN', text: 'x' }),
    ).rejects.toMatchObject(refusal('user_not_in_channel'))
  })

  it('threads have replies, a permalink and reactions', async () => {
    await start(withScopes('chat:write', 'channels:history', 'reactions:write'))
    const { ts = '' } = await post()
    await post({ thread_ts: ts, text: 'reply' })
    const { messages } = await web.conversations.replies({ channel: 'C0VMS', ts })
    expect(messages?.map(({ text }) => text)).toEqual(['hello', 'reply'])
    expect((await web.conversations.history({ channel: 'C0VMS' })).messages).toMatchObject([
      { reply_count: 1 },
    ])
    expect((await web.chat.getPermalink({ channel: 'C0VMS', message_ts: ts })).permalink).toContain(
      '/archives/C0VMS/p',
    )
    await web.reactions.add({ channel: 'C0VMS', timestamp: ts, name: 'eyes' })
    await expect(web.reactions.add({ channel: 'C0VMS', timestamp: ts, name: 'eyes' })).rejects.toMatchObject(
      refusal('already_reacted'),
    )
  })
})

describe('streams', () => {
  it('grow one message from text and tasks until they are stopped', async () => {
    const { ts = '' } = await post()
    const recipient = { recipient_user_id: 'U0ANN', recipient_team_id: 'T0SANDBOX' }
    const started = await web.chat.startStream({
      channel: 'C0VMS',
      thread_ts: ts,
      markdown_text: 'one ',
      ...recipient,
    })
    const target = { channel: 'C0VMS', ts: String(started.ts) }
    const taskUpdate = (status: 'in_progress' | 'complete') => ({
      type: 'task_update' as const,
      id: 't',
      title: 'Create',
      status,
    })
    await web.chat.appendStream({ ...target, markdown_text: 'two', chunks: [taskUpdate('in_progress')] })
    expect(sandbox.control.messages('C0VMS')[1]).toMatchObject({
      streaming: true,
      blocks: [{ type: 'markdown', text: 'one two' }, { type: 'plan' }],
    })
    await expect(web.chat.update({ ...target, text: 'x' })).rejects.toMatchObject(
      refusal('streaming_state_conflict'),
    )
    await web.chat.stopStream({ ...target, chunks: [taskUpdate('complete')] })
    expect(sandbox.control.messages('C0VMS')[1]).toMatchObject({
      blocks: [{}, { tasks: [{ status: 'complete' }] }],
    })
    await expect(web.chat.appendStream({ ...target, markdown_text: 'x' })).rejects.toMatchObject(
      refusal('message_not_in_streaming_state'),
    )
    await expect(web.chat.startStream({ channel: 'C0VMS', thread_ts: ts })).rejects.toMatchObject(
      refusal('missing_recipient_user_id'),
    )
  })
})

describe('people and places', () => {
  it('tells who is who: active, deactivated, guest, admin, bot', async () => {
    const { members = [] } = await web.users.list({})
    const flags = Object.fromEntries(
      members.map(({ id, deleted, is_restricted, is_admin, is_bot }) => [
        id,
        { deleted, is_restricted, is_admin, is_bot },
      ]),
    )
    expect(flags.U0DEE).toMatchObject({ deleted: true })
    expect(flags.U0GUS).toMatchObject({ is_restricted: true })
    expect(flags.U0OLU).toMatchObject({ is_admin: true })
    expect(flags.U0QNAV).toMatchObject({ is_bot: true })
    await expect(web.users.info({ user: 'U0NONE' })).rejects.toMatchObject(refusal('user_not_found'))
    expect((await web.users.lookupByEmail({ email: 'ann@sandbox.example' })).user?.id).toBe('U0ANN')
    await expect(web.users.lookupByEmail({ email: 'dee@sandbox.example' })).rejects.toMatchObject(
      refusal('users_not_found'),
    )
  })

  it('pages through lists by cursor', async () => {
    const ids: unknown[] = []
    for await (const result of web.paginate('users.list', { limit: 3 })) {
      ids.push(...(result as unknown as { members: { id: string }[] }).members.map(({ id }) => id))
    }
    expect(ids).toEqual(defaultWorkspace().users.map(({ id }) => id))
  })

  it('lists user groups and their members', async () => {
    const { usergroups } = await web.usergroups.list({ include_users: true })
    expect(usergroups).toMatchObject([
      { id: 'S0APPROVERS', handle: 'vm-approvers', users: ['U0BEN', 'U0OLU'] },
    ])
    expect((await web.usergroups.users.list({ usergroup: 'S0APPROVERS' })).users).toEqual(['U0BEN', 'U0OLU'])
    await expect(web.usergroups.users.list({ usergroup: 'S0NONE' })).rejects.toMatchObject(
      refusal('no_such_subteam'),
    )
  })

  it('tells channels, membership and direct messages', async () => {
    const { channels = [] } = await web.conversations.list({})
    expect(channels.map(({ name, is_member }) => `${name} ${is_member}`)).toEqual([
      'general true',
      'vms true',
      'approvals true',
      'random false',
    ])
    expect((await web.conversations.members({ channel: 'C0APPROVE' })).members).toEqual([
      'U0BEN',
      'U0OLU',
      'U0QNAV',
    ])
    expect((await web.conversations.info({ channel: 'C0VMS' })).channel?.name).toBe('vms')
    expect((await web.conversations.open({ users: 'U0ANN' })).channel?.id).toBe('D0ANN')
    expect((await web.users.conversations({})).channels?.map(({ id }) => id)).toEqual([
      'C0GENERAL',
      'C0VMS',
      'C0APPROVE',
    ])
    await start(withScopes('channels:join', 'chat:write', 'team:read', 'users:read'))
    await web.conversations.join({ channel: 'C0RANDOM' })
    await web.chat.postMessage({ channel: 'C0RANDOM', text: 'here now' })
    expect((await web.team.info()).team?.id).toBe('T0SANDBOX')
    expect((await web.bots.info({ bot: 'B0QNAV' })).bot?.user_id).toBe('U0QNAV')
  })
})

describe('views without people', () => {
  const home = (text: string) => ({ type: 'home' as const, blocks: [section(text)] })

  it('a Home tab is guarded by its hash', async () => {
    const first = await web.views.publish({ user_id: 'U0ANN', view: home('one') })
    const hash = String(first.view?.hash)
    await web.views.publish({ user_id: 'U0ANN', view: home('two'), hash })
    await expect(web.views.publish({ user_id: 'U0ANN', view: home('three'), hash })).rejects.toMatchObject(
      refusal('hash_conflict'),
    )
    expect(sandbox.control.homeOf('U0ANN')?.blocks).toMatchObject([{ text: { text: 'two' } }])
  })

  it('a bad view is refused with pointers below /view', async () => {
    const view = { ...home('x'), callback_id: 'x'.repeat(256) }
    await expect(web.views.publish({ user_id: 'U0ANN', view })).rejects.toMatchObject({
      data: {
        error: 'invalid_arguments',
        response_metadata: { messages: [expect.stringContaining('[json-pointer:/view/callback_id]')] },
      },
    })
    await expect(web.views.update({ view_id: 'V0', view: home('x') })).rejects.toMatchObject(
      refusal('not_found'),
    )
  })
})

describe('blocks.validate', () => {
  it('answers with the findings, in the shape of Slack', async () => {
    const call = web.apiCall('blocks.validate', {
      blocks: JSON.stringify([{ type: 'header', text: { type: 'mrkdwn', text: 'x' } }]),
    })
    await expect(call).rejects.toMatchObject({
      data: {
        error: 'invalid_blocks',
        errors: [
          {
            pointer: '/0/text/type',
            code: 'failed_constraint',
            message: 'unsupported type: mrkdwn',
            constraint: { type: 'enum', expected: ['plain_text'], got: 'mrkdwn' },
          },
        ],
      },
    })
    expect((await web.apiCall('blocks.validate', { message: JSON.stringify({ text: 'fine' }) })).ok).toBe(
      true,
    )
    await expect(web.apiCall('blocks.validate', {})).rejects.toMatchObject(refusal('invalid_arguments'))
  })
})

describe('files', () => {
  it('are uploaded in three steps, shared as a message and read back', async () => {
    await web.filesUploadV2({
      channel_id: 'C0VMS',
      filename: 'console.log',
      content: 'booted',
      initial_comment: 'the log',
    })
    const [message] = sandbox.control.messages('C0VMS')
    expect(message).toMatchObject({
      text: 'the log',
      files: [{ name: 'console.log', mimetype: 'text/plain', size: 6 }],
    })
    const file = await fetch(new URL(message?.files[0]?.url ?? '', sandbox.url))
    expect(await file.text()).toBe('booted')
    expect(file.headers.get('content-security-policy')).toContain('sandbox')
  })

  it('that were never uploaded are not found', async () => {
    await expect(
      web.files.completeUploadExternal({ files: [{ id: 'F0', title: 'x' }] }),
    ).rejects.toMatchObject(refusal('file_not_found'))
  })
})

describe('the control interface over HTTP', () => {
  const control = async (
    name: string,
    body: unknown,
    headers: Record<string, string> = { 'content-type': 'application/json' },
  ) => {
    const answer = await fetch(`${sandbox.url}_control/${name}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    })
    return { status: answer.status, body: (await answer.json().catch(() => undefined)) as unknown }
  }

  it('acts, and says what a person sees', async () => {
    expect(await control('message', { user: 'U0ANN', channel: 'C0VMS', text: 'hi @ben' })).toMatchObject({
      status: 200,
      body: { ok: true, result: { text: 'hi <@U0BEN>' } },
    })
    const state = async (query: string) =>
      (await (await fetch(`${sandbox.url}_control/state${query}`)).json()) as {
        channels: { id: string }[]
        messages: object
      }
    expect((await state('?user=U0ANN')).channels.map(({ id }) => id)).not.toContain('C0APPROVE')
    expect((await state('')).messages).toMatchObject({ C0VMS: [{ text: 'hi <@U0BEN>' }] })
  })

  it('refuses what it does not understand, and says why', async () => {
    expect(await control('fault', { kind: 'earthquake' })).toMatchObject({ status: 400 })
    expect(await control('message', { user: 'U0DEE', channel: 'C0VMS', text: 'x' })).toMatchObject({
      status: 400,
      body: { error: 'Dee Departed (U0DEE) is deactivated and cannot do anything' },
    })
    expect(await control('message', { user: 'U0ANN', channel: 'C0APPROVE', text: 'x' })).toMatchObject({
      body: { error: 'Ann Asker is not in #approvals (C0APPROVE)' },
    })
    expect(await control('toString', {})).toMatchObject({ status: 404 })
    expect(await control('message', {}, { 'content-type': 'text/plain' })).toMatchObject({ status: 415 })
  })

  it('is closed to other sites and other host names', async () => {
    const headers = { 'content-type': 'application/json', origin: 'https://elsewhere.example' }
    expect(await control('message', { user: 'U0ANN', channel: 'C0VMS', text: 'x' }, headers)).toMatchObject({
      status: 403,
    })
    const rebound = await new Promise<number | undefined>((resolve, reject) => {
      const options = { headers: { host: 'rebound.example' } }
      get(`${sandbox.url}_control/state`, options, ({ statusCode }) => resolve(statusCode)).on(
        'error',
        reject,
      )
    })
    expect(rebound).toBe(403)
    expect(sandbox.control.messages('C0VMS')).toEqual([])
  })
})
