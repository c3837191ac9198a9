/** The outbox over a disk that takes nothing: it says so and goes on from memory. */
import { rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { aSmallDisk, mayMount } from '../store/small-disk.js'
import { aDirectory } from '../store/temporary-data.js'
import { ManualClock } from './fakes.js'
import { aMessage, OutboxProcess } from './outbox-process.js'
import { SlackModel } from './slack-model.js'

const errors = ({ log }: OutboxProcess) => log.lines.filter(({ level }) => level === 'error')

describe('a journal', () => {
  it('is for the user of the bot alone', async () => {
    const directory = await aDirectory()
    const process = await OutboxProcess.start(directory, new SlackModel(), new ManualClock())
    expect((await stat(join(directory, 'outbox.jsonl'))).mode & 0o777).toBe(0o600)
    await process.outbox.stop()
  })

  it('holds no secret, however the message was given', async () => {
    const slack = new SlackModel()
    slack.always = 'refuse'
    const process = await OutboxProcess.start(await aDirectory(), slack, new ManualClock())
    const secret = aMessage('password=hunter2 xoxb-1234567890-abcdef')
    const nobody = { user: 'U1', channel: 'C1', responseUrl: undefined }
    process.outbox.post({ key: 'k', channel: 'C1', message: secret }).catch(() => undefined)
    void process.outbox.update({ channel: 'C1', ts: '1.0' }, secret)
    await process.outbox.say(nobody, secret, 'answer')
    const kept = (await process.journal()).toString()
    expect(kept.match(/\[redacted\]/g)?.length).toBeGreaterThan(3)
    expect(kept).not.toMatch(/hunter2|xoxb-1234567890/)
    await process.outbox.stop()
  })

  it('has an answer that can be asked for again when Slack takes long, or the bot stops; else it is spared', async () => {
    const slack = new SlackModel()
    const clock = new ManualClock()
    const process = await OutboxProcess.start(await aDirectory(), slack, clock)
    const give = (key: string) =>
      process.outbox.post({ key, channel: 'C1', message: aMessage(key), atOnce: true })
    await give('taken')
    await clock.pass(1000)
    expect((await process.journal()).toString()).not.toContain('taken')
    slack.always = 'refuse'
    const given = [give('slow').catch(() => undefined)]
    await clock.pass(400)
    expect((await process.journal()).toString()).not.toContain('slow')
    await clock.pass(200)
    await expect.poll(async () => (await process.journal()).toString()).toContain('slow')
    given.push(give('just now').catch(() => undefined))
    await process.outbox.stop()
    await Promise.all(given)
    expect((await process.journal()).toString()).toContain('just now')
  })

  it('has what waits in a channel in its order, also when only the last must be there', async () => {
    const slack = new SlackModel()
    slack.always = 'refuse'
    const process = await OutboxProcess.start(await aDirectory(), slack, new ManualClock())
    const given = ['a', 'b', 'c'].map((key) =>
      process.outbox
        .post({ key, channel: 'C1', message: aMessage(key), atOnce: key !== 'c' })
        .catch(() => undefined),
    )
    await expect.poll(async () => (await process.journal()).toString()).toContain('"c"')
    const keys = [...(await process.journal()).toString().matchAll(/"key":"(\w)"/g)].map(([, key]) => key)
    expect(keys).toEqual(['a', 'b', 'c'])
    await process.outbox.stop()
    await Promise.all(given)
  })

  it('stays small, however much was sent', async () => {
    const process = await OutboxProcess.start(await aDirectory(), new SlackModel(), new ManualClock())
    const long = aMessage('x'.repeat(2900))
    const at = await process.outbox.post({ key: 'card', channel: 'C1', message: long })
    for (let n = 0; n < 400; n += 1) {
      await process.outbox.update(at, aMessage(`${n} ${long.text.slice(10)}`), { final: true })
    }
    expect((await process.journal()).length).toBeLessThan(1.1 * 1024 * 1024)
    await process.outbox.stop()
  })

  it('that cannot be opened is told of, and messages are sent all the same', async () => {
    const slack = new SlackModel()
    const nowhere = join(await aDirectory(), 'nowhere')
    const process = await OutboxProcess.over(nowhere, slack, new ManualClock())
    expect(errors(process)).toHaveLength(1)
    const post = { key: 'k', channel: 'C1', message: aMessage('all the same') }
    await process.outbox.post(post)
    await expect(process.outbox.post(post)).resolves.toMatchObject({ wasThere: true })
    expect(slack.keys).toEqual(['k'])
    await process.outbox.stop()
  })
})

describe.skipIf(!mayMount())('on a disk that is full', () => {
  it('messages are sent from memory, that is said once, and what waits is on disk when there is room', async () => {
    const { path } = await aSmallDisk()
    const slack = new SlackModel()
    const clock = new ManualClock()
    const process = await OutboxProcess.start(path, slack, clock)
    const { outbox, log } = process
    const at = await outbox.post({ key: 'card', channel: 'C1', message: aMessage('planning') })
    const ballast = join(path, 'ballast')
    await writeFile(ballast, Buffer.alloc(4 * 1024 * 1024)).catch(() => undefined)
    for (let n = 0; n < 30; n += 1) {
      await outbox.post({ key: `p${n}`, channel: 'C1', message: aMessage('x'.repeat(2000)) })
      await outbox.update(at, aMessage(`state ${n}`), { final: true })
    }
    expect(slack.keys).toHaveLength(31)
    expect(slack.messages('C1')[0]?.text).toBe('state 29')
    expect(errors(process)).toHaveLength(1)
    expect(errors(process)[0]?.message).toContain('sent from memory')

    slack.always = 'refuse'
    outbox.post({ key: 'waiting', channel: 'C1', message: aMessage('waiting') }).catch(() => undefined)
    await rm(ballast)
    await clock.pass(61_000)
    outbox.post({ key: 'last', channel: 'C1', message: aMessage('last') }).catch(() => undefined)
    await expect
      .poll(() => log.lines.map(({ message }) => message))
      .toContain('what waits to be sent is on disk again')
    await expect.poll(async () => (await process.journal()).toString()).toContain('"waiting"')
    process.kill()

    slack.always = 'fine'
    const later = await OutboxProcess.start(path, slack, clock)
    await later.quiet()
    expect(slack.keys.slice(31).sort()).toEqual(['last', 'waiting'])
    await later.outbox.stop()
  })
})
