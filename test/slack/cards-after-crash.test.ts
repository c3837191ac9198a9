/** Cards that a former process posted without living to hear of it. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { SlackSurface } from '../../src/slack/index.js'
import { aDirectory } from '../store/temporary-data.js'
import { aSurface } from './bot-over-fakes.js'
import { aJob, aReport, FakeBook, FakeJobs, FakeRequests, InMemoryReceiver } from './fakes.js'
import { SlackStub } from './slack-stub.js'

let slack: SlackStub
let jobs: FakeJobs
let book: FakeBook
let surface: SlackSurface

beforeEach(async () => {
  slack = new SlackStub()
  jobs = new FakeJobs()
  book = new FakeBook()
  const metadata = { event_type: 'qnav_message', event_payload: { key: 'card:j-7k2m9' } }
  slack.on('conversations.history', () => ({ ok: true, messages: [{ ts: '7.7', metadata }] }))
  // It was about to be posted, and nobody knows whether it was.
  book.entries.set('j-7k2m9', { card: { channel: 'C0VMS' }, threaded: 0 })
  surface = aSurface({
    requests: new FakeRequests(),
    jobs,
    dataDirectory: await aDirectory(),
    cardBook: book,
    receiver: new InMemoryReceiver(),
  })
})
afterEach(async () => {
  await surface.stop()
  slack.close()
})

describe('a card that is found in its channel', () => {
  it('is posted no more, and shows what became of its job meanwhile', async () => {
    jobs.all.set('j-7k2m9', aJob({ state: 'succeeded', report: aReport() }))
    await surface.start()
    await surface.catchUp()
    await vi.waitFor(() => expect(slack.of('chat.update')).toHaveLength(1))
    expect(slack.of('chat.update')[0]?.args).toMatchObject({
      ts: '7.7',
      text: expect.stringContaining('done'),
    })
    expect(slack.of('chat.postMessage')).toEqual([])
    await vi.waitFor(() => expect(book.entries.size).toBe(0))
  })
})

describe('a card that Slack has not taken when the bot stops', () => {
  it('is not forgotten: the next start makes it', async () => {
    slack.on('conversations.history', () => ({ ok: true, messages: [] }))
    slack.on('chat.postMessage', () => 'refuse')
    jobs.all.set('j-7k2m9', aJob({ state: 'succeeded', report: aReport() }))
    await surface.start()
    await surface.catchUp()
    await vi.waitFor(() => expect(slack.of('chat.postMessage').length).toBeGreaterThan(0))
    await surface.stop()
    expect(book.entries.get('j-7k2m9')?.card).toEqual({ channel: 'C0VMS' })
  })
})
