import { describe, expect, it } from 'vitest'
import { createLog } from '../../src/log.js'
import { createPolicy, type Grant, type PolicySettings, type Target } from '../../src/policy/index.js'

const nobody = { users: [], groups: [] }
const log = createLog({ level: 'silent' })

function aPolicy(may: Grant[], members: Partial<{ users: string[]; channels: string[] }> = {}) {
  const settings: PolicySettings = {
    roles: { operator: { users: ['UOPS'], groups: [] }, approver: nobody, admin: nobody },
    custom: { web: { users: ['UWEB'], groups: [], ...members, may, decides: false } },
    approvals: [],
  }
  const groups = { membersOf: async (id: string) => (id === 'C1' ? ['UCHAN'] : []) }
  return createPolicy({ settings, groups, log })
}

function startOf(change: Partial<Target> = {}): Target {
  return {
    path: 'vm start',
    risk: 'change',
    hosts: [{ name: 'kvm1', labels: { env: 'lab' } }],
    vms: [{ name: 'web1@kvm1', owner: 'UWEB' }],
    ...change,
  }
}

describe('a custom role', () => {
  it('may ask for what one of its lines names, and for nothing else', async () => {
    const rights = await aPolicy([{ risks: ['change'], commands: ['vm start'] }]).rightsOf({ id: 'UWEB' })
    expect(rights.roles).toEqual(['viewer', 'web'])
    rights.demand({ risk: 'change', path: 'vm start' })
    expect(() => rights.demand({ risk: 'change', path: 'vm stop' })).toThrow(
      'Not allowed: web may ask for read and change; "vm stop" (change) needs operator (UOPS) or admin (nobody yet).',
    )
    expect(() => rights.demand({ risk: 'destructive', path: 'vm start' })).toThrow(/needs operator/)
    expect(rights.mayApprove).toBe(false)
  })

  it('takes a group for whole words', async () => {
    const rights = await aPolicy([{ risks: ['change'], commands: ['vm'] }]).rightsOf({ id: 'UWEB' })
    expect(rights.mayAsk({ risk: 'change', path: 'vm start' })).toBe(true)
    expect(rights.mayAsk({ risk: 'change', path: 'vmware start' })).toBe(false)
  })

  it.each<[string, Grant, Partial<Target>, string]>([
    ['hosts', { risks: ['change'], hosts: ['kvm2'] }, {}, 'kvm1 is none of them'],
    ['labels', { risks: ['change'], labels: { env: 'prod' } }, {}, 'kvm1 is none of them'],
    [
      'every host that is touched',
      { risks: ['change'], hosts: ['kvm1'] },
      {
        hosts: [
          { name: 'kvm1', labels: {} },
          { name: 'kvm9', labels: {} },
        ],
      },
      'kvm9 is none of them',
    ],
    ['a known host', { risks: ['change'], hosts: ['kvm1'] }, { hosts: [] }, 'not known on which host'],
    [
      'own VMs',
      { risks: ['change'], vms: 'own' },
      { vms: [{ name: 'db@kvm1', owner: 'UDB' }] },
      'db@kvm1 belongs to UDB',
    ],
    [
      'known owners',
      { risks: ['change'], vms: 'own' },
      { vms: [{ name: 'old@kvm1', owner: undefined }] },
      'whose old@kvm1 is is not known',
    ],
    ['something about a VM', { risks: ['change'], vms: 'own' }, { vms: [] }, 'this is not about a VM'],
  ])('is held to %s', async (_, grant, target, why) => {
    const rights = await aPolicy([grant]).rightsOf({ id: 'UWEB' })
    rights.demand({ risk: 'change', path: 'vm start' })
    expect(rights.decideOn(startOf(target))).toEqual({
      allowed: false,
      because: expect.stringContaining(why),
    })
    expect(() => rights.demandOn(startOf(target))).toThrow(expect.objectContaining({ code: 'not-allowed' }))
  })

  it('may do what fits one of its lines whole, not a bit of several', async () => {
    const rights = await aPolicy([
      { risks: ['change'], hosts: ['kvm2'] },
      { risks: ['change'], labels: { env: 'lab' }, vms: 'own' },
    ]).rightsOf({ id: 'UWEB' })
    expect(rights.decideOn(startOf())).toEqual({
      allowed: true,
      because: 'web may ask for change on hosts with env=lab to VMs of their own',
    })
    expect(rights.decideOn(startOf({ vms: [{ name: 'db@kvm1', owner: 'UDB' }] })).allowed).toBe(false)
  })

  it('is held by the members of a channel', async () => {
    const policy = aPolicy([{ risks: ['change'] }], { channels: ['C1'] })
    expect((await policy.rightsOf({ id: 'UCHAN' })).roles).toEqual(['viewer', 'web'])
    expect((await policy.rightsOf({ id: 'UELSE' })).roles).toEqual(['viewer'])
  })
})
