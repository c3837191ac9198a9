/** The whole bot, killed the instant after Slack was told that something arrived: nothing is lost, and nothing done twice. */
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { mockVirsh, startMockHost } from './mock-host.js'
import { WholeBot } from './whole-bot.js'

const kills = 6

describe.skipIf(inject('lab') === undefined)('a bot that is killed as soon as it has acknowledged', () => {
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

  /** Resolves when the process is dead, which it is before it can do anything else. */
  async function deadAfterAck(acknowledged: Promise<{ acknowledged: boolean }>): Promise<void> {
    const dead = acknowledged.then(async (delivery) => {
      await bot.end('SIGKILL')
      return delivery
    })
    expect(await dead).toMatchObject({ acknowledged: true })
  }
  const cards = (channel: string, words: string) =>
    bot.sandbox.control.messages(channel).filter(({ text }) => text.includes(words))

  it('asks for approval of every command, once each', async () => {
    for (let n = 1; n <= kills; n++) {
      const text = `/qnav snapshot create web1 s${n}`
      await deadAfterAck(bot.sandbox.control.command({ user: 'U0ANN', channel: 'C0VMS', text }))
      await bot.run()
    }
    for (let n = 1; n <= kills; n++) {
      const words = `snapshot create web1 s${n}`
      await vi.waitFor(() => expect(cards('C0APPROVE', words)).toHaveLength(1), 10_000)
      expect(cards('C0VMS', words)).toHaveLength(1)
    }
  }, 120_000)

  it('enters every decision, once each, and the work is done once', async () => {
    for (let n = 1; n <= kills; n++) {
      const [card] = cards('C0APPROVE', `snapshot create web1 s${n}`)
      if (card === undefined) throw new Error('there is no card to approve')
      const place = { channel: 'C0APPROVE', ts: card.ts }
      const acknowledged = bot.sandbox.control.click({ user: 'U0BEN', ...place, text: 'Approve & deploy' })
      await deadAfterAck(acknowledged)
      await bot.run()
      await vi.waitFor(
        () => expect(cards('C0VMS', `snapshot create web1 s${n}`)[0]?.text).toMatch(/done|failed/),
        { timeout: 20_000, interval: 100 },
      )
    }
    for (let n = 1; n <= kills; n++) {
      expect(cards('C0VMS', `snapshot create web1 s${n}`).map(({ text }) => text)).toEqual([
        expect.stringContaining('done'),
      ])
    }
    const snapshots = (await mockVirsh('snapshot-list', 'web1', '--name')).split('\n').filter(Boolean)
    expect(snapshots.sort()).toEqual(['s1', 's2', 's3', 's4', 's5', 's6'])
  }, 180_000)
})
