/** What is typed: acknowledged, handed on, answered, once for each delivery. */
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { UserError } from '../../src/errors.js'
import type { Answer } from '../../src/request/index.js'
import {
  aBotForEachTest,
  buildBot,
  log,
  posts,
  receiver,
  requests,
  slack,
  surface,
} from './bot-over-fakes.js'
import { aClick, aCommand, aReport, ManualClock } from './fakes.js'
import { textOf } from './slack-stub.js'

aBotForEachTest()

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
    buildBot({ clock })
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
