/**
 * A written-down policy against every combination of person, command, host and owner.
 *
 * | who      | read | change                    | destructive            | host |
 * |----------|------|---------------------------|------------------------|------|
 * | viewer   | all  | nothing                   | nothing                | no   |
 * | operator | all  | all                       | all                    | no   |
 * | approver | all  | nothing                   | nothing                | no   |
 * | admin    | all  | all                       | all                    | yes  |
 * | lab      | all  | vm and snapshot, env=lab  | nothing                | no   |
 * | own      | all  | own VMs, everywhere       | vm delete, own, on kvm1 | no   |
 */
import { describe, expect, it } from 'vitest'
import { createLog } from '../../src/log.js'
import { createPolicy, type Risk } from '../../src/policy/index.js'

const only = (id: string) => ({ users: [id], groups: [] })
const policy = createPolicy({
  settings: {
    roles: { operator: only('operator'), approver: only('approver'), admin: only('admin') },
    custom: {
      lab: {
        ...only('lab'),
        may: [{ risks: ['change'], commands: ['vm', 'snapshot'], labels: { env: 'lab' } }],
        decides: false,
      },
      own: {
        ...only('own'),
        may: [
          { risks: ['change'], vms: 'own' },
          { risks: ['destructive'], commands: ['vm delete'], hosts: ['kvm1'], vms: 'own' },
        ],
        decides: false,
      },
    },
    approvals: [],
  },
  log: createLog({ level: 'silent' }),
})

interface Row {
  who: string
  path: string
  risk: Risk
  host: { name: string; labels: Record<string, string> }
  owner: string | undefined
}

const commands: [string, Risk][] = [
  ['vm list', 'read'],
  ['vm start', 'change'],
  ['snapshot create', 'change'],
  ['image pull', 'change'],
  ['vm delete', 'destructive'],
  ['snapshot revert', 'destructive'],
  ['host upgrade', 'host'],
]
const hosts = [
  { name: 'kvm1', labels: { env: 'lab' } },
  { name: 'kvm2', labels: { env: 'prod' } },
  { name: 'kvm3', labels: {} },
  { name: 'kvm4', labels: { env: 'lab', site: 'ams' } },
]
const people = ['viewer', 'operator', 'approver', 'admin', 'lab', 'own']
const rows: Row[] = people.flatMap((who) =>
  commands.flatMap(([path, risk]) =>
    hosts.flatMap((host) => ['own', 'other', undefined].map((owner) => ({ who, path, risk, host, owner }))),
  ),
)

/** The table above, in words of its own. */
function isAllowed({ who, path, risk, host, owner }: Row): boolean {
  if (risk === 'read' || who === 'admin') return true
  if (who === 'operator') return risk !== 'host'
  if (who === 'lab') return risk === 'change' && /^(vm|snapshot) /.test(path) && /^kvm[14]$/.test(host.name)
  if (who === 'own' && owner === 'own')
    return risk === 'change' || (path === 'vm delete' && host.name === 'kvm1')
  return false
}

describe('the written-down policy', () => {
  it('is kept in each of more than 500 cases', async () => {
    expect(rows.length).toBeGreaterThanOrEqual(500)
    for (const row of rows) {
      const { who, path, risk, host, owner } = row
      const rights = await policy.rightsOf({ id: who })
      const target = { path, risk, hosts: [host], vms: [{ name: 'web1', owner }] }
      expect(rights.decideOn(target).allowed, JSON.stringify(row)).toBe(isAllowed(row))
      // Whatever is allowed somewhere must not be refused before it is known where.
      if (isAllowed(row)) expect(rights.mayAsk({ risk, path }), JSON.stringify(row)).toBe(true)
    }
  })
})
