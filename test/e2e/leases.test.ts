/** The whole bot and a lease that is over: its owner is told first, and nothing is shut off before they could do something. */
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { mockVirsh, startMockHost } from './mock-host.js'
import { WholeBot } from './whole-bot.js'

const namespace = 'https://qnav.dev/xmlns/vm/1'

describe.skipIf(inject('lab') === undefined)('a VM whose lease is over', () => {
  let bot: WholeBot
  let host: Awaited<ReturnType<typeof startMockHost>>
  beforeAll(async () => {
    host = await startMockHost()
    await mockVirsh('start', 'web1')
    const times = '<leased>2025-12-01T00:00:00Z</leased><lease>2026-01-01T00:00:00Z</lease>'
    const metadata = `<vm><owner>U0ANN</owner>${times}</vm>`
    await mockVirsh('metadata', 'web1', namespace, '--key', 'qnav', '--set', metadata, '--live', '--config')
    bot = await WholeBot.start('test driver')
  })
  afterAll(async () => {
    await bot?.stop()
    host?.stop()
  })

  it('goes on until its owner was told, once, and renews it from there', async () => {
    const { control } = bot.sandbox
    const isWarning = ({ text }: { text: string }) => text.includes('The lease of web1 ends')
    const warning = await control.waitForMessage('D0ANN', isWarning, 10_000)
    expect((await mockVirsh('domstate', 'web1')).trim()).toBe('running')
    await bot.end('SIGKILL')
    await bot.run()
    await control.click({ user: 'U0ANN', channel: 'D0ANN', ts: warning.ts, text: 'Keep 7 days' })
    const asked = await control.waitForMessage('C0APPROVE', ({ text }) => text.includes('vm lease web1'))
    await control.click({ user: 'U0BEN', channel: 'C0APPROVE', ts: asked.ts, text: 'Approve & deploy' })
    await control.waitForMessage(
      'D0ANN',
      ({ text }) => /vm lease web1.*: done · web1: 6d23h left/.test(text),
      10_000,
    )
    expect(control.messages('D0ANN').filter(isWarning)).toHaveLength(1)
  }, 60_000)
})
