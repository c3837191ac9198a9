/** The whole bot, killed between Slack's taking a message and the bot's hearing of it: nothing is said twice, or not at all. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { WholeBot } from './whole-bot.js'

const run = promisify(execFile)
/** The mock within the daemon: a client that names it without a socket would have one of its own. */
const mock = 'test+unix:///default?socket=/run/libvirt/libvirt-sock'
const domain = "<domain type='test'><name>web1</name><memory>8192</memory><os><type>hvm</type></os></domain>"
const kills = 4

describe.skipIf(inject('lab') === undefined)('a bot that is killed before Slack can answer it', () => {
  let bot: WholeBot
  /** Without a connection to it the mock forgets everything. */
  let keeper: ReturnType<typeof execFile>

  beforeAll(async () => {
    keeper = execFile('virsh', ['-c', mock])
    await vi.waitFor(async () => expect((await run('virsh', ['-c', mock, 'list'])).stdout).toContain('test'))
    const directory = await mkdtemp(join(tmpdir(), 'qnav-mock-'))
    await writeFile(join(directory, 'web1.xml'), domain)
    await run('virsh', ['-c', mock, 'define', join(directory, 'web1.xml')])
    await rm(directory, { recursive: true })
    bot = await WholeBot.start('test driver')
  })
  afterAll(async () => {
    await bot?.stop()
    keeper?.kill()
  })

  const messages = (channel: string, words: string) =>
    bot.sandbox.control.messages(channel).filter(({ text }) => text.includes(words))

  it.each(['C0VMS', 'C0APPROVE'])(
    'finds in %s what it had posted, and posts it no more',
    async (channel) => {
      const { control } = bot.sandbox
      for (let n = 1; n <= kills; n += 1) {
        const line = `snapshot create web1 ${channel.toLowerCase()}${n}`
        // Slack takes both cards at once and answers nobody.
        control.fault({ kind: 'slow-response', method: 'chat.postMessage', delayMs: 600_000, times: -1 })
        if (channel === 'C0APPROVE') control.clearFaults()
        await control.command({ user: 'U0ANN', channel: 'C0VMS', text: `/qnav ${line}` })
        await control.waitForMessage(channel, ({ text }) => text.includes(line))
        await bot.end('SIGKILL')
        control.clearFaults()
        await bot.run()
        await vi.waitFor(() => expect(messages('C0APPROVE', line)).toHaveLength(1), 10_000)
        await vi.waitFor(() => expect(messages('C0VMS', line)[0]?.text).toContain('approval'), 10_000)
      }
      for (let n = 1; n <= kills; n += 1) {
        const line = `snapshot create web1 ${channel.toLowerCase()}${n}`
        expect([messages('C0VMS', line).length, messages('C0APPROVE', line).length]).toEqual([1, 1])
      }
    },
    120_000,
  )

  it('answers in a channel where it is no member what it had acknowledged there', async () => {
    const { control } = bot.sandbox
    for (let n = 1; n <= kills; n += 1) {
      const line = `snapshot create web1 elsewhere${n}`
      const told = control.command({ user: 'U0ANN', channel: 'C0RANDOM', text: `/qnav ${line}` })
      expect(await told.finally(() => bot.end('SIGKILL'))).toMatchObject({ acknowledged: true })
      await bot.run()
      await vi.waitFor(
        () =>
          expect(control.ephemerals('U0ANN', 'C0RANDOM').some(({ text }) => text.includes(line))).toBe(true),
        10_000,
      )
      expect(messages('D0ANN', line)).toHaveLength(1)
    }
  }, 120_000)
})
