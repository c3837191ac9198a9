/** Mentions and direct messages: what is said to the bot works like the slash command. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { UserError } from '../../src/errors.js'
import type { SlackSurface } from '../../src/slack/index.js'
import { lineOfMessage } from '../../src/slack/message-line.js'
import { aSurface } from './bot-over-fakes.js'
import { aJob, aReport, FakeJobs, FakeRequests, InMemoryReceiver, waitingJob } from './fakes.js'
import { SlackStub, textOf } from './slack-stub.js'

const bot = 'U0QNAV'
const aMessage = (text: string, more: object = {}) => ({
  type: 'app_mention',
  channel: 'C0VMS',
  user: 'U0ANN',
  text,
  ts: '7.1',
  ...more,
})
const aDirect = (text: string, more: object = {}) =>
  aMessage(text, { type: 'message', channel: 'D0ANN', channel_type: 'im', ...more })

describe('the command line of a message', () => {
  it.each([
    [`<@${bot}> vm list`, 'vm list'],
    [`<@${bot}|qnav>: vm list`, 'vm list'],
    [`hey <@${bot}>`, 'hey'],
    [`<@${bot}> \`vm list\``, 'vm list'],
    [`<@${bot}> \`\`\`vm create web1 --image x\`\`\``, 'vm create web1 --image x'],
    [`<@${bot}> vm show <@U1>`, 'vm show <@U1>'],
  ])('%s is %s', (text, line) => {
    expect(lineOfMessage(aMessage(text), bot)?.text).toBe(line)
  })

  it.each([
    ['said to nobody in a channel', aMessage('vm list')],
    ['said to somebody else', aMessage('<@U0BEN> vm list')],
    ['of a bot', aMessage(`<@${bot}> vm list`, { bot_id: 'B1' })],
    ['of the bot itself', aDirect('vm list', { user: bot })],
    ['that was edited', aDirect('vm list', { subtype: 'message_changed' })],
  ])('a message %s is none', (_, message) => {
    expect(lineOfMessage(message, bot)).toBeUndefined()
  })
})

describe('a message to the bot', () => {
  let slack: SlackStub
  let jobs: FakeJobs
  let requests: FakeRequests
  let receiver: InMemoryReceiver
  let surface: SlackSurface

  beforeEach(async () => {
    slack = new SlackStub()
    jobs = new FakeJobs()
    requests = new FakeRequests()
    receiver = new InMemoryReceiver()
    surface = aSurface({
      asksInChannel: false,
      requests,
      jobs,
      receiver,
    })
    await surface.start()
  })
  afterEach(async () => {
    await surface.stop()
    slack.close()
  })

  const say = (event: object, eventId = 'Ev1') =>
    receiver.deliver({ type: 'event_callback', team_id: 'T1', event_id: eventId, event })
  const posts = () => slack.of('chat.postMessage').map(({ args }) => args)

  it('that mentions it in a channel is answered in the channel', async () => {
    await say(aMessage(`<@${bot}> vm list`))
    expect(requests.seen).toEqual([
      {
        text: 'vm list',
        person: { id: 'U0ANN' },
        origin: { surface: 'slack', channel: 'C0VMS' },
        idempotencyKey: 'slack:C0VMS:7.1',
      },
    ])
    await vi.waitFor(() => expect(posts()).toHaveLength(1))
    expect(posts()[0]).toMatchObject({ channel: 'C0VMS' })
    expect(posts()[0]).not.toHaveProperty('thread_ts')
  })

  it('in a thread is answered in the thread, long output too', async () => {
    requests.answer = () => ({ kind: 'report', report: aReport({ log: { title: 'kcli', text: 'hello' } }) })
    await say(aMessage(`<@${bot}> vm list`, { thread_ts: '3.3' }))
    await vi.waitFor(() => expect(posts().map(({ thread_ts }) => thread_ts)).toEqual(['3.3', '3.3']))
  })

  it('in a thread has the card of its job in the thread', async () => {
    requests.answer = ({ origin }) => ({ kind: 'job', job: jobs.set(aJob({ origin })) })
    await say(aMessage(`<@${bot}> vm start web1`, { thread_ts: '3.3' }))
    await vi.waitFor(() => expect(posts()).toHaveLength(1))
    expect(posts()[0]).toMatchObject({ channel: 'C0VMS', thread_ts: '3.3' })
    jobs.set(
      aJob({
        state: 'succeeded',
        origin: { surface: 'slack', channel: 'C0VMS', thread: '3.3' },
        report: aReport({ log: { title: 'kcli', text: 'made' } }),
      }),
    )
    await vi.waitFor(() => expect(posts().map(({ thread_ts }) => thread_ts)).toEqual(['3.3', '3.3']))
  })

  it('with a mistake in a thread is told there, to its writer alone', async () => {
    slack.on('chat.postEphemeral', () => ({ ok: true }))
    requests.answer = () =>
      Promise.reject(new UserError('unknown-vm', 'There is no VM "wbe1".', { fix: 'vm show web1' }))
    await say(aMessage(`<@${bot}> vm show wbe1`, { thread_ts: '3.3' }))
    expect(slack.of('chat.postEphemeral')[0]?.args).toMatchObject({
      user: 'U0ANN',
      channel: 'C0VMS',
      thread_ts: '3.3',
      text: expect.stringContaining('wbe1'),
    })
  })

  it('that is direct needs no mention, and everything is answered there', async () => {
    await say(aDirect('vm list'))
    await vi.waitFor(() => expect(posts()).toHaveLength(1))
    requests.answer = () =>
      Promise.reject(new UserError('unknown-command', 'There is no command "vm lst".', { fix: 'vm list' }))
    await say(aDirect('vm lst', { ts: '7.2' }), 'Ev2')
    expect(posts().map(({ channel }) => channel)).toEqual(['D0ANN', 'D0ANN'])
    expect(textOf(posts()[1])).toContain('vm lst')
    expect(slack.of('chat.postEphemeral')).toEqual([])
  })

  it('that asks for what needs approval says how to get it, where nobody else could see a card', async () => {
    slack.on('chat.update', () => ({ ok: true }))
    requests.answer = ({ origin }) => ({ kind: 'job', job: jobs.set(waitingJob({ origin })) })
    await say(aDirect('vm create web1 --image tiny.qcow2'))
    const shown = () => textOf([...posts(), slack.of('chat.update').at(-1)?.args])
    await vi.waitFor(
      () => expect(shown()).toContain('ask an approver to type `/qnav job approve j-7k2m9`'),
      4000,
    )
    await vi.waitFor(() => expect(posts().map(({ channel }) => channel)).toEqual(['D0ANN', 'U0BEN', 'U0OLU']))
  })

  it('is worked once, however often and under whatever event Slack tells of it', async () => {
    await say(aMessage(`<@${bot}> vm list`), 'Ev1')
    await say(aMessage(`<@${bot}> vm list`), 'Ev1')
    await say(aMessage(`<@${bot}> vm list`), 'Ev2')
    expect(requests.seen).toHaveLength(1)
  })
})
