/** Many people click at once, and Slack delivers some of it twice: through the real Slack room, requests and job engine. */
import fc from 'fast-check'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createLog } from '../../src/log.js'
import { createSlackSurface } from '../../src/slack/index.js'
import { aClick, aCommand, InMemoryReceiver } from '../slack/fakes.js'
import { SlackStub } from '../slack/slack-stub.js'
import { aHouse, ann, vic } from './house.js'

const approvers = ['U0APP1', 'U0APP2', 'U0APP3', 'U0APP4']
const clicks = 50

/** A house with the Slack room in front of it; two of four approvers are needed. */
async function aBusyHouse() {
  const slack = new SlackStub()
  slack.on('chat.postEphemeral', () => ({ ok: true }))
  const house = await aHouse({
    people: { approver: approvers },
    rules: [{ risks: ['change', 'destructive'], rule: { approvers: 2, expiresMs: 3_600_000 } }],
  })
  const receiver = new InMemoryReceiver()
  const surface = createSlackSurface({
    settings: { botToken: 'xoxb-test-token', receiver: { kind: 'socket', appToken: 'xapp-test' } },
    requests: house.requests,
    catalogue: house.catalogue,
    fleet: house.fleet.fleet,
    policy: house.policy,
    jobs: house.jobs,
    approvalsChannel: 'C0APPROVE',
    dataDirectory: house.path,
    log: createLog({ level: 'silent' }),
    receiver,
  })
  await surface.start()
  onTestFinished(async () => {
    await surface.stop()
    slack.close()
  })
  return { house, receiver }
}

/** One delivery: a click on the card, or the line typed; the same envelope may come several times. */
interface Delivery {
  who: string
  envelope: number
  isTyped: boolean
}

const someone = fc.constantFrom(...approvers, ann.id, vic.id)
const someClicks = fc
  .array(fc.record({ who: someone, envelope: fc.nat(3), isTyped: fc.boolean() }), {
    minLength: clicks - 2,
    maxLength: clicks - 2,
  })
  // Two who may are among them, or nothing would ever run.
  .map((some): Delivery[] => [
    ...some.slice(0, 20),
    { who: 'U0APP1', envelope: 0, isTyped: false },
    { who: 'U0APP2', envelope: 0, isTyped: true },
    ...some.slice(20),
  ])

describe(`${clicks} clicks at once, of several people and in envelopes that come again`, () => {
  it('on a request for two approvers run it exactly once', { timeout: 60_000 }, async () => {
    const { house, receiver } = await aBusyHouse()
    const { host } = house.fleet
    await fc.assert(
      fc.asyncProperty(someClicks, async (deliveries) => {
        const web1 = host('kvm1').machines.get('web1')
        if (web1 === undefined) throw new Error('there is no web1')
        host('kvm1').machines.set('web1', { ...web1, state: 'running' })
        const before = host('kvm1').calls.length
        const audited = house.audit.length
        const job = await house.until(await house.ask('vm stop web1 --force'), 'awaiting-approval')

        const value = `job approve ${job.id}`
        await Promise.all(
          deliveries.map(({ who, envelope, isTyped }) => {
            const deliveryId = `${job.id}-${who}-${envelope}-${isTyped}`
            const body = isTyped
              ? aCommand(value, { user_id: who, user_name: who, channel_id: 'C0APPROVE' })
              : // Another message each time, so that it is not one finger that clicks twice.
                aClick(
                  { action_id: 'run:0', value },
                  {
                    user: { id: who, username: who, team_id: 'T1' },
                    container: { type: 'message', channel_id: 'C0APPROVE', message_ts: `${envelope}.1` },
                  },
                )
            return receiver.deliver(body, { deliveryId })
          }),
        )
        const done = await house.over(job)
        expect(done.state).toBe('succeeded')
        expect(host('kvm1').calls.slice(before)).toEqual(['powerOff web1'])
        const given = done.approval?.verdicts ?? []
        expect(given.map(({ verdict }) => verdict)).toEqual(['approve', 'approve'])
        expect(new Set(given.map(({ by }) => by.id)).size).toBe(2)
        expect(approvers).toEqual(expect.arrayContaining(given.map(({ by }) => by.id)))
        const events = house.audit.slice(audited).filter((entry) => entry.job === job.id)
        expect(events.filter(({ event }) => event === 'job.decided')).toHaveLength(2)
        expect(events.filter(({ event }) => event === 'job.succeeded')).toHaveLength(1)
      }),
      { numRuns: 8 },
    )
  })

  it('that approve and deny come to one end, and run it at most once', { timeout: 60_000 }, async () => {
    const { house, receiver } = await aBusyHouse()
    const { host } = house.fleet
    const words = fc.array(fc.record({ who: fc.constantFrom(...approvers), isDenial: fc.boolean() }), {
      minLength: clicks,
      maxLength: clicks,
    })
    await fc.assert(
      fc.asyncProperty(words, async (said) => {
        const web1 = host('kvm1').machines.get('web1')
        if (web1 === undefined) throw new Error('there is no web1')
        host('kvm1').machines.set('web1', { ...web1, state: 'running' })
        const before = host('kvm1').calls.length
        const job = await house.until(await house.ask('vm stop web1 --force'), 'awaiting-approval')
        await Promise.all(
          said.map(({ who, isDenial }, index) =>
            receiver.deliver(
              aCommand(`job ${isDenial ? 'deny' : 'approve'} ${job.id}`, { user_id: who, user_name: who }),
              { deliveryId: `${job.id}-${index}` },
            ),
          ),
        )
        const now = await vi.waitFor(() => {
          const seen = house.jobs.get(job.id)
          expect(['succeeded', 'denied', 'awaiting-approval']).toContain(seen.state)
          return seen
        })
        const verdicts = now.approval?.verdicts ?? []
        const isDenied = verdicts.some(({ verdict }) => verdict === 'deny')
        const ran = host('kvm1').calls.slice(before)
        expect(ran).toEqual(now.state === 'succeeded' ? ['powerOff web1'] : [])
        expect(now.state === 'denied').toBe(isDenied)
        expect(new Set(verdicts.map(({ by }) => by.id)).size).toBe(verdicts.length)
        if (now.state === 'awaiting-approval') await house.jobs.cancel(job.id, ann)
      }),
      { numRuns: 5 },
    )
  })
})
