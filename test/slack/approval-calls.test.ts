import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Approval, Job } from '../../src/jobs/index.js'
import { createPolicy } from '../../src/policy/index.js'
import type { SlackParts, SlackSurface } from '../../src/slack/index.js'
import { aSurface } from './bot-over-fakes.js'
import {
  aClick,
  aJob,
  aLog,
  FakeBook,
  FakeJobs,
  FakeRequests,
  InMemoryReceiver,
  ManualClock,
  waitingJob,
} from './fakes.js'
import { SlackStub, textOf } from './slack-stub.js'

/** Ben is in the channel of approvers, Olu, the admin, is not. */
const inChannel = ['U0ANN', 'U0BEN', 'U0QNAV']
const hour = 3_600_000
const minute = 60_000

let slack: SlackStub
let jobs: FakeJobs
let receiver: InMemoryReceiver
let requests: FakeRequests
let book: FakeBook
let clock: ManualClock
let surface: SlackSurface

function aPolicy(membersOf: (id: string) => Promise<readonly string[]> = async () => inChannel) {
  return createPolicy({
    settings: {
      roles: {
        operator: { users: ['U0ANN'], groups: [] },
        approver: { users: ['U0BEN'], groups: [] },
        admin: { users: ['U0OLU'], groups: [] },
      },
      approvals: [],
    },
    groups: { membersOf },
    log: aLog(),
    now: () => clock.now(),
  })
}

async function start(more: Partial<SlackParts> = {}): Promise<void> {
  surface = aSurface({
    requests,
    policy: aPolicy(),
    jobs,
    receiver,
    cardBook: book,
    clock,
    ...more,
  })
  await surface.start()
}

beforeEach(() => {
  slack = new SlackStub()
  jobs = new FakeJobs()
  receiver = new InMemoryReceiver()
  requests = new FakeRequests()
  book = new FakeBook()
  clock = new ManualClock()
})
afterEach(async () => {
  // What is on its way must not arrive at the Slack of the next test.
  let before = -1
  await vi.waitFor(async () => {
    const calls = slack.calls.length
    await clock.pass(5000)
    const isQuiet = calls === before
    before = calls
    expect(isQuiet).toBe(true)
  })
  const stopping = surface.stop()
  await clock.pass(20_000)
  await stopping
  slack.close()
})

const posts = () => slack.of('chat.postMessage').map(({ args }) => args)
const to = (channel: string) => posts().filter((post) => post.channel === channel)
const below = (ts: string) => posts().filter((post) => post.thread_ts === ts)
const until = async (isTrue: () => void) => {
  await vi.waitFor(async () => {
    await clock.pass(0)
    isTrue()
  })
}

const rule = { approvers: 1, expiresMs: 4 * hour }
function anApproval(more: Partial<Approval> = {}): Approval {
  const askedAt = new Date(clock.now()).toISOString()
  return { rule, askedAt, expiresAt: new Date(clock.now() + 4 * hour).toISOString(), verdicts: [], ...more }
}
const said = (by: string, verdict: 'approve' | 'deny', reason?: string) => ({
  by: { id: by },
  verdict,
  at: '2026-11-23T10:01:00.000Z',
  ...(reason === undefined ? {} : { reason }),
})

