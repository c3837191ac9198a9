/** The whole bot, killed between Slack's taking a message and the bot's hearing of it: nothing is said twice, or not at all. */
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { startMockHost } from './mock-host.js'
import { WholeBot } from './whole-bot.js'

const kills = 4

describe.skipIf(inject('lab') === undefined)('a bot that is killed before Slack can answer it', () => {
  let bot: WholeBot
  let host: Awaited<ReturnType<typeof startMockHost>>

  beforeAll(async () => {
    host = await startMockHost()
    bot = await WholeBot.start('test driver')
  })
  afterAll(async () => {
    await bot?.stop()
    host?.stop()
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
