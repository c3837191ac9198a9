import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { wordsOf } from '../../src/command/index.js'
import { UserError } from '../../src/errors.js'
import { systemClock } from '../../src/jobs/index.js'
import type { Answer } from '../../src/request/index.js'
import { createSlackSurface, type SlackParts, type SlackSurface } from '../../src/slack/index.js'
import {
  aClick,
  aCommand,
  aHouse,
  aJob,
  aLog,
  aReport,
  FakeBook,
  FakeIntakeLog,
  FakeJobs,
  FakeRequests,
  InMemoryReceiver,
  ManualClock,
  settle,
  waitingJob,
} from './fakes.js'
import { SlackStub, textOf } from './slack-stub.js'

let slack: SlackStub
let jobs: FakeJobs
let requests: FakeRequests
let receiver: InMemoryReceiver
let book: FakeBook
let log: ReturnType<typeof aLog>
let surface: SlackSurface

function build(more: Partial<SlackParts> = {}): SlackSurface {
  return createSlackSurface({
    settings: { botToken: 'xoxb-test-token', receiver: { kind: 'socket', appToken: 'xapp-test' } },
    requests,
    ...aHouse(),
    jobs,
    approvalsChannel: 'C0APPROVE',
    dataDirectory: '/nonexistent',
    log,
    receiver,
    cardBook: book,
    intakeLog: new FakeIntakeLog(),
    ...more,
  })
}

beforeEach(async () => {
  slack = new SlackStub()
  jobs = new FakeJobs()
  requests = new FakeRequests()
  receiver = new InMemoryReceiver()
  book = new FakeBook()
  log = aLog()
  surface = build()
})
afterEach(async () => {
  await surface.stop()
  slack.close()
})

const posts = () => slack.of('chat.postMessage').map(({ args }) => args)
const problem = new UserError('unknown-vm', 'There is no VM "wbe1".', { fix: 'vm show web1' })

