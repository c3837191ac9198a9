/** Approvals as people have them: the real bot over hosts in memory, at the local Slack. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aVm } from '../fakes/fleet.js'
import { type SlackHouse, startSlackHouse } from './slack-house.js'

const hour = 3_600_000

describe('a rule that asks an operator and somebody of security', () => {
  let house: SlackHouse

  beforeAll(async () => {
    house = await startSlackHouse(
      [{ name: 'kvm1', vms: ['web1', 'web2', 'web3'].map((name) => aVm({ name, state: 'running' })) }],
      {
        rules: {
          roles: {
            operator: { users: ['U0ANN', 'U0BEN'], groups: [] },
            approver: { users: [], groups: [] },
            admin: { users: ['U0OLU'], groups: [] },
          },
          // Vic is not in the channel of approvals.
          custom: { security: { users: ['U0VIC'], groups: [], may: [], decides: false } },
          breakGlass: ['operator'],
          approvals: [
            {
              risks: ['change'],
              rule: { approvers: 2, from: ['operator', 'security'], reason: 'required', expiresMs: 4 * hour },
            },
          ],
        },
        breakGlass: { remindMs: 24 * hour },
      },
    )
  })
  afterAll(() => house.stop())

  const approve = async (user: string, channel: string, ts: string) =>
    house.sandbox.control.click({ user, channel, ts, text: 'Approve & deploy' })
  const directTo = (user: string) => `D${user.slice(1)}`

  it('refuses a request without a reason, with the line to type', async () => {
    const { control } = house.sandbox
    await control.command({ user: 'U0ANN', channel: 'C0VMS', text: '/qnav vm stop web1 --force' })
    const card = await control.waitForMessage('C0VMS', ({ text }) => text.includes('refused'))
    expect(JSON.stringify(card.blocks)).toContain('vm stop web1 --force --reason')
  })

  it('runs when both have said yes, each where they are, and the requester is told by whom', async () => {
    const { control } = house.sandbox
    const line = '/qnav vm stop web1 --force --reason "it eats all memory"'
    await control.command({ user: 'U0ANN', channel: 'C0VMS', text: line })
    const isAsked = ({ text }: { text: string }) => text.startsWith('🔐 Approval needed: vm stop web1')
    const card = await control.waitForMessage('C0APPROVE', isAsked)
    expect(JSON.stringify(card.blocks)).toContain('needs somebody of operator and somebody of security')
    await approve('U0BEN', 'C0APPROVE', card.ts)
    await control.waitForMessage('C0APPROVE', ({ blocks }) =>
      JSON.stringify(blocks).includes('1 of 2: needs somebody of security'),
    )
    // Olu is an admin, and not whom this rule asks.
    await approve('U0OLU', 'C0APPROVE', card.ts)
    expect(house.jobs.list({ states: ['awaiting-approval'] })).toHaveLength(1)
    const own = await control.waitForMessage(directTo('U0VIC'), isAsked)
    await approve('U0VIC', directTo('U0VIC'), own.ts)
    const told = await control.waitForMessage('C0VMS', ({ text }) => text.includes('was approved by'))
    expect(told.text).toMatch(/<@U0ANN> .*<@U0BEN> and <@U0VIC>/)
    await control.waitForMessage('C0VMS', ({ text }) => text.startsWith('✅ vm stop web1'))
    expect(house.host('kvm1').calls.filter((call) => call === 'powerOff web1')).toHaveLength(1)
    await control.waitForMessage(directTo('U0VIC'), ({ text }) =>
      text.startsWith('✅ Approved: vm stop web1'),
    )
  })

  it('is passed over by break-glass, which everybody hears of and somebody else reviews in a form', async () => {
    const { control } = house.sandbox
    const line = '/qnav vm stop web2 --force --break-glass --reason "nobody answers"'
    await control.command({ user: 'U0ANN', channel: 'C0VMS', text: line })
    const news = await control.waitForMessage('C0APPROVE', ({ text }) =>
      text.includes('🚨 Break-glass: vm stop web2'),
    )
    expect(news.text).toContain('<!here>')
    await control.waitForMessage('C0VMS', ({ text }) => text.includes('to be reviewed'))
    expect(house.host('kvm1').calls).toContain('powerOff web2')
    await control.click({ user: 'U0BEN', channel: 'C0APPROVE', ts: news.ts, text: 'Review' })
    await control.waitForModal('U0BEN', ({ callbackId }) => callbackId === 'form')
    await control.submit({ user: 'U0BEN', values: { 'arg:report': 'was right, talked to ann' } })
    await control.waitForMessage('C0APPROVE', ({ blocks }) =>
      JSON.stringify(blocks).includes('Reviewed by <@U0BEN>'),
    )
    expect(house.jobs.list({ unreviewed: true })).toEqual([])
  })
})
