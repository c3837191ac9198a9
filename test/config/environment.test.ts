import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { describe, expect, it } from 'vitest'
import { loadSettings, readEnvironment, readSlackSettings, withDotEnv } from '../../src/config/index.js'
import { aFolder } from './temporary-folder.js'

const tokens = { SLACK_BOT_TOKEN: 'xoxb-1-abcdefgh', SLACK_APP_TOKEN: 'xapp-1-abcdefgh' }

describe('the environment', () => {
  it('has defaults beside where qnav was started', () => {
    expect(readEnvironment({}, '/srv')).toEqual({
      configPath: '/srv/qnav.yml',
      dataDirectory: '/srv/data',
      logLevel: 'info',
    })
  })

  it('says where things are', () => {
    const env = { QNAV_CONFIG: '/etc/qnav/qnav.yml', QNAV_DATA_DIR: 'state', LOG_LEVEL: 'debug' }
    expect(readEnvironment(env, '/srv')).toEqual({
      configPath: '/etc/qnav/qnav.yml',
      dataDirectory: '/srv/state',
      logLevel: 'debug',
    })
  })

  it('with a wrong log level is refused, naming the right ones', () => {
    expect(() => readEnvironment({ LOG_LEVEL: 'loud' }, '/')).toThrow(
      expect.objectContaining({
        code: 'bad-config',
        message: expect.stringContaining('"loud" is not one of debug, info'),
      }),
    )
  })

  it('is completed by .env, where what is set already wins', async () => {
    const folder = await aFolder({ '.env': 'SLACK_BOT_TOKEN=xoxb-file\nLOG_LEVEL="warn"\n# comment\n' })
    expect(await withDotEnv({ LOG_LEVEL: 'error', SLACK_BOT_TOKEN: '' }, folder)).toEqual({
      SLACK_BOT_TOKEN: 'xoxb-file',
      LOG_LEVEL: 'error',
    })
    expect(process.env.SLACK_BOT_TOKEN).not.toBe('xoxb-file')
  })

  it('needs no .env', async () => {
    const env = { LOG_LEVEL: 'error' }
    expect(await withDotEnv(env, await aFolder())).toBe(env)
  })
})