describe('a request that waits', () => {
  it('is shown to approvers outside of the channel in a direct message, with its buttons', async () => {
    await start()
    jobs.set(waitingJob({ approval: anApproval() }))
    await until(() => expect(to('U0OLU')).toHaveLength(1))
    expect(to('U0BEN')).toEqual([])
    expect(JSON.stringify(to('U0OLU')[0])).toContain('job approve j-7k2m9')
    // Once, whatever changes.
    jobs.set(waitingJob({ approval: anApproval(), revision: 2 }))
    await clock.pass(minute)
    expect(to('U0OLU')).toHaveLength(1)
    jobs.set(aJob({ state: 'running', approval: anApproval({ verdicts: [said('U0BEN', 'approve')] }) }))
    await clock.pass(minute)
    await until(() => {
      const card = slack.of('chat.update').findLast(({ args }) => args.channel === 'D0OLU')
      expect(textOf(card?.args)).toContain('Approved by <@U0BEN>')
      expect(JSON.stringify(card?.args)).not.toContain('"actions"')
    })
  })

  it('can be decided in that direct message', async () => {
    await start()
    jobs.set(waitingJob({ approval: anApproval() }))
    await until(() => expect(to('U0OLU')).toHaveLength(1))
    const place = {
      channel: { id: 'D0OLU' },
      container: { type: 'message', channel_id: 'D0OLU', message_ts: '102.0' },
    }
    await receiver.deliver(
      aClick({ action_id: 'run:0', value: 'job approve j-7k2m9' }, { ...place, user: { id: 'U0OLU' } }),
    )
    expect(requests.seen).toMatchObject([{ text: 'job approve j-7k2m9', person: { id: 'U0OLU' } }])
  })

  it('is shown to nobody twice when it cannot be found out who is in the channel', async () => {
    await start({ policy: aPolicy(() => Promise.reject(new Error('missing_scope'))) })
    jobs.set(waitingJob({ approval: anApproval() }))
    await until(() => expect(to('C0APPROVE')).toHaveLength(1))
    await clock.pass(minute)
    expect(posts().filter(({ channel }) => String(channel).startsWith('U'))).toEqual([])
  })

  it('is shown to all approvers directly when the channel takes no card', async () => {
    await start()
    slack.on('chat.postMessage', (args) =>
      args.channel === 'C0APPROVE' ? { ok: false, error: 'not_in_channel' } : slack.posted(args),
    )
    jobs.set(waitingJob({ approval: anApproval() }))
    await until(() => expect([to('U0BEN').length, to('U0OLU').length]).toEqual([1, 1]))
  })

  it('is called to mind once, when three quarters of its time are over, by those who could decide', async () => {
    await start()
    jobs.set(waitingJob({ approval: anApproval() }))
    await until(() => expect(to('U0OLU')).toHaveLength(1))
    await clock.pass(3 * hour - minute)
    expect(posts().filter(({ thread_ts: thread }) => thread !== undefined)).toEqual([])
    await clock.pass(2 * minute)
    await until(() => {
      const reminders = posts().filter(({ text }) => String(text).startsWith('⏰'))
      expect(reminders.map(({ channel }) => channel)).toEqual(['C0APPROVE', 'D0OLU'])
      expect(reminders[0]?.text).toContain('<@U0BEN> <@U0OLU>')
    })
    await clock.pass(30 * minute)
    jobs.set(waitingJob({ approval: anApproval({ expiresAt: '2026-11-23T14:00:00.000Z' }), revision: 3 }))
    await clock.pass(10 * minute)
    expect(posts().filter(({ text }) => String(text).startsWith('⏰'))).toHaveLength(2)
    expect(book.entries.get('j-7k2m9')).toMatchObject({ reminded: 1 })
  })

  it('is not called to mind again after a restart, nor when it was decided', async () => {
    const card = { channel: 'C0APPROVE', ts: '50.0' }
    book.entries.set('j-7k2m9', { threaded: 0, approval: card, reminded: 1 })
    jobs.all.set('j-7k2m9', waitingJob({ approval: anApproval() }))
    jobs.all.set('j-other', waitingJob({ id: 'j-other', approval: anApproval() }))
    await start()
    await surface.catchUp()
    await until(() => expect(to('C0APPROVE')).toHaveLength(1))
    jobs.set(
      aJob({ id: 'j-other', state: 'denied', approval: anApproval({ verdicts: [said('U0BEN', 'deny')] }) }),
    )
    await clock.pass(4 * hour - minute)
    expect(posts().filter(({ text }) => String(text).startsWith('⏰'))).toEqual([])
  })
})