describe('a slash command', () => {
  beforeEach(() => surface.start())

  it('is acknowledged before any work is done', async () => {
    const order: string[] = []
    let finish: (answer: Answer) => void = () => {}
    requests.answer = () => {
      order.push('worked')
      return new Promise((resolve) => {
        finish = resolve
      })
    }
    const delivery = receiver.deliver(aCommand('vm list'), {
      ack: async () => {
        order.push('acknowledged')
      },
    })
    await vi.waitFor(() => expect(order).toEqual(['acknowledged', 'worked']))
    finish({ kind: 'report', report: aReport() })
    await delivery
  })

  it('is handed on as it was typed, with who, where and which delivery', async () => {
    await receiver.deliver(aCommand('vm show <@U1|ann> "a b"'), { deliveryId: 'e1' })
    expect(requests.seen).toEqual([
      {
        text: 'vm show <@U1|ann> "a b"',
        person: { id: 'U0ANN', name: 'ann' },
        origin: { surface: 'slack', channel: 'C0VMS' },
        idempotencyKey: 'slack:e1',
      },
    ])
  })

  it('that reads is answered in the channel where it was asked, with who asked what', async () => {
    requests.answer = () => ({
      kind: 'report',
      report: aReport({ title: '2 VMs', facts: [{ label: 'a', value: 'b' }] }),
    })
    await receiver.deliver(aCommand('vm list'))
    expect(posts()).toHaveLength(1)
    expect(posts()[0]).toMatchObject({ channel: 'C0VMS', text: '✅ 2 VMs' })
    expect(textOf(posts()[0])).toContain('<@U0ANN> · `/qnav vm list`')
    expect(slack.answers).toEqual([])
  })

  it('whose answer takes long is answered at once that it was heard, and then in the channel', async () => {
    await surface.stop()
    const clock = new ManualClock()
    surface = build({ clock })
    await surface.start()
    let finish: (answer: Answer) => void = () => {}
    requests.answer = () =>
      new Promise((resolve) => {
        finish = resolve
      })
    const delivery = receiver.deliver(aCommand('host check kvm9'))
    await clock.pass(2499)
    expect(slack.answers).toEqual([])
    await clock.pass(1)
    await vi.waitFor(() => expect(slack.answers).toHaveLength(1))
    expect(slack.answers[0]?.body).toMatchObject({
      response_type: 'ephemeral',
      text: expect.stringContaining('Still asking for `/qnav host check kvm9`'),
    })
    finish({ kind: 'report', report: aReport() })
    await delivery
    await vi.waitFor(() => expect(posts()).toHaveLength(1))
    await clock.pass(60_000)
    expect(slack.answers).toHaveLength(1)
  })

  it('has its long output in the thread of the answer', async () => {
    requests.answer = () => ({ kind: 'report', report: aReport({ log: { title: 'kcli', text: 'hello' } }) })
    await receiver.deliver(aCommand('vm list'))
    expect(posts()).toHaveLength(2)
    expect(posts()[1]).toMatchObject({ channel: 'C0VMS', thread_ts: '101.0' })
    expect(textOf(posts()[1])).toContain('hello')
  })

  it.each(['help', '', 'whoami', 'vm create --help', 'HELP vm'])(
    '"%s" is answered to the asker alone',
    async (text) => {
      await receiver.deliver(aCommand(text))
      expect(posts()).toEqual([])
      expect(slack.answers[0]?.body).toMatchObject({ response_type: 'ephemeral', replace_original: false })
    },
  )

  it('with a mistake is answered to the asker alone, with what to type instead', async () => {
    requests.answer = () => Promise.reject(problem)
    await receiver.deliver(aCommand('vm show wbe1'))
    expect(posts()).toEqual([])
    expect(slack.answers).toHaveLength(1)
    expect(textOf(slack.answers[0]?.body)).toContain('There is no VM "wbe1".')
    expect(textOf(slack.answers[0]?.body)).toContain('→ vm show web1')
  })

  it('that fails unexpectedly gives a reference that the log has too, and no details', async () => {
    requests.answer = () => Promise.reject(new TypeError('cannot read properties of undefined'))
    await receiver.deliver(aCommand('vm list'))
    const text = textOf(slack.answers[0]?.body)
    const reference = /reference ([0-9a-f]{6})/.exec(text)?.[1]
    expect(text).toContain('Something went wrong here')
    expect(text).not.toContain('properties of undefined')
    expect(log.lines).toContainEqual(
      expect.objectContaining({ level: 'error', fields: expect.objectContaining({ reference }) }),
    )
  })

  it.each(['not_in_channel', 'channel_not_found'])(
    'asked where the bot is no member (%s) is answered to the asker with the line to invite it',
    async (why) => {
      slack.on('chat.postMessage', () => ({ ok: false, error: why }))
      requests.answer = () => ({
        kind: 'report',
        report: aReport({ title: '2 VMs', log: { title: 'l', text: 'long' } }),
      })
      await receiver.deliver(aCommand('vm list'))
      expect(slack.answers).toHaveLength(2)
      expect(textOf(slack.answers[0]?.body)).toContain('2 VMs')
      expect(textOf(slack.answers[0]?.body)).toContain('/invite @qnav')
      expect(textOf(slack.answers[1]?.body)).toContain('long')
    },
  )

  it('is still answered when its response_url is used up', async () => {
    slack.answerStatus = 404
    slack.on('chat.postEphemeral', () => ({ ok: true }))
    requests.answer = () => Promise.reject(problem)
    await receiver.deliver(aCommand('vm show wbe1'))
    expect(slack.of('chat.postEphemeral')[0]?.args).toMatchObject({ user: 'U0ANN', channel: 'C0VMS' })
  })

  it('has secrets removed from its answer', async () => {
    requests.answer = () =>
      Promise.reject(
        new UserError('kcli-failed', 'kcli said password=hunter2', { fix: 'token: xoxb-12345678901' }),
      )
    await receiver.deliver(aCommand('vm show web1'))
    expect(JSON.stringify(slack.answers)).not.toMatch(/hunter2|xoxb-123/)
  })
})

