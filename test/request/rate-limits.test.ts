import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UserError } from '../../src/errors.js'
import { RateLimits } from '../../src/request/rate-limits.js'
import { aHouse, ann, ben } from './house.js'

const origin = { surface: 'terminal' as const }

function limits(commandsPerMinute: number, changesPerHour = 1000) {
  const clock = { ms: 1_000_000 }
  return { clock, limits: new RateLimits({ commandsPerMinute, changesPerHour }, () => clock.ms) }
}

describe('rate limits', () => {
  it('refuse with when to try again, and let in again then', () => {
    const { clock, limits: mine } = limits(2)
    mine.admit(ann, 'commands')
    clock.ms += 20_000
    mine.admit(ann, 'commands')
    expect(() => mine.admit(ann, 'commands')).toThrow(
      expect.objectContaining({
        code: 'rate-limited',
        message: 'That is more than 2 commands a minute, the most that one person may ask for.',
        fix: expect.stringContaining('Try again in 40 s.'),
      }),
    )
    clock.ms += 39_999
    expect(() => mine.admit(ann, 'commands')).toThrow(/more than 2/)
    clock.ms += 1
    mine.admit(ann, 'commands')
  })

  it('are of each person, and not of the bot’s own machine', () => {
    const { limits: mine } = limits(1)
    for (const id of [ann.id, ben.id]) mine.admit({ id }, 'commands')
    for (let times = 0; times < 10; times++) mine.admit({ id: 'terminal:root' }, 'commands')
    expect(() => mine.admit(ann, 'commands')).toThrow(UserError)
  })

  it('count what is delivered twice once', () => {
    const { limits: mine } = limits(1)
    for (let times = 0; times < 3; times++) mine.admit(ann, 'commands', 'envelope-1')
    expect(() => mine.admit(ann, 'commands', 'envelope-2')).toThrow(UserError)
    mine.admit(ann, 'commands', 'envelope-1')
  })

  it('never let more in within any minute, whenever they come', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.nat(30_000), { maxLength: 60 }),
        (most, gaps) => {
          const { clock, limits: mine } = limits(most)
          const letIn: number[] = []
          for (const gap of gaps) {
            clock.ms += gap
            try {
              mine.admit(ann, 'commands')
              letIn.push(clock.ms)
            } catch (error) {
              if (!(error instanceof UserError)) throw error
            }
          }
          for (const at of letIn) {
            expect(letIn.filter((each) => each >= at && each < at + 60_000).length).toBeLessThanOrEqual(most)
          }
        },
      ),
    )
  })

  it('forget those who were quiet for an hour', () => {
    const { clock, limits: mine } = limits(1)
    for (let n = 0; n < 1000; n++) mine.admit({ id: `U${n}` }, 'commands')
    clock.ms += 3_600_000
    for (let n = 0; n < 1000; n++) mine.admit({ id: `W${n}` }, 'commands')
    expect(() => mine.admit({ id: 'W1' }, 'commands')).toThrow(/more than 1 command a minute/)
  })

  it('hold for every command, and harder for changes', async () => {
    const { requests, jobs } = await aHouse({
      approvals: false,
      rates: { commandsPerMinute: 4, changesPerHour: 1 },
    })
    const say = (text: string, idempotencyKey?: string) =>
      requests.handle({
        text,
        person: ann,
        origin,
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      })
    await say('vm stop web1 --force', 'click-1')
    await expect(say('vm start web1', 'click-2')).rejects.toMatchObject({
      code: 'rate-limited',
      message: expect.stringContaining('1 change an hour'),
    })
    // The first again, as Slack redelivers it: the same job and no refusal.
    await expect(say('vm stop web1 --force', 'click-1')).resolves.toMatchObject({ kind: 'job' })
    expect(jobs.list()).toHaveLength(1)
    await say('vm list')
    await say('vm list')
    await expect(say('vm list')).rejects.toMatchObject({ code: 'rate-limited' })
    await expect(requests.handle({ text: 'vm list', person: ben, origin })).resolves.toMatchObject({
      kind: 'report',
    })
  })
})