describe('Slack tokens', () => {
  it('choose Socket Mode', async () => {
    expect(await readSlackSettings(tokens)).toEqual({
      botToken: 'xoxb-1-abcdefgh',
      receiver: { kind: 'socket', appToken: 'xapp-1-abcdefgh' },
    })
  })

  it('choose HTTP when there is a signing secret and no app token', async () => {
    const env = { SLACK_BOT_TOKEN: 'xoxb-1', SLACK_SIGNING_SECRET: 's', PORT: '3000', SLACK_APP_TOKEN: '' }
    expect(await readSlackSettings(env)).toEqual({
      botToken: 'xoxb-1',
      receiver: { kind: 'http', signingSecret: 's', port: 3000 },
    })
  })

  it('of another server may look as they like, and its address ends with a slash', async () => {
    const env = { SLACK_BOT_TOKEN: 'bot', SLACK_APP_TOKEN: 'app', SLACK_API_URL: 'http://127.0.0.1:3100/api' }
    expect(await readSlackSettings(env)).toEqual({
      botToken: 'bot',
      apiUrl: 'http://127.0.0.1:3100/api/',
      receiver: { kind: 'socket', appToken: 'app' },
    })
  })

  it('come from files', async () => {
    const folder = await aFolder({ bot: 'xoxb-1-fromfile\n', app: ' xapp-1-fromfile ' })
    const env = { SLACK_BOT_TOKEN_FILE: join(folder, 'bot'), SLACK_APP_TOKEN_FILE: join(folder, 'app') }
    expect(await readSlackSettings(env)).toEqual({
      botToken: 'xoxb-1-fromfile',
      receiver: { kind: 'socket', appToken: 'xapp-1-fromfile' },
    })
  })

  it('come from systemd credentials', async () => {
    const folder = await aFolder({ slack_bot_token: 'xoxb-1-cred\n', slack_app_token: 'xapp-1-cred\n' })
    expect(await readSlackSettings({ CREDENTIALS_DIRECTORY: folder })).toMatchObject({
      botToken: 'xoxb-1-cred',
      receiver: { appToken: 'xapp-1-cred' },
    })
  })

  it.each([
    [{}, 'missing-token', /SLACK_BOT_TOKEN is not set.*OAuth/],
    [
      { SLACK_BOT_TOKEN: 'xoxb-1' },
      'missing-token',
      /SLACK_APP_TOKEN is not set.*App-Level Tokens.*SLACK_SIGNING_SECRET/,
    ],
    [{ SLACK_BOT_TOKEN: 'xoxb-1', SLACK_SIGNING_SECRET: 's' }, 'bad-config', /PORT is not set/],
    [{ SLACK_BOT_TOKEN: 'xoxb-1', SLACK_SIGNING_SECRET: 's', PORT: '70000' }, 'bad-config', /PORT "70000"/],
    [{ ...tokens, SLACK_API_URL: 'ftp://x' }, 'bad-config', /SLACK_API_URL/],
    [
      { ...tokens, SLACK_BOT_TOKEN: 'xapp-1-hidden' },
      'bad-config',
      /SLACK_BOT_TOKEN, from the environment, does not begin with xoxb-/,
    ],
    [{ ...tokens, SLACK_BOT_TOKEN: 'xoxb-1 hidden' }, 'bad-config', /white space/],
    [{ SLACK_BOT_TOKEN_FILE: '/nonexistent' }, 'bad-config', /SLACK_BOT_TOKEN_FILE names \/nonexistent/],
    [{ SLACK_BOT_TOKEN_FILE: '/' }, 'bad-config', /EISDIR/],
  ])('that are missing or wrong are named, and no value is repeated: %j', async (env, code, message) => {
    const error = await readSlackSettings(env).catch((reason: unknown) => reason)
    expect(error).toMatchObject({
      code,
      message: expect.stringMatching(message),
      fix: expect.stringMatching(/\w/),
    })
    expect(String(error)).not.toContain('hidden')
  })
})

describe('the settings', () => {
  const yml = 'hosts:\n  kvm1:\n    transport: local\n'

  it('join file and environment', async () => {
    const folder = await aFolder({
      'qnav.yml': yml,
      '.env': 'SLACK_BOT_TOKEN=xoxb-1\nSLACK_APP_TOKEN=xapp-1\n',
    })
    expect(await loadSettings({}, { slack: 'required', cwd: folder })).toMatchObject({
      hosts: [{ name: 'kvm1' }],
      dataDirectory: join(folder, 'data'),
      slack: { botToken: 'xoxb-1' },
    })
  })

  it('need no tokens where no Slack is spoken to', async () => {
    const folder = await aFolder({ 'qnav.yml': yml })
    expect(await loadSettings({}, { slack: 'none', cwd: folder })).not.toHaveProperty('slack')
    await expect(loadSettings({}, { slack: 'required', cwd: folder })).rejects.toMatchObject({
      code: 'missing-token',
    })
  })

  it('are all named in .env.example, without a value', async () => {
    const text = await readFile(new URL('../../.env.example', import.meta.url), 'utf8')
    const named = parseEnv(text.replaceAll(/^# ?([A-Z_]+=)/gm, '$1'))
    expect(Object.keys(named).sort()).toEqual([
      'LOG_LEVEL',
      'PORT',
      'QNAV_CONFIG',
      'QNAV_DATA_DIR',
      'SLACK_API_URL',
      'SLACK_APP_TOKEN',
      'SLACK_BOT_TOKEN',
      'SLACK_SIGNING_SECRET',
    ])
    expect([named.SLACK_BOT_TOKEN, named.SLACK_APP_TOKEN, named.SLACK_SIGNING_SECRET]).toEqual(['', '', ''])
  })
})