describe('deliveries', () => {
  beforeEach(() => surface.start())

  it('that come twice are worked once and acknowledged twice', async () => {
    const first = await receiver.deliver(aCommand('vm list'), { deliveryId: 'e1' })
    const second = await receiver.deliver(aCommand('vm list'), { deliveryId: 'e1' })
    expect([first, second]).toEqual([[undefined], [undefined]])
    expect(requests.seen).toHaveLength(1)
  })

  it('that come twice at once are worked once', async () => {
    await Promise.all([1, 2, 3].map(() => receiver.deliver(aCommand('vm list'), { deliveryId: 'e1' })))
    expect(requests.seen).toHaveLength(1)
  })

  it('of events are told apart by event_id, whatever envelope they come in', async () => {
    const event = {
      type: 'event_callback',
      event_id: 'Ev1',
      event: { type: 'app_mention', user: 'U1', channel: 'C1' },
    }
    expect(await receiver.deliver(event, { deliveryId: 'e1' })).toHaveLength(1)
    await receiver.deliver(event, { deliveryId: 'e2' })
    expect(log.lines).toContainEqual(expect.objectContaining({ fields: { delivery: 'Ev1' } }))
  })

  it.each([
    ['another command', aCommand('x', { command: '/other' })],
    ['a button nobody knows', aClick({ action_id: 'old-button', value: 'x' })],
    [
      'a select',
      { ...aClick({ action_id: 'choose' }), actions: [{ type: 'static_select', action_id: 'choose' }] },
    ],
    [
      'a shortcut',
      { type: 'shortcut', callback_id: 'x', user: { id: 'U1' }, team: { id: 'T1' }, trigger_id: '1' },
    ],
    [
      'another form',
      { type: 'view_submission', user: { id: 'U1' }, team: { id: 'T1' }, view: { callback_id: 'other' } },
    ],
    ['something new', { type: 'hologram', payload: {} }],
  ])('that nobody listens to are acknowledged: %s', async (_, body) => {
    expect(await receiver.deliver(body)).toHaveLength(1)
    expect(requests.seen).toEqual([])
  })

  it('whose acknowledgement fails are not worked, and are worked when they come again', async () => {
    const ack = async () => {
      throw new Error('socket closed')
    }
    await receiver.deliver(aCommand('vm delete web1'), { deliveryId: 'e1', ack }).catch(() => undefined)
    expect(requests.seen).toEqual([])
    await receiver.deliver(aCommand('vm delete web1'), { deliveryId: 'e1' })
    expect(requests.seen).toHaveLength(1)
  })
})

