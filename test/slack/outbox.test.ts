import { WebClient } from '@slack/web-api'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createClients } from '../../src/slack/clients.js'
import { createOutbox, type Outbox, PostFailed } from '../../src/slack/outbox/index.js'
import { section } from '../../src/slack/views/index.js'
import { aLog, ManualClock, settle } from './fakes.js'
import { SlackStub, textOf } from './slack-stub.js'

const settings = { botToken: 'xoxb-test-token', receiver: { kind: 'socket', appToken: 'xapp-1' } } as const

let slack: SlackStub
let clock: ManualClock
let log: ReturnType<typeof aLog>
let outbox: Outbox

beforeEach(() => {
  slack = new SlackStub()
  clock = new ManualClock()
  log = aLog()
  const { background: client, interactive } = createClients(settings, log)
  outbox = createOutbox({ client, interactive, pending: undefined, log, clock })
})
afterEach(async () => {
  await outbox.stop()
  slack.close()
})

const message = (text: string) => ({ text, blocks: [section(text)] })
const post = (key: string, channel = 'C1') => outbox.post({ key, channel, message: message(key) })
/** Moves the clock until the promise has its result. */
async function passUntil<T>(promise: Promise<T>, stepMs = 500): Promise<T> {
  let over = false
  const end = promise.finally(() => {
    over = true
  })
  end.catch(() => undefined)
  for (let step = 0; !over && step < 400; step += 1) {
    await clock.pass(stepMs)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return end
}

describe('posting', () => {
  it('keeps the order within a channel while another channel goes on', async () => {
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    slack.on('chat.postMessage', async (args) => {
      if (args.text === 'first') await held
      return slack.posted(args)
    })
    const first = post('first')
    const second = post('second')
    await post('elsewhere', 'C2')
    expect(slack.of('chat.postMessage').map(({ args }) => args.text)).toEqual(['first', 'elsewhere'])
    release()
    await Promise.all([first, second])
    expect(slack.of('chat.postMessage').map(({ args }) => args.text)).toEqual([
      'first',
      'elsewhere',
      'second',
    ])
  })

  it('does not post again a message whose answer was lost but which the channel has', async () => {
    let posted: unknown
    slack.on('chat.postMessage', (args) => {
      posted = args.metadata
      return 'drop'
    })
    slack.on('conversations.history', () => ({ ok: true, messages: [{ ts: '7.7', metadata: posted }] }))
    await expect(passUntil(post('card:j-1'))).resolves.toEqual({ channel: 'C1', ts: '7.7' })
    expect(slack.of('chat.postMessage')).toHaveLength(1)
  })

  it('posts again when the channel shows that the message never arrived', async () => {
    slack.on('chat.postMessage', (args, call) => (call === 1 ? 'drop' : slack.posted(args)))
    slack.on('conversations.history', () => ({ ok: true, messages: [{ ts: '7.7' }] }))
    await passUntil(post('card:j-1'))
    expect(slack.of('chat.postMessage')).toHaveLength(2)
  })

  it('posts once more, and only once, when the history may not be read; and says so once in the log', async () => {
    slack.on('chat.postMessage', () => 'drop')
    slack.on('conversations.history', () => ({ ok: false, error: 'missing_scope' }))
    await expect(passUntil(post('one'))).rejects.toThrow(PostFailed)
    expect(slack.of('chat.postMessage')).toHaveLength(2)
    await expect(passUntil(post('two'))).rejects.toThrow(PostFailed)
    expect(log.lines.filter(({ message }) => message.includes('histories cannot be read'))).toHaveLength(1)
  })

  it('spends its one second try only when Slack answers again', async () => {
    let isAway = true
    slack.on('chat.postMessage', (args) => (isAway ? 'drop' : slack.posted(args)))
    slack.on('auth.test', () => (isAway ? 'drop' : { ok: true }))
    slack.on('conversations.history', () => ({ ok: false, error: 'missing_scope' }))
    const posted = post('card')
    await vi.waitFor(() => expect(clock.nextIn).toBe(1000))
    await clock.pass(1000)
    await vi.waitFor(() => expect(slack.of('auth.test').length).toBeGreaterThan(0))
    await clock.pass(60_000)
    expect(slack.of('chat.postMessage')).toHaveLength(1)
    isAway = false
    await passUntil(posted)
    expect(slack.of('chat.postMessage')).toHaveLength(2)
  })

  it('waits out a rate limit of one channel without holding up another', async () => {
    slack.on('chat.postMessage', (args, call) =>
      call === 1 ? { status: 429, headers: { 'retry-after': '30' } } : slack.posted(args),
    )
    const limited = post('limited')
    await vi.waitFor(() => expect(slack.of('chat.postMessage')).toHaveLength(1))
    await post('elsewhere', 'C2')
    await clock.pass(29_000)
    expect(slack.of('chat.postMessage')).toHaveLength(2)
    await passUntil(limited)
    expect(slack.of('chat.postMessage')).toHaveLength(3)
  })

  it('waits also when a rate limit comes without a usable Retry-After', async () => {
    slack.on('chat.postMessage', (args, call) => (call === 1 ? { status: 429 } : slack.posted(args)))
    await passUntil(post('limited'))
    expect(slack.of('chat.postMessage')).toHaveLength(2)
  })

  it('survives ten minutes without Slack and loses nothing', async () => {
    let isAway = true
    slack.on('chat.postMessage', (args) => (isAway ? 'refuse' : slack.posted(args)))
    const posts = Promise.all(['a', 'b', 'c'].map((key) => post(key)))
    for (let minute = 0; minute < 10; minute += 1) {
      await clock.pass(60_000)
      await new Promise((resolve) => setTimeout(resolve, 2))
    }
    isAway = false
    await passUntil(posts, 5000)
    const arrived = slack.of('chat.postMessage').map(({ args }) => args.text)
    expect(arrived.slice(-3)).toEqual(['a', 'b', 'c'])
  })

  it('tries again after a failure inside Slack, after looking whether it was posted all the same', async () => {
    slack.on('chat.postMessage', (args, call) => (call === 1 ? { status: 503 } : slack.posted(args)))
    slack.on('conversations.history', () => ({ ok: true, messages: [] }))
    await passUntil(post('card'))
    expect(slack.calls.map(({ method }) => method)).toEqual([
      'chat.postMessage',
      'conversations.history',
      'chat.postMessage',
    ])
  })

  it.each(['not_in_channel', 'channel_not_found', 'is_archived'])(
    'gives up at once when Slack says %s',
    async (why) => {
      slack.on('chat.postMessage', () => ({ ok: false, error: why }))
      await expect(post('card')).rejects.toMatchObject({ why, refused: true })
      expect(slack.of('chat.postMessage')).toHaveLength(1)
    },
  )

  it('holds no more than 2000 messages: details go first, then answers, cards never', async () => {
    slack.on('chat.postMessage', () => new Promise(() => undefined))
    const gone: string[] = []
    const give = (key: string, worth: 'detail' | 'answer' | 'card') => {
      const given = outbox.post({ key, channel: 'C1', message: message(key), worth })
      given.catch((error: unknown) => error instanceof PostFailed && !error.refused && gone.push(key))
    }
    for (let n = 0; n < 1000; n += 1) give(`card ${n}`, 'card')
    for (let n = 0; n < 997; n += 1) give(`old card ${n}`, 'card')
    for (const key of ['answer 1', 'detail', 'answer 2']) give(key, key === 'detail' ? 'detail' : 'answer')
    await settle()
    expect(gone).toEqual([])
    for (let n = 0; n < 4; n += 1) give(`more ${n}`, 'card')
    await settle()
    expect(gone).toEqual(['detail', 'answer 1', 'answer 2'])
    give('too late', 'answer')
    await settle()
    expect(gone).toEqual(['detail', 'answer 1', 'answer 2', 'too late'])
  })

  it('holds no more than 16 MiB of them', async () => {
    slack.on('chat.postMessage', () => new Promise(() => undefined))
    const long = { text: 'x', blocks: Array.from({ length: 40 }, () => section('y'.repeat(2900))) }
    const failed: unknown[] = []
    for (let n = 0; n < 200; n += 1) {
      outbox
        .post({ key: `p${n}`, channel: 'C1', message: long })
        .catch((error: unknown) => failed.push(error))
    }
    await settle()
    expect(failed.length).toBeGreaterThan(40)
    expect(failed.length).toBeLessThan(80)
  })

  it('removes secrets from text and blocks', async () => {
    await outbox.post({
      key: 'k',
      channel: 'C1',
      message: message('token xoxb-1234567890-abcdef password=hunter2'),
    })
    const { args } = slack.of('chat.postMessage')[0] ?? { args: {} }
    expect(textOf(args)).toContain('[redacted]')
    expect(JSON.stringify(args)).not.toMatch(/xoxb-1234567890|hunter2/)
  })
})

describe('updating', () => {
  const place = { channel: 'C1', ts: '5.0' }
  const shown = () => slack.of('chat.update').map(({ args }) => args.text)

  it('sends only the latest of many states, at most every 1.2 s', async () => {
    void outbox.update(place, message('1'))
    await vi.waitFor(() => expect(shown()).toEqual(['1']))
    void outbox.update(place, message('2'))
    void outbox.update(place, message('3'))
    const last = outbox.update(place, message('4'))
    await clock.pass(1100)
    expect(shown()).toEqual(['1'])
    await passUntil(last, 100)
    expect(shown()).toEqual(['1', '4'])
  })

  it('sends the final state at once', async () => {
    await outbox.update(place, message('running'))
    await outbox.update(place, message('done'), { final: true })
    expect(shown()).toEqual(['running', 'done'])
  })

  it('waits after the post like after an update', async () => {
    const at = await post('card')
    void outbox.update(at, message('2'))
    await clock.pass(1000)
    expect(shown()).toEqual([])
    await clock.pass(300)
    await vi.waitFor(() => expect(shown()).toEqual(['2']))
  })

  it('obeys Retry-After for all updates and then shows the latest state', async () => {
    slack.on('chat.update', (_, call) =>
      call === 1 ? { status: 429, headers: { 'retry-after': '20' } } : { ok: true },
    )
    void outbox.update(place, message('1'))
    await vi.waitFor(() => expect(shown()).toEqual(['1']))
    const last = outbox.update(place, message('2'), { final: true })
    const other = outbox.update({ channel: 'C2', ts: '6.0' }, message('other'), { final: true })
    await clock.pass(19_000)
    expect(shown()).toEqual(['1'])
    await passUntil(Promise.all([last, other]))
    expect(shown().slice(1).sort()).toEqual(['2', 'other'])
  })

  it('holds back also an update that was waiting for its turn when the limit came', async () => {
    slack.on('chat.update', (_, call) =>
      call === 1 ? { status: 429, headers: { 'retry-after': '20' } } : { ok: true },
    )
    const posted = await post('card')
    const waiting = outbox.update(posted, message('waiting'))
    void outbox.update(place, message('limited'))
    await vi.waitFor(() => expect(shown()).toEqual(['limited']))
    await clock.pass(19_000)
    expect(shown()).toEqual(['limited'])
    await passUntil(waiting)
    expect(shown()).toContain('waiting')
  })

  it('tries until Slack is back, and ends with the last state', async () => {
    let isAway = true
    slack.on('chat.update', () => (isAway ? 'drop' : { ok: true }))
    void outbox.update(place, message('1'))
    await clock.pass(5000)
    const last = outbox.update(place, message('2'), { final: true })
    await clock.pass(60_000)
    isAway = false
    await expect(passUntil(last, 5000)).resolves.toBe('shown')
    expect(shown().at(-1)).toBe('2')
  })

  it('says that a deleted message is gone', async () => {
    slack.on('chat.update', () => ({ ok: false, error: 'message_not_found' }))
    await expect(outbox.update(place, message('1'))).resolves.toBe('gone')
  })

  it('drains without waiting for coalescing', async () => {
    await outbox.update(place, message('1'))
    void outbox.update(place, message('2'))
    await expect(outbox.drain(1000)).resolves.toBe(true)
    expect(shown()).toEqual(['1', '2'])
  })

  it('says what was left when the drain takes too long', async () => {
    slack.on('chat.update', () => new Promise(() => undefined))
    void outbox.update(place, message('1'))
    await expect(passUntil(outbox.drain(1000))).resolves.toBe(false)
    expect(log.lines).toContainEqual(
      expect.objectContaining({ level: 'warn', fields: { posts: 0, updates: 1, answers: 0 } }),
    )
  })
})

describe('the clients', () => {
  it('are two: a rate limit met by the outbox does not delay what a person waits for', async () => {
    const { interactive, background } = createClients(settings, log)
    slack.on('chat.update', () => ({ status: 429, headers: { 'retry-after': '2' } }))
    slack.on('views.open', () => ({ ok: true }))
    const limited = background.chat
      .update({ channel: 'C1', ts: '1', text: 'x' })
      .catch((error: unknown) => error)
    await interactive.apiCall('views.open', { trigger_id: '1' })
    expect(slack.of('views.open')).toHaveLength(1)
    await limited
  })

  it('post once and leave trying again to the outbox', async () => {
    const { background } = createClients(settings, log)
    slack.on('chat.postMessage', () => ({ status: 503 }))
    await expect(background.chat.postMessage({ channel: 'C1', text: 'x' })).rejects.toThrow()
    expect(slack.of('chat.postMessage')).toHaveLength(1)
  })

  it('retry twice what a person waits for', async () => {
    const { interactive } = createClients(settings, log)
    slack.on('views.open', (_, call) => (call < 3 ? { status: 503 } : { ok: true }))
    await interactive.apiCall('views.open', { trigger_id: '1' })
    expect(slack.of('views.open')).toHaveLength(3)
    expect(interactive).toBeInstanceOf(WebClient)
  })
})
