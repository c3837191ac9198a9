import { describe, expect, it } from 'vitest'
import { createLog } from '../../src/log.js'
import { type ApprovalEntry, type ApprovalQuestion, createPolicy, type Risk } from '../../src/policy/index.js'

const nobody = { users: [], groups: [] }
const log = createLog({ level: 'silent' })
/** A Monday, and the Sunday before. */
const monday = Date.parse('2026-11-23T10:00:00Z')
const sunday = Date.parse('2026-11-22T10:00:00Z')

/** Told apart by how long they wait. */
const rule = (expiresMs: number, approvers = 1) => ({ approvers, expiresMs })
const approvals: ApprovalEntry[] = [
  { risks: ['destructive'], labels: { env: 'prod' }, rule: rule(1, 2) },
  { risks: ['change', 'destructive'], over: { memoryMiB: 16 * 1024, cpus: 8 }, rule: rule(2) },
  { risks: ['destructive'], commands: ['vm delete'], rule: rule(3) },
  {
    risks: ['change'],
    commands: ['vm'],
    hours: { windows: ['mon-fri 08:00-18:00'], timeZone: 'UTC' },
    rule: rule(4),
  },
  { risks: ['change'], commands: ['vm'], rule: rule(5, 2) },
]

const lab = { name: 'kvm1', labels: { env: 'lab' } }
const prod = { name: 'kvm2', labels: { env: 'prod', site: 'ams' } }

function aPolicy(entries = approvals, at = monday) {
  const roles = { operator: nobody, approver: nobody, admin: nobody }
  return createPolicy({ settings: { roles, approvals: entries }, log, now: () => at })
}

describe('the first rule of approval that fits counts', () => {
  it.each<[string, Partial<ApprovalQuestion> & { risk: Risk; path: string }, number, number | undefined]>([
    ['by label', { path: 'vm delete', risk: 'destructive', hosts: [prod] }, monday, 1],
    ['by command', { path: 'vm delete', risk: 'destructive', hosts: [lab] }, monday, 3],
    [
      'by size, what is more',
      { path: 'vm create', risk: 'change', size: { memoryMiB: 16 * 1024 + 1 } },
      monday,
      2,
    ],
    [
      'by size, any of them',
      { path: 'vm create', risk: 'change', size: { memoryMiB: 1, cpus: 9 } },
      monday,
      2,
    ],
    [
      'by size, not what is as much',
      { path: 'vm create', risk: 'change', size: { memoryMiB: 16 * 1024, cpus: 8 } },
      monday,
      4,
    ],
    ['by group of commands in these hours', { path: 'vm start', risk: 'change' }, monday, 4],
    ['by group of commands in other hours', { path: 'vm start', risk: 'change' }, sunday, 5],
    ['none for another command', { path: 'snapshot create', risk: 'change' }, monday, undefined],
    [
      'none for a command whose name only begins so',
      { path: 'vmware start', risk: 'change' },
      monday,
      undefined,
    ],
    ['none for another risk', { path: 'vm reboot', risk: 'host' }, monday, undefined],
    [
      'none by a label that a host only inherits',
      { path: 'snapshot delete', risk: 'destructive', hosts: [{ name: 'x', labels: {} }] },
      monday,
      undefined,
    ],
  ])('%s', (_, asked, at, expected) => {
    const chosen = aPolicy(approvals, at).approvalRule({ hosts: [lab], ...asked })
    expect(chosen?.rule.expiresMs).toBe(expected)
  })

  it('and of several hosts the one that asks for most', () => {
    for (const hosts of [
      [lab, prod],
      [prod, lab],
    ]) {
      expect(aPolicy().approvalRule({ path: 'vm delete', risk: 'destructive', hosts })?.rule).toEqual(
        rule(1, 2),
      )
    }
  })

  it('and says which in words', () => {
    const because = (asked: ApprovalQuestion) => aPolicy().approvalRule(asked)?.because
    expect(because({ path: 'vm delete', risk: 'destructive', hosts: [prod] })).toBe(
      'rule 1 of approvals: destructive on hosts with env=prod',
    )
    expect(because({ path: 'vm create', risk: 'change', hosts: [lab], size: { cpus: 9 } })).toBe(
      'rule 2 of approvals: change, destructive over 8 CPUs or 16384 MiB of memory',
    )
    expect(because({ path: 'vm start', risk: 'change', hosts: [lab] })).toBe(
      'rule 4 of approvals: change (vm) in mon-fri 08:00-18:00 (UTC)',
    )
  })
})

describe('before there is a plan', () => {
  it.each<[Risk, string | undefined, 'never' | 'sometimes' | 'always']>([
    ['destructive', undefined, 'sometimes'],
    ['destructive', 'vm delete', 'always'],
    ['change', 'vm start', 'always'],
    ['change', 'snapshot create', 'sometimes'],
    ['host', undefined, 'never'],
    ['read', undefined, 'never'],
  ])('%s (%s) needs approval %s', (risk, path, expected) => {
    expect(aPolicy().approvalNeed({ risk, ...(path === undefined ? {} : { path }) })).toBe(expected)
  })
})

describe('whom a rule asks', () => {
  const roles = {
    operator: { users: ['U1'], groups: ['S1'] },
    approver: { users: ['U3'], groups: [] },
    admin: { users: ['U4'], groups: [] },
  }
  const custom = { security: { users: ['U5', 'U3'], groups: [], channels: ['C5'], may: [], decides: false } }
  const members: Record<string, string[]> = { S1: ['U1', 'U2'], C5: ['U6'], C1: ['U3', 'U5'] }
  const policy = (membersOf = async (id: string) => members[id] ?? []) =>
    createPolicy({ settings: { roles, custom, approvals: [] }, groups: { membersOf }, log })

  it.each([
    [{ approvers: 1 }, ['U3', 'U4']],
    [{ approvers: 2, from: ['operator', 'security'] }, ['U1', 'U5', 'U3', 'U2', 'U6']],
    [{ approvers: 2, from: ['security'] }, ['U5', 'U3', 'U4', 'U6']],
  ])('%j is %j', async (asked, people) => {
    expect(await policy().approversOf(asked)).toEqual(people)
  })

  it('is as far known as Slack says', async () => {
    const silent = policy(() => Promise.reject(new Error('missing_scope')))
    expect(await silent.approversOf({ approvers: 2, from: ['operator', 'security'] })).toEqual([
      'U1',
      'U5',
      'U3',
    ])
    expect(await silent.notIn('C1', ['U3', 'U4'])).toEqual([])
  })

  it('is outside of a channel or in it', async () => {
    expect(await policy().notIn('C1', ['U3', 'U4', 'U5'])).toEqual(['U4'])
  })
})