describe('a job', () => {
  beforeEach(() => surface.start())
  const startJob = (job = aJob({ state: 'planning' })) => {
    requests.answer = () => ({ kind: 'job', job: jobs.set(job) })
    return receiver.deliver(aCommand('vm create web1'))
  }
  const updates = () => slack.of('chat.update').map(({ args }) => String(args.text).split('\n')[0])

  it('has one card, in the channel where it was asked, updated in place', async () => {
    await startJob()
    jobs.set(aJob({ state: 'running' }))
    jobs.set(aJob({ state: 'succeeded', report: aReport() }))
    await vi.waitFor(() => expect(updates().at(-1)).toBe('✅ vm create web1: done · web1 is running'))
    expect(posts()).toHaveLength(1)
    expect(posts()[0]).toMatchObject({ channel: 'C0VMS' })
    expect(slack.of('chat.update').every(({ args }) => args.ts === '101.0')).toBe(true)
    expect(slack.answers).toEqual([])
  })

  it('that is over is forgotten, after its output went to the thread', async () => {
    await startJob()
    expect(book.entries.get('j-7k2m9')).toEqual({ card: { channel: 'C0VMS', ts: '101.0' }, threaded: 0 })
    jobs.set(aJob({ state: 'succeeded', report: aReport({ log: { title: 'kcli', text: 'output' } }) }))
    await vi.waitFor(() => expect(book.entries.size).toBe(0))
    expect(posts().at(-1)).toMatchObject({ thread_ts: '101.0', channel: 'C0VMS' })
  })

  it('asked where the bot is no member has its card in a direct message, and the asker is told', async () => {
    slack.on('chat.postMessage', (args) =>
      args.channel === 'C0VMS' ? { ok: false, error: 'not_in_channel' } : slack.posted(args),
    )
    await startJob()
    expect(posts().map(({ channel }) => channel)).toEqual(['C0VMS', 'U0ANN'])
    expect(textOf(posts()[1])).toContain('You asked in <#C0VMS>')
    expect(textOf(slack.answers[0]?.body)).toContain('direct message')
    expect(textOf(slack.answers[0]?.body)).toContain('/invite @qnav')
    jobs.set(aJob({ state: 'succeeded' }))
    await vi.waitFor(() => expect(slack.of('chat.update').at(-1)?.args.channel).toBe('D0ANN'))
  })

  it('that can have no card at all is still announced to the asker', async () => {
    slack.on('chat.postMessage', () => ({ ok: false, error: 'channel_not_found' }))
    await startJob()
    expect(textOf(slack.answers[0]?.body)).toContain('/qnav job show j-7k2m9')
  })

  it('from a terminal has no card, but asks approvers', async () => {
    jobs.set(
      waitingJob({ origin: { surface: 'terminal' }, requester: { id: 'terminal:root', name: 'root' } }),
    )
    await vi.waitFor(() => expect(posts()).toHaveLength(1))
    expect(posts()[0]).toMatchObject({ channel: 'C0APPROVE' })
    expect(textOf(posts()[0])).toContain('*Who* root')
  })

  it('that waits asks in the channel of approvers, and the card there ends with the decision', async () => {
    await startJob(waitingJob())
    await vi.waitFor(() =>
      expect(
        posts()
          .map(({ channel }) => channel)
          .sort(),
      ).toEqual(['C0APPROVE', 'C0VMS']),
    )
    const verdict = { by: { id: 'U0BEN' }, verdict: 'approve' as const, at: '2026-11-23T10:01:00.000Z' }
    const { approval } = waitingJob()
    jobs.set(
      aJob({ state: 'queued', ...(approval ? { approval: { ...approval, verdicts: [verdict] } } : {}) }),
    )
    await vi.waitFor(() => expect(updates()).toContain('✅ Approved: vm create web1'))
    const last = slack.of('chat.update').find(({ args }) => args.channel === 'C0APPROVE')
    expect(textOf(last?.args)).toContain('Approved by <@U0BEN>')
    expect(JSON.stringify(last?.args)).not.toContain('"actions"')
  })

  it('says on its own card when approvers cannot be asked', async () => {
    slack.on('chat.postMessage', (args) =>
      args.channel === 'C0APPROVE' ? { ok: false, error: 'not_in_channel' } : slack.posted(args),
    )
    await startJob(waitingJob())
    await vi.waitFor(
      () => expect(textOf(slack.of('chat.update').at(-1)?.args)).toContain('job approve j-7k2m9'),
      3000,
    )
  })
})

