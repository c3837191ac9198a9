/** qnav.yml is read again while the bot runs; a bad one changes nothing. */
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { WholeBot } from './whole-bot.js'

describe.skipIf(inject('lab') === undefined)('qnav.yml, changed while the bot runs', () => {
  let bot: WholeBot
  beforeAll(async () => {
    bot = await WholeBot.start('test driver')
  })
  afterAll(() => bot?.stop())

  const line = 'vm stop test --force'
  /** The first answer to a line, whoever sees it. */
  async function say(user: string, text: string): Promise<string> {
    const { control } = bot.sandbox
    const seen = control.ephemerals(user).length
    const cards = control.messages('C0VMS').length
    await control.command({ user, channel: 'C0VMS', text: `/qnav ${text}` })
    return vi.waitFor(
      () => {
        const answer = control.ephemerals(user)[seen] ?? control.messages('C0VMS')[cards]
        if (answer === undefined) throw new Error('no answer yet')
        return `${answer.text} ${JSON.stringify(answer.blocks)}`
      },
      { timeout: 10_000, interval: 20 },
    )
  }
  /** What becomes of a change that Ben asks for. */
  const askAsBen = () => say('U0BEN', line)

  it('counts from then on: roles, approvals, limits', async () => {
    expect(await askAsBen()).toContain('Not allowed')
    const said = await bot.configure((text) =>
      text.replace('operator: { users: [U0ANN] }', 'operator: { users: [U0ANN, U0BEN] }'),
    )
    expect(said).toContain('qnav.yml was read again')
    expect(await askAsBen()).toContain('vm stop test')
    await bot.configure((text) => text.replace(/^rates: .*$/m, 'rates: { changes_per_hour: 1 }'))
    await askAsBen()
    expect(await askAsBen()).toContain('an hour')
  })

  it('counts as soon as an admin says so in Slack, and nobody else', async () => {
    expect(await say('U0ANN', 'reload')).toContain('Not allowed')
    expect(await say('U0OLU', 'reload')).toContain('says what it said')
    await bot.write((text) => text.replace(/^rates: .*$/m, 'rates: { changes_per_hour: 1000 }'))
    expect(await say('U0OLU', 'reload')).toMatch(/was read again.*rates/)
    await bot.write((text) => text.replace('rates:', 'ratez:'))
    expect(await say('U0OLU', 'reload')).toMatch(/qnav\.yml:\d+: .*ratez/)
    await bot.write((text) => text.replace('ratez:', 'rates:').replace('1000', '1'))
    expect(await say('U0OLU', 'reload')).toContain('was read again')
  })

  it('is not taken when it is bad: the log says where, and the one before stays in force', async () => {
    const said = await bot.configure((text) =>
      text.replace('U0ANN, U0BEN', 'Ben').replace('rates:', 'ratez:'),
    )
    expect(said).toMatch(/stays in force: \S+qnav\.yml:8: roles\.operator/)
    expect(await askAsBen()).toContain('an hour')
  })

  it('says what counts only after a restart', async () => {
    const said = await bot.configure((text) =>
      text
        .replace('[Ben]', '[U0ANN, U0BEN]')
        .replace('ratez:', 'rates:')
        .replace('kvm1:', 'kvm9:')
        .replace('C0APPROVE', 'C0RANDOM')
        .concat('audit: { mirror: { channel: C0VMS } }\n'),
    )
    expect(said).toContain('"needRestart":["audit.mirror","hosts","slack.approvals_channel"]')
  })
})
