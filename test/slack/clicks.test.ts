/** Buttons of cards and reports. */
import { beforeEach, describe, expect, it } from 'vitest'
import { wordsOf } from '../../src/command/index.js'
import { UserError } from '../../src/errors.js'
import { aBotForEachTest, jobs, posts, receiver, requests, slack, surface } from './bot-over-fakes.js'
import { aClick, aJob, waitingJob } from './fakes.js'
import { textOf } from './slack-stub.js'

aBotForEachTest()

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