describe('after a restart', () => {
  it('the card of an unfinished job is found again and brought up to date', async () => {
    book.entries.set('j-7k2m9', { card: { channel: 'C0VMS', ts: '50.0' }, threaded: 0 })
    await surface.start()
    jobs.set(aJob({ state: 'running' }))
    await surface.catchUp()
    await vi.waitFor(() =>
      expect(slack.of('chat.update')[0]?.args).toMatchObject({ channel: 'C0VMS', ts: '50.0' }),
    )
    expect(posts()).toEqual([])
  })

  it('the card of a job that ended meanwhile gets its last state', async () => {
    book.entries.set('j-7k2m9', { card: { channel: 'C0VMS', ts: '50.0' }, threaded: 0 })
    jobs.all.set('j-7k2m9', aJob({ state: 'failed' }))
    await surface.start()
    await surface.catchUp()
    await vi.waitFor(() => expect(slack.of('chat.update')[0]?.args.text).toContain('failed'))
    await vi.waitFor(() => expect(book.entries.size).toBe(0))
  })

  it('a card that may have been posted is looked for before it is posted again', async () => {
    book.entries.set('j-7k2m9', { card: { channel: 'C0VMS' }, threaded: 0 })
    slack.on('conversations.history', () => ({
      ok: true,
      messages: [{ ts: '49.0', metadata: { event_payload: { key: 'card:j-7k2m9' } } }],
    }))
    jobs.all.set('j-7k2m9', aJob({ state: 'succeeded' }))
    await surface.start()
    await surface.catchUp()
    await vi.waitFor(() => expect(book.entries.size).toBe(0))
    expect(posts()).toEqual([])
  })

  it('an unfinished job without a card gets one', async () => {
    jobs.all.set('j-7k2m9', aJob({ state: 'running' }))
    await surface.start()
    await surface.catchUp()
    await vi.waitFor(() => expect(posts()).toHaveLength(1))
  })

  it('a card whose job is gone is forgotten', async () => {
    book.entries.set('j-gone', { card: { channel: 'C0VMS', ts: '50.0' }, threaded: 0 })
    await surface.start()
    await surface.catchUp()
    await vi.waitFor(() => expect(book.entries.size).toBe(0))
    expect(slack.of('chat.update')).toEqual([])
  })
})

describe('a click', () => {
  beforeEach(() => surface.start())
  const approve = { action_id: 'run:0', value: 'job approve j-7k2m9' }

  it('is a command line: parsed, authorised and audited like typed text', async () => {
    await receiver.deliver(aClick(approve), { deliveryId: 'e5' })
    expect(requests.seen).toEqual([
      {
        text: 'job approve j-7k2m9',
        person: { id: 'U0BEN', name: 'ben' },
        origin: { surface: 'slack', channel: 'C0APPROVE' },
        idempotencyKey: 'slack:e5',
      },
    ])
    expect(slack.answers[0]?.body).toMatchObject({ response_type: 'ephemeral' })
    expect(posts()).toEqual([])
  })

  it('on a button of a report is answered in the channel', async () => {
    await receiver.deliver(
      aClick({ action_id: 'run:1', value: 'vm show web1' }, { channel: { id: 'C0VMS' } }),
    )
    expect(posts()[0]).toMatchObject({ channel: 'C0VMS' })
  })

  it('twice by an impatient finger counts once', async () => {
    await receiver.deliver(aClick(approve), { deliveryId: 'e1' })
    await receiver.deliver(aClick(approve), { deliveryId: 'e2' })
    expect(requests.seen).toHaveLength(1)
  })

  it('by two people counts for each', async () => {
    await receiver.deliver(aClick(approve), { deliveryId: 'e1' })
    await receiver.deliver(aClick(approve, { user: { id: 'U0OLU' } }), { deliveryId: 'e2' })
    expect(requests.seen.map(({ person }) => person.id)).toEqual(['U0BEN', 'U0OLU'])
  })

  it('on a decided card says what happened since', async () => {
    jobs.all.set(
      'j-7k2m9',
      aJob({
        state: 'running',
        approval: {
          rule: { approvers: 1, expiresMs: 1 },
          expiresAt: '2026-11-23T14:00:00.000Z',
          verdicts: [{ by: { id: 'U0OLU' }, verdict: 'approve', at: '2026-11-23T10:01:00.000Z' }],
        },
      }),
    )
    requests.answer = () =>
      Promise.reject(new UserError('already-decided', 'It was decided.', { fix: 'Nothing.' }))
    await receiver.deliver(aClick(approve))
    const text = textOf(slack.answers[0]?.body)
    expect(text).toContain('Approved by <@U0OLU>')
    expect(text).toContain('vm create web1: running')
  })
})

