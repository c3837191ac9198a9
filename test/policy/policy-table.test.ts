/**
 * A written-down policy against every combination of person, command, host, owner and size.
 *
 * | who      | read | change                    | destructive            | host |
 * |----------|------|---------------------------|------------------------|------|
 * | viewer   | all  | nothing                   | nothing                | no   |
 * | operator | all  | all                       | all                    | no   |
 * | approver | all  | nothing                   | nothing                | no   |
 * | admin    | all  | all                       | all                    | yes  |
 * | lab      | all  | vm and snapshot, env=lab  | nothing                | no   |
 * | own      | all  | own VMs, everywhere       | vm delete, own, on kvm1 | no   |
 *
 * | what is allowed              | needs, the first line that fits |
 * |------------------------------|---------------------------------|
 * | more than 16 GiB of memory   | two approvers                   |
 * | snapshot, more than 100 GiB  | one approver                    |
 * | anything with env=prod       | one approver                    |
 * | destructive, host            | one approver                    |
 * | everything else              | nobody                          |
 */
import { describe, expect, it } from 'vitest'
import { createLog } from '../../src/log.js'
import { createPolicy, type Risk } from '../../src/policy/index.js'

type Size = NonNullable<Parameters<ReturnType<typeof createPolicy>['approvalRule']>[0]['size']>

const only = (id: string) => ({ users: [id], groups: [] })
const needing = (approvers: number) => ({ approvers, expiresMs: 3_600_000 })
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
    approvals: [
      { risks: ['change', 'destructive', 'host'], over: { memoryMiB: 16_384 }, rule: needing(2) },
      { risks: ['change'], commands: ['snapshot'], over: { diskGiB: 100 }, rule: needing(1) },
      { risks: ['change', 'destructive', 'host'], labels: { env: 'prod' }, rule: needing(1) },
      { risks: ['destructive', 'host'], rule: needing(1) },
    ],
  },
  log: createLog({ level: 'silent' }),
})

interface Row {
  who: string
  path: string
  risk: Risk
  host: { name: string; labels: Record<string, string> }
  owner: string | undefined
  size: Size
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
const sizes: Size[] = [
  {},
  { cpus: 2, memoryMiB: 16_384, diskGiB: 100 },
  { cpus: 2, memoryMiB: 16_385, diskGiB: 100 },
  { cpus: 64, memoryMiB: 512, diskGiB: 101 },
]
const rows: Row[] = people.flatMap((who) =>
  commands.flatMap(([path, risk]) =>
    hosts.flatMap((host) =>
      ['own', 'other', undefined].flatMap((owner) =>
        sizes.map((size) => ({ who, path, risk, host, owner, size })),
      ),
    ),
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

/** The second table, in words of its own: how many have to say yes. */
function approversOf({ path, risk, host, size }: Row): number {
  if (risk === 'read') return 0
  if ((size.memoryMiB ?? 0) > 16 * 1024) return 2
  if (path.startsWith('snapshot ') && risk === 'change' && (size.diskGiB ?? 0) > 100) return 1
  return host.labels.env === 'prod' || risk === 'destructive' || risk === 'host' ? 1 : 0
}

describe('the written-down policy', () => {
  it('is kept in each of more than 2000 cases', async () => {
    expect(rows.length).toBeGreaterThanOrEqual(2000)
    for (const row of rows) {
      const { who, path, risk, host, owner, size } = row
      const rights = await policy.rightsOf({ id: who })
      const target = { path, risk, hosts: [host], vms: [{ name: 'web1', owner }] }
      expect(rights.decideOn(target).allowed, JSON.stringify(row)).toBe(isAllowed(row))
      const rule = policy.approvalRule({ ...target, size })
      expect(rule?.rule.approvers ?? 0, JSON.stringify(row)).toBe(approversOf(row))
      const need = policy.approvalNeed({ path, risk })
      if (approversOf(row) > 0) expect(need, JSON.stringify(row)).not.toBe('never')
      else expect(need, JSON.stringify(row)).not.toBe('always')
      // Whatever is allowed somewhere must not be refused before it is known where.
      if (isAllowed(row)) expect(rights.mayAsk({ risk, path }), JSON.stringify(row)).toBe(true)
    }
  })
})
