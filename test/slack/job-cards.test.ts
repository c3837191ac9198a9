/** The card of a job: posted once, kept up to date, found again after a restart. */
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { aBotForEachTest, book, jobs, posts, receiver, requests, slack, surface } from './bot-over-fakes.js'
import { aCommand, aJob, aReport, waitingJob } from './fakes.js'
import { textOf } from './slack-stub.js'

aBotForEachTest()

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
