/** One command from typing to its end, by people who do not give up, while the bot is killed under their hands. */
import { expect, vi } from 'vitest'
import type { SandboxMessage } from '../../src/sandbox/index.js'
import type { WholeBot } from './whole-bot.js'

export interface Journey {
  /** Whether the bot died on the way. */
  wasKilled: boolean
  /** What its card says at the end. */
  end: string
}

const within = { timeout: 60_000, interval: 15 }

/**
 * Ann types the line, Ben approves, and the card comes to its end; whoever sees nothing of what they did does it again. The bot
 * dies at its n-th write from then on, and is started again once. Rejects when there are two cards, or none.
 */
export async function journeyKilledAt(bot: WholeBot, line: string, killAtWrite: number): Promise<Journey> {
  const { control } = bot.sandbox
  // Cards have the line as qnav writes it: its arguments may stand in another order.
  const about = line.split(' ').slice(0, 3).join(' ')
  const before = { asked: control.messages('C0VMS').length, approvals: control.messages('C0APPROVE').length }
  const cards = (channel: 'C0VMS' | 'C0APPROVE') =>
    control
      .messages(channel)
      .slice(channel === 'C0VMS' ? before.asked : before.approvals)
      .filter(({ text, threadTs }) => threadTs === undefined && text.includes(about))
  await bot.run({ killAtWrite })
  let wasKilled = false
  /** Starts it again when it has died. */
  const tend = async (): Promise<void> => {
    if (bot.isAlive || wasKilled) return
    wasKilled = true
    await bot.end('SIGKILL')
    await bot.run()
  }
  const seen = <T>(what: string, look: () => T | undefined): Promise<T> =>
    vi.waitFor(async () => {
      await tend()
      const found = look()
      if (found === undefined)
        throw new Error(`${line}, killed at ${killAtWrite}: ${what}\n${bot.log.slice(-1500)}`)
      return found
    }, within)

  const typed = await control.command({ user: 'U0ANN', channel: 'C0VMS', text: `/qnav ${line}` })
  if (!typed.acknowledged) {
    await seen('the bot did not die of it', () => (bot.isAlive && wasKilled) || undefined)
    // It may have been taken in without being acknowledged: then it comes by itself, and people look before they type again.
    const came = await vi
      .waitFor(() => expect(cards('C0VMS')).not.toEqual([]), { ...within, timeout: 3000 })
      .then(
        () => true,
        () => false,
      )
    if (!came) await control.command({ user: 'U0ANN', channel: 'C0VMS', text: `/qnav ${line}` })
  }
  await seen('nobody is asked to approve', () => cards('C0APPROVE')[0])
  await approve(bot, () => cards('C0APPROVE')[0])
  const card = await seen('its card came to no end', () => cards('C0VMS').find(({ text }) => isEnd(text)))
  // The approval as well shows its end, to everybody.
  await seen('its approval is still asked for', () => {
    const [asked] = cards('C0APPROVE')
    return asked === undefined || buttonsOf(asked) ? undefined : asked
  })
  expect(
    [cards('C0VMS').length, cards('C0APPROVE').length],
    `cards of ${line}, killed at ${killAtWrite}`,
  ).toEqual([1, 1])
  if (bot.isAlive) await bot.end('SIGKILL')
  return { wasKilled, end: card.text }

  async function approve(of: WholeBot, asked: () => SandboxMessage | undefined): Promise<void> {
    for (let tries = 0; tries < 5; tries++) {
      const message = asked()
      if (message === undefined || !buttonsOf(message)) return
      const click = await of.sandbox.control
        .click({ user: 'U0BEN', channel: 'C0APPROVE', ts: message.ts, text: 'Approve & deploy' })
        .catch(() => undefined)
      if (click?.acknowledged) return
      // That it has died may be seen a moment after its connections are gone.
      await seen('nobody listens', () => control.connections() > 0 || undefined)
    }
  }
}

function isEnd(text: string): boolean {
  return /: (?:done|failed|refused|cancelled)/.test(text)
}

function buttonsOf({ blocks }: SandboxMessage): boolean {
  return JSON.stringify(blocks ?? []).includes('Approve & deploy')
}
