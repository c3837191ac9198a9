/** The whole bot and a lease that is over: its VM is shut off, and its owner told. */
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { mockVirsh, startMockHost } from './mock-host.js'
import { WholeBot } from './whole-bot.js'

const namespace = 'https://qnav.dev/xmlns/vm/1'

describe.skipIf(inject('lab') === undefined)('a VM whose lease is over', () => {
  let bot: WholeBot
  let host: Awaited<ReturnType<typeof startMockHost>>
  beforeAll(async () => {
    host = await startMockHost()
    await mockVirsh('start', 'web1')
    const lease = '<vm><owner>U0ANN</owner><lease>2026-01-01T00:00Z</lease></vm>'
    await mockVirsh('metadata', 'web1', namespace, '--key', 'qnav', '--set', lease, '--live', '--config')
    bot = await WholeBot.start('test driver')
  })
  afterAll(async () => {
    await bot?.stop()
    host?.stop()
  })

  it('is shut off and kept, once, and its owner has the card', async () => {
    const { control } = bot.sandbox
    const card = await control.waitForMessage(
      'D0ANN',
      ({ text }) => text.includes('its lease is over'),
      10_000,
    )
    expect(card.text).toContain('web1 is shut off: its lease is over')
    expect((await mockVirsh('domstate', 'web1')).trim()).toBe('shut off')
    await bot.end('SIGKILL')
    await bot.run()
    await control.command({ user: 'U0ANN', channel: 'C0VMS', text: '/qnav vm start web1' })
    await vi.waitFor(
      () => expect(JSON.stringify(control.messages('C0VMS'))).toContain('vm lease web1@kvm1 --for 7d'),
      10_000,
    )
    const cards = control.messages('D0ANN').filter(({ text }) => text.includes('its lease is over'))
    expect(cards).toHaveLength(1)
  }, 60_000)
})
