/** What Slack hands over and may change something: kept before it is acknowledged, worked once, also after a crash. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { UserError } from '../../src/errors.js'
import type { SlackSurface } from '../../src/slack/index.js'
import { aSurface } from './bot-over-fakes.js'
import {
  aClick,
  aCommand,
  aJob,
  aLog,
  aReport,
  FakeIntakeLog,
  FakeJobs,
  FakeRequests,
  InMemoryReceiver,
  ManualClock,
  waitingJob,
} from './fakes.js'
import { SlackStub, textOf } from './slack-stub.js'

const create = 'vm create web1 --image tiny.qcow2'
let slack: SlackStub
let jobs: FakeJobs
let requests: FakeRequests
let receiver: InMemoryReceiver
let intakeLog: FakeIntakeLog
let clock: ManualClock
let surface: SlackSurface
let log: ReturnType<typeof aLog>

/** A bot over what the one before it left. */
async function start(): Promise<void> {
  receiver = new InMemoryReceiver()
  surface = aSurface({
    requests,
    jobs,
    log,
    receiver,
    clock,
    intakeLog,
  })
  await surface.start()
}

beforeEach(async () => {
  slack = new SlackStub()
  jobs = new FakeJobs()
  requests = new FakeRequests()
  requests.answer = () => ({ kind: 'job', job: jobs.set(aJob()) })
  intakeLog = new FakeIntakeLog()
  clock = new ManualClock()
  log = aLog()
  await start()
})
afterEach(async () => {
  await surface.stop()
  slack.close()
})

const whispers = () => [
  ...slack.of('chat.postEphemeral').map(({ args }) => textOf(args)),
  ...slack.answers.map(({ body }) => textOf(body)),
]

describe('a line that may change something', () => {
  it.each([
    ['a command', () => aCommand(create)],
    ['a click', () => aClick({ action_id: 'run:0', value: 'job approve j-7k2m9' })],
  ])('%s is acknowledged only when it is on disk, and struck out when it was answered', async (_, body) => {
    jobs.set(waitingJob())
    let kept: (() => void) | undefined
    intakeLog.onAdd = () =>
      new Promise((resolve) => {
        kept = resolve
      })
    const acknowledged = vi.fn(async () => {})
    const delivery = receiver.deliver(body(), { deliveryId: 'd1', ack: acknowledged })
    await vi.waitFor(() => expect(kept).toBeTypeOf('function'))
    await new Promise((resolve) => setImmediate(resolve))
    expect(acknowledged).not.toHaveBeenCalled()
    expect(requests.seen).toEqual([])
    kept?.()
    await delivery
    expect(acknowledged).toHaveBeenCalledTimes(1)
    expect(requests.seen).toMatchObject([{ idempotencyKey: 'slack:d1' }])
    expect(intakeLog.left).toEqual([])
    expect(intakeLog.known).toContain('d1')
  })

  it('is not begun when the disk does not take it, and its person is told', async () => {
    intakeLog.onAdd = () =>
      Promise.reject(
        new UserError('store-failed', 'Could not write intake.jsonl (ENOSPC).', { fix: 'Free some space.' }),
      )
    await receiver.deliver(aCommand(create), { deliveryId: 'd1' })
    expect(requests.seen).toEqual([])
    expect(slack.answers.map(({ body }) => textOf(body)).join()).toContain('ENOSPC')
  })

  it('is kept with the address at which its person is answered, which no log has', async () => {
    const kept: unknown[] = []
    const add = intakeLog.add.bind(intakeLog)
    intakeLog.add = (key, value) => {
      kept.push(value)
      return add(key, value)
    }
    slack.answerStatus = 404
    await receiver.deliver(aCommand(create), { deliveryId: 'd1' })
    const responseUrl = 'https://hooks.slack.com/commands/T1/1/abc'
    expect(kept).toEqual([
      { text: create, person: { id: 'U0ANN', name: 'ann' }, channel: 'C0VMS', isPrivate: false, responseUrl },
    ])
    expect(JSON.stringify(log.lines)).not.toContain('T1/1/abc')
  })

  it('keeps no secret that somebody wrote into a reason', async () => {
    const deny = 'job deny j-7k2m9 --reason "use password=hunter2hunter2"'
    const kept: unknown[] = []
    const add = intakeLog.add.bind(intakeLog)
    intakeLog.add = (key, value) => {
      kept.push(value)
      return add(key, value)
    }
    await receiver.deliver(aCommand(deny), { deliveryId: 'd1' })
    expect(kept).toHaveLength(1)
    expect(JSON.stringify(kept)).not.toContain('hunter2')
  })

  it('that only reads is not kept', async () => {
    requests.answer = () => ({ kind: 'report', report: aReport() })
    await receiver.deliver(aCommand('vm list'), { deliveryId: 'd1' })
    expect(requests.seen).toHaveLength(1)
    expect(intakeLog.known.size).toBe(0)
  })
})

describe('after a crash', () => {
  /** The bot died the instant after it had acknowledged. */
  async function crashAfterAck(body: object): Promise<void> {
    requests.answer = () => new Promise(() => {})
    let acknowledged = false
    void receiver.deliver(body, {
      deliveryId: 'd1',
      ack: async () => {
        acknowledged = true
      },
    })
    await vi.waitFor(() => expect(acknowledged).toBe(true))
    requests.seen.splice(0)
    requests.answer = () => ({ kind: 'job', job: jobs.set(aJob()) })
    await start()
  }

  it('what was acknowledged is worked, once, under the same key', async () => {
    await crashAfterAck(aCommand(create))
    await surface.catchUp()
    expect(requests.seen).toMatchObject([
      { text: create, person: { id: 'U0ANN' }, idempotencyKey: 'slack:d1', origin: { channel: 'C0VMS' } },
    ])
    expect(intakeLog.left).toEqual([])
    await surface.catchUp()
    expect(requests.seen).toHaveLength(1)
  })

  it('the same delivery is acknowledged and not worked again', async () => {
    await crashAfterAck(aCommand(create))
    await surface.catchUp()
    expect(await receiver.deliver(aCommand(create), { deliveryId: 'd1' })).toHaveLength(1)
    expect(requests.seen).toHaveLength(1)
  })

  it('a decision that was entered already is no news', async () => {
    await crashAfterAck(aClick({ action_id: 'run:0', value: 'job approve j-7k2m9' }))
    requests.answer = () => {
      throw new UserError('already-decided', 'ben approved j-7k2m9 at 10:00.', { fix: 'job show j-7k2m9' })
    }
    await surface.catchUp()
    expect(requests.seen).toHaveLength(1)
    expect(whispers()).toEqual([])
    expect(intakeLog.left).toEqual([])
  })

  it('any other mistake reaches its person', async () => {
    await crashAfterAck(aCommand(create))
    requests.answer = () => {
      throw new UserError('not-allowed', 'Not allowed: viewer may only read.', { fix: 'Ask an admin.' })
    }
    await surface.catchUp()
    expect(whispers().join()).toContain('Not allowed')
  })

  it('what comes to light too late is told of and not done', async () => {
    await crashAfterAck(aCommand(create))
    await clock.pass(16 * 60_000)
    await surface.catchUp()
    expect(requests.seen).toEqual([])
    expect(whispers().join()).toContain('2026-11-23 10:00 UTC')
    expect(intakeLog.left).toEqual([])
  })
})
