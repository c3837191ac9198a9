/** How the Slack side starts and stops, and whom it asks about user groups. */
import { describe, expect, it, vi } from 'vitest'
import { systemClock } from '../../src/jobs/index.js'
import type { Answer } from '../../src/request/index.js'
import {
  aBotForEachTest,
  aSurface,
  buildBot,
  jobs,
  log,
  posts,
  receiver,
  requests,
  slack,
  surface,
} from './bot-over-fakes.js'
import { aCommand, aReport, settle } from './fakes.js'
import { SlackStub } from './slack-stub.js'

aBotForEachTest()

describe('start', () => {
  it.each(['invalid_auth', 'account_inactive', 'token_revoked'])(
    'names the token that Slack does not accept: %s',
    async (why) => {
      slack.on('auth.test', () => ({ ok: false, error: why }))
      await expect(surface.start()).rejects.toMatchObject({
        code: 'bad-config',
        message: `Slack does not accept the token in SLACK_BOT_TOKEN: ${why}.`,
      })
      expect(receiver.isStarted).toBe(false)
    },
  )

  it('tells an absent Slack from a wrong token', async () => {
    slack.on('auth.test', () => 'refuse')
    await expect(surface.start()).rejects.toMatchObject({ code: 'slack-unavailable' })
  })

  it('asks the Slack that it is pointed at', async () => {
    const other = new SlackStub('http://slack.test:4390')
    const elsewhere = aSurface({
      requests,
      jobs,
      receiver,
      settings: {
        botToken: 'xoxb-1',
        apiUrl: 'http://slack.test:4390/api/',
        receiver: { kind: 'socket', appToken: 'x' },
      },
    })
    await elsewhere.start()
    expect(other.of('auth.test')).toHaveLength(1)
    expect(slack.of('auth.test')).toHaveLength(0)
    await elsewhere.stop()
  })
})

describe('stop', () => {
  it('answers what was taken in, sends what waits, and takes nothing more', async () => {
    await surface.start()
    let finish: (answer: Answer) => void = () => {}
    requests.answer = () =>
      new Promise((resolve) => {
        finish = resolve
      })
    const delivery = receiver.deliver(aCommand('vm list'))
    await vi.waitFor(() => expect(requests.seen).toHaveLength(1))
    const stopped = surface.stop()
    expect(await receiver.deliver(aCommand('vm list'))).toEqual([
      { response_type: 'ephemeral', text: expect.stringContaining('being restarted') },
    ])
    expect(requests.seen).toHaveLength(1)
    finish({ kind: 'report', report: aReport() })
    await Promise.all([stopped, delivery])
    expect(posts()).toHaveLength(1)
  })

  it('does not wait for ever for a request that hangs', async () => {
    const clock = {
      ...systemClock,
      after: (ms: number, wake: () => void) => systemClock.after(ms / 100, wake),
    }
    buildBot({ clock })
    await surface.start()
    requests.answer = () => new Promise(() => undefined)
    void receiver.deliver(aCommand('vm list'))
    await settle()
    await surface.stop()
    expect(log.lines).toContainEqual(expect.objectContaining({ fields: { requests: 1 } }))
  })
})

describe('user groups', () => {
  it('are asked from Slack', async () => {
    slack.on('usergroups.users.list', (args) => ({ ok: true, users: [`member of ${args.usergroup}`] }))
    await expect(surface.groups.membersOf('S1')).resolves.toEqual(['member of S1'])
  })

  it('are asked once for many who ask at the same time', async () => {
    slack.on('usergroups.users.list', () => ({ ok: true, users: [] }))
    await Promise.all([1, 2, 3].map(() => surface.groups.membersOf('S1')))
    expect(slack.of('usergroups.users.list')).toHaveLength(1)
  })

  it.each(['plan_upgrade_required', 'missing_scope', 'unknown_method'])(
    'have no members where the workspace has none (%s), said once',
    async (why) => {
      slack.on('usergroups.users.list', () => ({ ok: false, error: why }))
      await expect(surface.groups.membersOf('S1')).resolves.toEqual([])
      await expect(surface.groups.membersOf('S2')).resolves.toEqual([])
      expect(slack.of('usergroups.users.list')).toHaveLength(1)
      expect(log.lines.filter(({ level }) => level === 'warn')).toHaveLength(1)
    },
  )

  it('are not guessed when Slack fails', async () => {
    slack.on('usergroups.users.list', () => ({ status: 503 }))
    await expect(surface.groups.membersOf('S1')).rejects.toThrow()
  })
})