describe('the requester', () => {
  const decided = (state: Job['state'], verdicts: Approval['verdicts'], more: Partial<Job> = {}) =>
    aJob({ state, approval: anApproval({ verdicts }), ...more })

  it.each<[string, Job['state'], Approval['verdicts'], RegExp]>([
    [
      'an approval',
      'queued',
      [said('U0BEN', 'approve')],
      /<@U0ANN> your request `j-7k2m9` .* was approved by <@U0BEN>\./,
    ],
    ['a denial', 'denied', [said('U0BEN', 'deny', 'not today')], /was denied by <@U0BEN>: not today/],
    ['an expiry', 'expired', [], /expired: 0 of 1 approval in time/],
  ])('is told of %s and by whom, below the card', async (_, state, verdicts, words) => {
    await start()
    jobs.set(waitingJob({ approval: anApproval() }))
    await until(() => expect(to('C0VMS')).toHaveLength(1))
    jobs.set(decided(state, verdicts))
    jobs.set(decided(state, verdicts, { revision: 3 }))
    await until(() => expect(to('C0VMS')).toHaveLength(2))
    expect(to('C0VMS')[1]).toMatchObject({
      text: expect.stringMatching(words),
      thread_ts: expect.any(String),
    })
  })

  it('is told in a message of its own where it was asked in a direct message', async () => {
    await start()
    const origin = { surface: 'slack' as const, channel: 'D0ANN' }
    jobs.set(waitingJob({ approval: anApproval(), origin }))
    await until(() => expect(to('D0ANN')).toHaveLength(1))
    jobs.set(decided('denied', [said('U0BEN', 'deny')], { origin }))
    await until(() => expect(to('D0ANN')).toHaveLength(2))
    expect(to('D0ANN')[1]).not.toHaveProperty('thread_ts')
  })

  it('is told directly where it was asked in a terminal for them, and not where nobody is in Slack', async () => {
    await start()
    const origin = { surface: 'terminal' as const }
    for (const [id, requester] of [
      ['j-one', { id: 'U0ANN' }],
      ['j-two', { id: 'terminal:root' }],
    ] as const) {
      jobs.set(waitingJob({ id, requester, approval: anApproval(), origin }))
      jobs.set(decided('denied', [said('U0BEN', 'deny')], { id, requester, origin }))
    }
    await until(() => expect(to('U0ANN')).toHaveLength(1))
    await clock.pass(minute)
    expect(posts().map(({ channel }) => channel)).not.toContain('terminal:root')
  })

  it('is told nothing while more words are needed', async () => {
    await start()
    const two = { rule: { approvers: 2, expiresMs: 4 * hour } }
    jobs.set(waitingJob({ approval: anApproval({ ...two, verdicts: [said('U0BEN', 'approve')] }) }))
    await until(() => expect(to('C0VMS')).toHaveLength(1))
    await clock.pass(minute)
    expect(below('101.0')).toEqual([])
    expect(textOf(to('C0APPROVE')[0])).toContain('1 of 2 approvals')
  })
})

