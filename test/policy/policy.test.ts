import { describe, expect, it, vi } from 'vitest'
import { createLog } from '../../src/log.js'
import { createPolicy, type GroupDirectory, type PolicySettings, type Risk } from '../../src/policy/index.js'

const settings: PolicySettings = {
  roles: {
    operator: { users: ['U1', 'U2'], groups: ['S1'] },
    approver: { users: ['U3'], groups: [] },
    admin: { users: ['U4'], groups: ['S9'] },
  },
  approvals: [
    { risks: ['destructive'], rule: { approvers: 2, expiresMs: 1 } },
    { risks: ['change', 'destructive'], rule: { approvers: 1, expiresMs: 2 } },
  ],
}

function aPolicy(groups?: GroupDirectory, now = () => 0) {
  const lines: string[] = []
  const log = createLog({ level: 'warn', write: (line) => lines.push(line) })
  return { policy: createPolicy({ settings, ...(groups === undefined ? {} : { groups }), log, now }), lines }
}

function members(lists: Record<string, string[]>) {
  return { membersOf: vi.fn(async (id: string) => lists[id] ?? []) }
}

const noGroups = members({})

describe('settings that were read again', () => {
  it('count from then on', async () => {
    const { policy } = aPolicy()
    const person = { id: 'U9' }
    expect((await policy.rightsOf(person)).mayAsk({ risk: 'change' })).toBe(false)
    const rule = { approvers: 2, expiresMs: 1000 }
    policy.renew({
      roles: { ...settings.roles, operator: { users: ['U9'], groups: [] } },
      approvals: [{ risks: ['change'], rule }],
    })
    expect((await policy.rightsOf(person)).mayAsk({ risk: 'change' })).toBe(true)
    expect(policy.approvalRule({ path: 'vm create', risk: 'change', hosts: [] })?.rule).toEqual(rule)
  })
})

describe('policy', () => {
  it.each<[string, string[], Risk[], boolean]>([
    ['UX', ['viewer'], ['read'], false],
    ['U1', ['viewer', 'operator'], ['read', 'change', 'destructive'], false],
    ['U3', ['viewer', 'approver'], ['read'], true],
    ['U4', ['viewer', 'admin'], ['read', 'change', 'destructive', 'host'], true],
    ['terminal:root', ['viewer', 'admin'], ['read', 'change', 'destructive', 'host'], true],
  ])('gives %s the roles %j, and with them %j', async (id, roles, allowed, mayApprove) => {
    const rights = await aPolicy(noGroups).policy.rightsOf({ id })
    expect(rights.roles).toEqual(roles)
    for (const risk of ['read', 'change', 'destructive', 'host'] as const) {
      expect(rights.mayAsk({ risk }), risk).toBe(allowed.includes(risk))
      if (allowed.includes(risk)) rights.demand({ risk })
      else expect(() => rights.demand({ risk })).toThrow(expect.objectContaining({ code: 'not-allowed' }))
    }
    expect(rights.mayApprove).toBe(mayApprove)
    expect(rights.isAdmin).toBe(roles.includes('admin'))
  })

  it('does not take a name or a part of an id for the id', async () => {
    const { policy } = aPolicy(noGroups)
    for (const id of ['u1', 'U11', 'U', '', 'terminal', 'xterminal:root', 'constructor']) {
      expect((await policy.rightsOf({ id, name: 'U4' })).roles, id).toEqual(['viewer'])
    }
  })

  it('says in words why not, and who may', async () => {
    const rights = await aPolicy(noGroups).policy.rightsOf({ id: 'UX' })
    expect(rights.decide({ risk: 'change' })).toEqual({
      allowed: false,
      because: 'viewer may only read; change needs operator (U1, U2, S1) or admin (U4, S9)',
    })
    expect(rights.decide({ risk: 'read' })).toEqual({ allowed: true, because: 'viewer may ask for read' })
    expect(() => rights.demand({ risk: 'read', path: 'job approve', needs: 'deciding' })).toThrow(
      /viewer may not decide about requests; that needs approver \(U3\)/,
    )
  })

  it('says of an operator what an operator may do', async () => {
    const rights = await aPolicy(noGroups).policy.rightsOf({ id: 'U1' })
    const decision = rights.decide({ risk: 'host' })
    expect(decision.because).toBe(
      'operator may ask for read, change and destructive; host needs admin (U4, S9)',
    )
  })

  it('lets the first rule that lists a risk count, and a risk without a rule run at once', () => {
    const { policy } = aPolicy(noGroups)
    const ruleFor = (risk: Risk) => policy.approvalRule({ path: 'vm create', risk, hosts: [] })?.rule
    expect(ruleFor('destructive')).toEqual({ approvers: 2, expiresMs: 1 })
    expect(ruleFor('change')).toEqual({ approvers: 1, expiresMs: 2 })
    expect(ruleFor('host')).toBeUndefined()
    expect(ruleFor('read')).toBeUndefined()
  })
})

describe('user groups', () => {
  it('give their members the role', async () => {
    const { policy } = aPolicy(members({ S1: ['UG'], S9: ['UG'] }))
    expect((await policy.rightsOf({ id: 'UG' })).roles).toEqual(['viewer', 'operator', 'admin'])
    expect((await policy.rightsOf({ id: 'UX' })).roles).toEqual(['viewer'])
  })

  it('are asked once in ten minutes, also by many at once', async () => {
    let time = 0
    const groups = members({ S1: ['UG'] })
    const { policy } = aPolicy(groups, () => time)
    await Promise.all(Array.from({ length: 20 }, () => policy.rightsOf({ id: 'UG' })))
    time = 10 * 60_000 - 1
    await policy.rightsOf({ id: 'UG' })
    expect(groups.membersOf.mock.calls.map(([id]) => id).sort()).toEqual(['S1', 'S9'])
    time += 1
    groups.membersOf.mockResolvedValue([])
    expect((await policy.rightsOf({ id: 'UG' })).roles).toEqual(['viewer'])
  })

  it('that cannot be asked have no members, which is logged and tried again after a minute', async () => {
    let time = 0
    const groups = members({ S1: ['UG'] })
    groups.membersOf.mockRejectedValue(new Error('plan_upgrade_required'))
    const { policy, lines } = aPolicy(groups, () => time)
    expect((await policy.rightsOf({ id: 'UG' })).roles).toEqual(['viewer'])
    expect((await policy.rightsOf({ id: 'U1' })).roles).toEqual(['viewer', 'operator'])
    expect(lines.filter((line) => line.includes('plan_upgrade_required'))).toHaveLength(2)
    time = 60_000
    groups.membersOf.mockResolvedValue(['UG'])
    expect((await policy.rightsOf({ id: 'UG' })).roles).toContain('operator')
  })

  it('have no members where there is nobody to ask', async () => {
    const { policy, lines } = aPolicy()
    expect((await policy.rightsOf({ id: 'UG' })).roles).toEqual(['viewer'])
    expect(lines.length).toBeGreaterThan(0)
  })

  it('are not asked about a user who has the role anyway', async () => {
    const groups = members({})
    const { policy } = aPolicy(groups)
    await policy.rightsOf({ id: 'U1' })
    expect(groups.membersOf.mock.calls.map(([id]) => id)).toEqual(['S9'])
  })
})
