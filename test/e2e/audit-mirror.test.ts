/** The whole bot, with its audit log in a channel and in a syslog. */
import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { WholeBot } from './whole-bot.js'

describe.skipIf(inject('lab') === undefined)('the audit log, mirrored', () => {
  let bot: WholeBot
  let received = ''
  const syslog = createServer((socket) => {
    socket.on('data', (data) => {
      received += data
    })
    socket.on('error', () => undefined)
  })

  beforeAll(async () => {
    const port = await new Promise<number>((resolve) =>
      syslog.listen(0, '127.0.0.1', () => {
        const address = syslog.address()
        resolve(typeof address === 'object' ? (address?.port ?? 0) : 0)
      }),
    )
    bot = await WholeBot.start('test driver')
    await bot.end('SIGTERM')
    await bot.write(
      (text) => `${text}audit: { mirror: { channel: C0GENERAL, syslog: "tcp://127.0.0.1:${port}" } }\n`,
    )
    await bot.run()
  })
  afterAll(async () => {
    await bot?.stop()
    syslog.close()
  })

  it('tells both what was refused, also after a crash', async () => {
    const { control } = bot.sandbox
    const refused = (vm: string) =>
      control.command({ user: 'U0BEN', channel: 'C0VMS', text: `/qnav vm stop ${vm}` })
    await refused('test')
    await vi.waitFor(() => expect(received).toMatch(/<109>1 .*"event":"refused".*vm stop test/), 10_000)
    await vi.waitFor(
      () =>
        expect(control.messages('C0GENERAL').map(({ text }) => text)).toContainEqual(
          expect.stringContaining('Audit log'),
        ),
      10_000,
    )
    await bot.end('SIGKILL')
    await bot.run()
    await refused('other')
    await vi.waitFor(() => expect(received).toContain('vm stop other'), 10_000)
  }, 60_000)
})