describe('break-glass', () => {
  const broken = (more: Partial<Job> = {}) =>
    aJob({
      reason: 'the disk is full',
      title: 'vm delete old1 --break-glass --reason "the disk is full"',
      breakGlass: { rule, at: '2026-11-23T10:00:00.000Z' },
      ...more,
    })
  const breakGlass = { channel: 'C0INCIDENT', remindMs: 24 * hour }
  const review = { by: { id: 'U0BEN' }, report: 'was right', at: '2026-11-25T10:00:00.000Z' }

  it('is announced loudly in its channel before the work is over, and followed until it is reviewed', async () => {
    await start({ breakGlass })
    jobs.set(broken())
    await until(() => expect(to('C0INCIDENT')).toHaveLength(1))
    const text = textOf(to('C0INCIDENT')[0])
    expect(text).toContain('<!here> <@U0ANN> in <#C0VMS> runs this without the approval that it needs.')
    expect(text).toContain('the disk is full')
    expect(textOf(to('C0VMS')[0])).toContain('It runs without 1 approval')
    jobs.set(broken({ state: 'succeeded', revision: 2 }))
    await clock.pass(minute)
    expect(book.entries.has('j-7k2m9')).toBe(true)
    jobs.set(
      broken({
        state: 'succeeded',
        revision: 3,
        breakGlass: { rule, at: '2026-11-23T10:00:00.000Z', review },
      }),
    )
    await clock.pass(minute)
    await until(() => expect(book.entries.has('j-7k2m9')).toBe(false))
    const card = slack.of('chat.update').findLast(({ args }) => args.channel === 'C0INCIDENT')
    expect(textOf(card?.args)).toContain('Reviewed by <@U0BEN>')
    expect(JSON.stringify(card?.args)).not.toContain('"actions"')
  })

  it('is called to mind every day until it is reviewed, also after a restart', async () => {
    await start({ breakGlass })
    jobs.set(broken({ state: 'succeeded' }))
    await until(() => expect(to('C0INCIDENT')).toHaveLength(1))
    const reminders = () => posts().filter(({ text }) => String(text).startsWith('👀'))
    await clock.pass(24 * hour + minute)
    await until(() => expect(reminders()).toHaveLength(1))
    expect(reminders()[0]).toMatchObject({
      channel: 'C0INCIDENT',
      text: expect.stringContaining('<@U0BEN> <@U0OLU>'),
    })
    const stopping = surface.stop()
    await clock.pass(20_000)
    await stopping
    await start({ breakGlass })
    await surface.catchUp()
    await clock.pass(24 * hour)
    await until(() => expect(reminders()).toHaveLength(2))
    jobs.set(
      broken({
        state: 'succeeded',
        revision: 3,
        breakGlass: { rule, at: '2026-11-23T10:00:00.000Z', review },
      }),
    )
    await clock.pass(48 * hour)
    expect(reminders()).toHaveLength(2)
  })

  it('is announced where approvals go when nothing else is said', async () => {
    await start()
    jobs.set(broken())
    await until(() => expect(to('C0APPROVE')).toHaveLength(1))
  })
})

describe('quiet hours', () => {
  /** It is 10:00. */
  const asleep = (...users: string[]) => ({
    of: (user: string) => (users.includes(user) ? { quiet: '09:00-11:00' } : {}),
  })

  it('hold a direct message back until they end', async () => {
    await start({ preferences: asleep('U0OLU') })
    jobs.set(waitingJob({ approval: anApproval() }))
    await until(() => expect(to('C0APPROVE')).toHaveLength(1))
    await clock.pass(59 * minute)
    expect(to('U0OLU')).toEqual([])
    await clock.pass(2 * minute)
    await until(() => expect(to('U0OLU')).toHaveLength(1))
  })

  it('do not hold back what runs out before they end', async () => {
    await start({ preferences: asleep('U0OLU') })
    const expiresAt = new Date(clock.now() + 30 * minute).toISOString()
    jobs.set(waitingJob({ approval: anApproval({ expiresAt }) }))
    await until(() => expect(to('U0OLU')).toHaveLength(1))
  })

  it('end with nothing to say when it was decided meanwhile', async () => {
    await start({ preferences: asleep('U0OLU') })
    jobs.set(waitingJob({ approval: anApproval() }))
    await until(() => expect(to('C0APPROVE')).toHaveLength(1))
    jobs.set(aJob({ state: 'running', approval: anApproval({ verdicts: [said('U0BEN', 'approve')] }) }))
    await clock.pass(2 * hour)
    expect(to('U0OLU')).toEqual([])
  })

  it('hold back the news of one’s own request where only oneself is, also over a restart', async () => {
    const preferences = asleep('U0ANN')
    const origin = { surface: 'slack', channel: 'D0ANN' } as const
    const news = () => posts().filter(({ text }) => String(text).includes('was denied by'))
    await start({ preferences })
    jobs.set(waitingJob({ origin, approval: anApproval() }))
    await until(() => expect(to('D0ANN')).toHaveLength(1))
    jobs.set(aJob({ origin, state: 'denied', approval: anApproval({ verdicts: [said('U0BEN', 'deny')] }) }))
    await clock.pass(30 * minute)
    expect(news()).toEqual([])
    const stopping = surface.stop()
    await clock.pass(20_000)
    await stopping
    expect(news()).toEqual([])
    receiver = new InMemoryReceiver()
    await start({ preferences })
    await surface.catchUp()
    await clock.pass(20 * minute)
    expect(news()).toEqual([])
    await clock.pass(11 * minute)
    await until(() => expect(news()).toHaveLength(1))
  })
})
