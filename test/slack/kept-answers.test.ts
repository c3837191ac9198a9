/** Answers to one person: tried for half an hour, also by the next process; said once. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createClients } from '../../src/slack/clients.js'
import { createOutbox, type Outbox, openOutboxLog } from '../../src/slack/outbox/index.js'
import { aDirectory } from '../store/temporary-data.js'
import { aLog, ManualClock } from './fakes.js'
import { aMessage } from './outbox-process.js'
import { SlackStub, textOf } from './slack-stub.js'

const settings = { botToken: 'xoxb-test-token', receiver: { kind: 'socket', appToken: 'xapp-1' } } as const
const responseUrl = 'https://hooks.slack.com/commands/T1/1/abc'
const ann = { user: 'U0ANN', channel: 'C0RANDOM', responseUrl }

let slack: SlackStub
let clock: ManualClock
let log: ReturnType<typeof aLog>
let outbox: Outbox
let directory: string

async function start(): Promise<void> {
  const { background: client, interactive } = createClients(settings, log)
  const pending = await openOutboxLog(directory, log, () => clock.now())
  outbox = createOutbox({ client, interactive, pending, log, clock })
}

beforeEach(async () => {
  slack = new SlackStub()
  clock = new ManualClock()
  log = aLog()
  directory = await aDirectory()
  await start()
})
afterEach(async () => {
  await outbox.stop()
  slack.close()
})

const said = () => slack.answers.map(({ body }) => textOf(body).split('\n')[0])
/** Time passes until the condition holds. */
async function until(isSo: () => boolean): Promise<void> {
  await vi.waitFor(async () => {
    await clock.pass(10_000)
    expect(isSo()).toBe(true)
  })
}

describe('an answer that is kept', () => {
  it('is said when Slack is back, at the address that came with the command', async () => {
    slack.answerStatus = 503
    await expect(outbox.say(ann, aMessage('no'), 'answer:1')).resolves.toBe(true)
    const before = said().length
    slack.answerStatus = 200
    await until(() => outbox.waiting.answers === 0)
    expect(said().slice(before)).toEqual(['no'])
  })

  it('is said by the next process when this one dies, and no log has the address', async () => {
    slack.answerStatus = 503
    await outbox.say(ann, aMessage('no'), 'answer:1')
    await outbox.stop()
    const before = said().length
    slack.answerStatus = 200
    await start()
    await vi.waitFor(() => expect(said().slice(before)).toEqual(['no']))
    expect(slack.answers.at(-1)?.url).toContain('/commands/T1/1/abc')
    expect(JSON.stringify(log.lines)).not.toContain('T1/1/abc')
  })

  it('is said once, also when the line is worked again after a crash', async () => {
    await outbox.say(ann, aMessage('no'), 'answer:1')
    await outbox.stop()
    await start()
    await expect(outbox.say(ann, aMessage('no'), 'answer:1')).resolves.toBe(true)
    expect(said()).toEqual(['no'])
  })

  it('is given up after half an hour, when the address works no more', async () => {
    slack.answerStatus = 503
    await outbox.say(ann, aMessage('no'), 'answer:1')
    await clock.pass(31 * 60_000)
    await until(() => outbox.waiting.answers === 0)
    const before = said().length
    slack.answerStatus = 200
    await outbox.stop()
    await start()
    await clock.pass(60_000)
    expect(said()).toHaveLength(before)
  })

  it('is sent by the bot where its address is used up', async () => {
    slack.answerStatus = 404
    slack.on('chat.postEphemeral', () => ({ ok: true }))
    await outbox.say(ann, aMessage('no'), 'answer:1')
    expect(slack.of('chat.postEphemeral').map(({ args }) => args.text)).toEqual(['no'])
    expect(outbox.waiting.answers).toBe(0)
  })
})

describe('an answer that is not kept', () => {
  it('is tried at once and no more', async () => {
    slack.answerStatus = 503
    await expect(outbox.say(ann, aMessage('still asking'))).resolves.toBe(false)
    expect(outbox.waiting.answers).toBe(0)
  })
})

describe('a journal of an older form', () => {
  it('with lines that nobody knows is kept aside, and the rest is sent', async () => {
    await outbox.stop()
    directory = join(directory, 'older')
    await mkdir(directory)
    const at = new Date(clock.now()).toISOString()
    const post = { kind: 'post', channel: 'C1', worth: 'card', message: aMessage('from before') }
    const lines = [
      { key: 'x', at, value: { kind: 'something else' } },
      { key: 'k', at, value: post },
    ]
    await writeFile(
      join(directory, 'outbox.jsonl'),
      lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
    )
    slack.on('conversations.history', () => ({ ok: true, messages: [] }))
    await start()
    await until(() => slack.of('chat.postMessage').length === 1)
  })
})