describe('Deny', () => {
  beforeEach(() => surface.start())
  const deny = aClick({ action_id: 'deny', value: 'j-7k2m9' })
  const submit = (reason: string) => ({
    type: 'view_submission',
    team: { id: 'T1' },
    user: { id: 'U0BEN', name: 'ben' },
    view: {
      callback_id: 'deny',
      private_metadata: JSON.stringify({
        job: 'j-7k2m9',
        channel: 'C0APPROVE',
        responseUrl: 'https://hooks.slack.com/actions/T1/2/def',
      }),
      state: { values: { reason: { reason: { type: 'plain_text_input', value: reason } } } },
    },
  })

  it('opens a form that asks why', async () => {
    slack.on('views.open', () => ({ ok: true }))
    jobs.all.set('j-7k2m9', waitingJob())
    await receiver.deliver(deny)
    expect(slack.of('views.open')[0]?.args).toMatchObject({
      trigger_id: '9.9.9',
      view: { callback_id: 'deny' },
    })
    expect(requests.seen).toEqual([])
  })

  it('keeps where to answer, which looks like a secret', async () => {
    slack.on('views.open', () => ({ ok: true }))
    jobs.all.set('j-7k2m9', waitingJob())
    const answerTo = 'https://hooks.slack.com/actions/T0123456789/1234567890123/abcdefghijklmnopqrstuvwx'
    await receiver.deliver(aClick({ action_id: 'deny', value: 'j-7k2m9' }, { response_url: answerTo }))
    const view = slack.of('views.open')[0]?.args.view as { private_metadata: string }
    expect(JSON.parse(view.private_metadata)).toMatchObject({ responseUrl: answerTo })
  })

  it('on a decided card opens no form and says what happened since', async () => {
    jobs.all.set('j-7k2m9', aJob({ state: 'succeeded' }))
    await receiver.deliver(deny)
    expect(slack.of('views.open')).toEqual([])
    expect(textOf(slack.answers[0]?.body)).toContain('vm create web1: done')
  })

  it('says what to do when Slack gave up waiting for the form', async () => {
    slack.on('views.open', () => ({ ok: false, error: 'expired_trigger_id' }))
    jobs.all.set('j-7k2m9', waitingJob())
    await receiver.deliver(deny)
    expect(textOf(slack.answers[0]?.body)).toContain('job deny j-7k2m9 --reason')
  })

  it.each(['not today', 'say "no"', 'back\\slash', 'a\nb', '--force $(reboot) `x`', '“curly” — dash'])(
    'becomes one command line whose reason is one word: %s',
    async (reason) => {
      expect(await receiver.deliver(submit(reason))).toEqual([undefined])
      const words = wordsOf(requests.seen[0]?.text ?? '').map(({ text }) => text)
      expect(words.slice(0, 4)).toEqual(['job', 'deny', 'j-7k2m9', '--reason'])
      expect(words).toHaveLength(5)
      expect(words[4]?.replace(/[^a-z]/g, '')).toBe(reason.replace(/[^a-z]/g, ''))
      expect(slack.answers[0]?.body).toMatchObject({ response_type: 'ephemeral' })
    },
  )

  it('without a reason says so at the field', async () => {
    expect(await receiver.deliver(submit('  '))).toEqual([
      { response_action: 'errors', errors: { reason: expect.stringContaining('why') } },
    ])
    expect(requests.seen).toEqual([])
  })
})

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
    const elsewhere = build({
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
    surface = build({ clock })
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
