import { describe, expect, it, vi } from 'vitest'
import { createLog } from '../../src/log.js'
import { createPolicy, type PolicySettings, type Standing } from '../../src/policy/index.js'

const log = createLog({ level: 'silent' })
const everywhere = { users: ['U1'], groups: [], channels: ['C1'] }
const settings: PolicySettings = {
  roles: { operator: everywhere, approver: everywhere, admin: everywhere },
  approvals: [],
}

function aPolicy(
  standing: Standing | undefined,
  { guests, now = () => 0 }: { guests?: 'read'; now?: () => number } = {},
) {
  const standingOf = vi.fn(async (): Promise<Standing> => {
    if (standing === undefined) throw new Error('no answer')
    return standing
  })
  const groups = { membersOf: async () => ['U1'] }
  const policy = createPolicy({
    settings: { ...settings, ...(guests === undefined ? {} : { guests }) },
    ...{ groups, people: { standingOf }, log, now },
  })
  return { policy, standingOf }
}

describe('somebody whom every role lists', () => {
  it.each<[string, Standing | undefined, 'read' | undefined, string[], string | undefined]>([
    ['a member', 'member', undefined, ['viewer', 'operator', 'approver', 'admin'], undefined],
    ['a guest', 'guest', undefined, [], 'you are a guest in this workspace'],
    [
      'a guest where guests may read',
      'guest',
      'read',
      ['viewer'],
      'you are a guest in this workspace, and may only read',
    ],
    ['of another organisation', 'external', 'read', [], 'you belong to another organisation'],
    ['deactivated', 'deactivated', 'read', [], 'this account is deactivated'],
    [
      'unknown to Slack now',
      undefined,
      'read',
      ['viewer'],
      'Slack does not say now who you are in this workspace, and may only read',
    ],
  ])('and is %s has no more than that', async (_, standing, guests, roles, why) => {
    const { policy } = aPolicy(standing, guests === undefined ? {} : { guests })
    const rights = await policy.rightsOf({ id: 'U1' })
    expect(rights.roles).toEqual(roles)
    expect(rights.mayAsk({ risk: 'read' })).toBe(roles.includes('viewer'))
    for (const risk of ['change', 'destructive', 'host'] as const)
      expect(rights.mayAsk({ risk })).toBe(why === undefined)
    expect(rights.mayApprove).toBe(why === undefined)
    if (why !== undefined) {
      expect(rights.decide({ risk: 'change' })).toEqual({ allowed: false, because: why })
      expect(rights.decide({ risk: 'read', needs: 'deciding' })).toEqual({ allowed: false, because: why })
    }
  })

  it('is asked about once in ten minutes, and after thirty seconds when there was no answer', async () => {
    let time = 0
    const { policy, standingOf } = aPolicy('member', { now: () => time })
    await Promise.all(Array.from({ length: 10 }, () => policy.rightsOf({ id: 'U1' })))
    time = 10 * 60_000 - 1
    await policy.rightsOf({ id: 'U1' })
    expect(standingOf).toHaveBeenCalledTimes(1)
    time += 1
    standingOf.mockRejectedValueOnce(new Error('no answer'))
    expect((await policy.rightsOf({ id: 'U1' })).roles).toEqual(['viewer'])
    time += 30_000
    expect((await policy.rightsOf({ id: 'U1' })).isAdmin).toBe(true)
  })

  it('is not asked about at the terminal of the machine', async () => {
    const { policy, standingOf } = aPolicy('deactivated')
    expect((await policy.rightsOf({ id: 'terminal:root' })).isAdmin).toBe(true)
    expect(standingOf).not.toHaveBeenCalled()
  })
})
