import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadSettings, readSlackSettings, withDotEnv } from '../../src/config/index.js'
import { redact } from '../../src/redact.js'
import { aFolder } from './temporary-folder.js'

const yml =
  'hosts:\n  kvm1:\n    transport: ssh\n    address: qnav@kvm1\n    identity_file: IDENTITY\n    identity_passphrase: KVM1_PASSPHRASE\n'

async function warningsOf(read: (warn: (sentence: string) => void) => Promise<unknown>): Promise<string[]> {
  const warnings: string[] = []
  await read((sentence) => warnings.push(sentence))
  return warnings
}

describe('a file with a secret', () => {
  it.each([
    [0o600, false],
    [0o400, false],
    [0o640, true],
    [0o604, true],
    [0o620, true],
    [0o644, true],
  ])('of mode %i is warned of when others may read or write it: %s', async (mode, isOpen) => {
    const folder = await aFolder({ bot: 'xoxb-1-frommodes', app: 'xapp-1-frommodes' })
    const bot = join(folder, 'bot')
    const app = join(folder, 'app')
    await chmod(bot, mode)
    await chmod(app, 0o600)
    const env = { SLACK_BOT_TOKEN_FILE: bot, SLACK_APP_TOKEN_FILE: app }
    const shown = mode.toString(8).padStart(4, '0')
    expect(await warningsOf((warn) => readSlackSettings(env, warn))).toEqual(
      isOpen ? [`${bot} holds a secret, and its mode ${shown} lets others read it: chmod 600 ${bot}`] : [],
    )
  })

  it('is .env only when there is one in it', async () => {
    for (const [text, count] of [
      ['LOG_LEVEL=info\nSLACK_BOT_TOKEN=\n', 0],
      ['KVM1_PASSPHRASE=opensesame\n', 1],
      ['SLACK_SIGNING_SECRET=0123456789\n', 1],
    ] as const) {
      const folder = await aFolder({ '.env': text })
      expect(await warningsOf((warn) => withDotEnv({}, folder, warn))).toHaveLength(count)
    }
  })

  it('is also the private key of a host', async () => {
    const folder = await aFolder({ key: 'x', '.env': 'KVM1_PASSPHRASE=opensesame\n' })
    const key = join(folder, 'key')
    await writeFile(join(folder, 'qnav.yml'), yml.replace('IDENTITY', key))
    await chmod(join(folder, '.env'), 0o600)
    const warnings = () => warningsOf((warn) => loadSettings({}, { slack: 'none', cwd: folder, warn }))
    expect(await warnings()).toEqual([expect.stringContaining(`chmod 600 ${key}`)])
    await chmod(key, 0o600)
    expect(await warnings()).toEqual([])
  })

  it('is not asked of what systemd hands over, whose mode says nothing', async () => {
    const folder = await aFolder({
      slack_bot_token: 'xoxb-1-credential',
      slack_app_token: 'xapp-1-credential',
    })
    expect(await warningsOf((warn) => readSlackSettings({ CREDENTIALS_DIRECTORY: folder }, warn))).toEqual([])
  })
})

describe('a secret that was read', () => {
  it('is hidden from then on, wherever it came from', async () => {
    const folder = await aFolder({ slack_signing_secret: '8f742231b10e8888abcd99yyyzzz85a5' })
    expect(redact('signed with 8f742231b10e8888abcd99yyyzzz85a5')).toContain('8f742231')
    await readSlackSettings({
      SLACK_BOT_TOKEN: 'bot-token-of-another-server',
      SLACK_API_URL: 'http://127.0.0.1:1/',
      PORT: '3000',
      CREDENTIALS_DIRECTORY: folder,
    })
    expect(redact('signed with 8f742231b10e8888abcd99yyyzzz85a5')).toBe('signed with [redacted]')
    expect(redact('as bot-token-of-another-server.')).toBe('as [redacted].')
  })

  it('is hidden also when it is a passphrase with blanks', async () => {
    const folder = await aFolder({
      key: 'x',
      'qnav.yml': yml.replace('IDENTITY', '/k'),
      pass: 'open sesame, please\n',
    })
    await loadSettings({ KVM1_PASSPHRASE_FILE: join(folder, 'pass') }, { slack: 'none', cwd: folder })
    expect(redact('tried open sesame, please on it')).toBe('tried [redacted] on it')
  })

  it('is hidden also when it is refused', async () => {
    const env = { SLACK_BOT_TOKEN: 'hunter2hunter2' }
    await expect(readSlackSettings(env)).rejects.toMatchObject({ code: 'bad-config' })
    expect(redact('hunter2hunter2')).toBe('[redacted]')
  })
})
