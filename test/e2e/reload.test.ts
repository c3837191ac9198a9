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
  /** What becomes of a change that Ben asks for. */
  async function askAsBen(): Promise<string> {
    const { control } = bot.sandbox
    const seen = control.ephemerals('U0BEN').length
    const cards = control.messages('C0VMS').length
    await control.command({ user: 'U0BEN', channel: 'C0VMS', text: `/qnav ${line}` })
    return vi.waitFor(
      () => {
        const answer = control.ephemerals('U0BEN')[seen] ?? control.messages('C0VMS')[cards]
        if (answer === undefined) throw new Error('no answer yet')
        return answer.text
      },
      { timeout: 10_000, interval: 20 },
    )
  }

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
        .replace('C0APPROVE', 'C0RANDOM'),
    )
    expect(said).toContain('"needRestart":["hosts","slack.approvals_channel"]')
  })
})
