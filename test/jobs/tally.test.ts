import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UserError } from '../../src/errors.js'
import { enterVerdict } from '../../src/jobs/decision.js'
import {
  type ApprovalRule,
  type Job,
  tallyInWords,
  tallyOf,
  type Verdict,
  wouldHelp,
} from '../../src/jobs/index.js'

const requester = { id: 'UASK' }
const at = '2026-11-23T10:00:00.000Z'

/** "ann:operator,security" approves with these roles; "+" decides about anything, "!" denies. */
function said(text: string): Verdict {
  const [, sign = '', id = '', roles = ''] = /^([!+]*)(\w+)(?::(.*))?$/.exec(text) ?? []
  return {
    by: { id },
    roles: roles === '' ? [] : roles.split(','),
    decides: sign.includes('+'),
    verdict: sign.includes('!') ? 'deny' : 'approve',
    at,
  }
}

const rules = {
  one: { approvers: 1, expiresMs: 1 },
  two: { approvers: 2, expiresMs: 1 },
  security: { approvers: 1, from: ['security'], expiresMs: 1 },
  both: { approvers: 2, from: ['operator', 'security'], expiresMs: 1 },
  bothAndAny: { approvers: 3, from: ['operator', 'security'], expiresMs: 1 },
  twice: { approvers: 2, from: ['security', 'security'], expiresMs: 1 },
} satisfies Record<string, ApprovalRule>

describe('what was said about a request', () => {
  it.each<[keyof typeof rules, string, string]>([
    ['one', '', 'open: 0 of 1 approval'],
    ['one', '+ben', 'granted: 1 of 1 approval'],
    ['one', 'ben:security', 'open: 0 of 1 approval'],
    ['one', '+UASK', 'open: 0 of 1 approval'],
    ['two', '+ben', 'open: 1 of 2 approvals'],
    ['two', '+ben +ben', 'open: 1 of 2 approvals'],
    ['two', '+ben +UASK', 'open: 1 of 2 approvals'],
    ['two', '+ben +cleo', 'granted: 2 of 2 approvals'],
    ['two', '+ben +cleo !+dan', 'denied: 2 of 2 approvals'],
    ['two', '!+UASK +ben +cleo', 'granted: 2 of 2 approvals'],
    ['security', '', 'open: 0 of 1: needs somebody of security'],
    ['security', '+ben', 'open: 0 of 1: needs somebody of security'],
    ['security', 'ben:security', 'granted: 1 of 1 approval'],
    ['both', '', 'open: 0 of 2: needs somebody of operator and somebody of security'],
    ['both', 'ben:operator', 'open: 1 of 2: needs somebody of security'],
    ['both', 'ben:operator cleo:operator', 'open: 1 of 2: needs somebody of security'],
    ['both', 'ben:operator,security', 'open: 1 of 2: needs somebody of operator or somebody of security'],
    ['both', 'ben:operator,security cleo:operator', 'granted: 2 of 2 approvals'],
    ['both', 'ben:operator,security cleo:security', 'granted: 2 of 2 approvals'],
    [
      'both',
      'ben:operator,security ben:operator,security',
      'open: 1 of 2: needs somebody of operator or somebody of security',
    ],
    ['both', 'ben:operator +cleo', 'open: 1 of 2: needs somebody of security'],
    ['bothAndAny', 'ben:operator cleo:security', 'open: 2 of 3 approvals'],
    ['bothAndAny', '+ben', 'open: 1 of 3: needs somebody of operator and somebody of security'],
    [
      'bothAndAny',
      '+ben:operator',
      'open: 1 of 3: needs 2 of: somebody of operator, somebody of security or another approver',
    ],
    ['twice', 'ben:security', 'open: 1 of 2: needs somebody of security'],
    ['twice', 'ben:security cleo:security', 'granted: 2 of 2 approvals'],
  ])('with the rule %s and the words [%s] is %s', (rule, words, expected) => {
    const verdicts = words.split(' ').filter(Boolean).map(said)
    const tally = tallyOf({ rule: rules[rule], requester, verdicts })
    expect(`${tally.outcome}: ${tallyInWords(tally)}`).toBe(expected)
  })

  it('of older versions is that of people who decide', () => {
    const verdicts: Verdict[] = [{ by: { id: 'ben' }, verdict: 'approve', at }]
    expect(tallyOf({ rule: rules.one, requester, verdicts }).outcome).toBe('granted')
  })

  const role = fc.constantFrom('operator', 'security', 'network')
  const anyRule = fc
    .record({ from: fc.array(role, { maxLength: 3 }), more: fc.integer({ min: 0, max: 2 }) })
    .map(
      ({ from, more }): ApprovalRule => ({ approvers: Math.max(1, from.length + more), from, expiresMs: 1 }),
    )
  /** What a person is does not change while they click. */
  const people = fc.array(fc.record({ roles: fc.uniqueArray(role), decides: fc.boolean() }), {
    minLength: 1,
    maxLength: 5,
  })
  const clicks = fc.array(fc.record({ who: fc.nat(5), isDenial: fc.boolean() }), { maxLength: 12 })
  const heard = fc.tuple(anyRule, people, clicks).map(([rule, known, clicked]) => ({
    rule,
    verdicts: clicked.map(({ who, isDenial }): Verdict => {
      const person = known[who]
      // Beyond those known is the requester.
      return person === undefined
        ? {
            by: requester,
            roles: ['operator', 'security'],
            decides: true,
            verdict: isDenial ? 'deny' : 'approve',
            at,
          }
        : { by: { id: `U${who}` }, ...person, verdict: isDenial ? 'deny' : 'approve', at }
    }),
  }))

  it('comes to the same in whatever order it was said', () => {
    fc.assert(
      fc.property(heard, fc.infiniteStream(fc.nat()), ({ rule, verdicts }, random) => {
        const shuffled = verdicts
          .map((verdict) => ({ verdict, key: random.next().value }))
          .sort((a, b) => a.key - b.key)
          .map(({ verdict }) => verdict)
        const before = tallyOf({ rule, requester, verdicts })
        const after = tallyOf({ rule, requester, verdicts: shuffled })
        expect(after).toEqual(before)
      }),
    )
  })

  it('is denied by one word of anybody else, and counts nobody twice and never the requester', () => {
    fc.assert(
      fc.property(heard, ({ rule, verdicts }) => {
        const { outcome, given, needed } = tallyOf({ rule, requester, verdicts })
        const others = verdicts.filter(({ by }) => by.id !== requester.id)
        expect(outcome === 'denied').toBe(others.some(({ verdict }) => verdict === 'deny'))
        const approvers = new Set(others.flatMap(({ by, verdict }) => (verdict === 'approve' ? [by.id] : [])))
        expect(given).toBeLessThanOrEqual(Math.min(needed, approvers.size))
        if (outcome === 'granted') expect(approvers.size).toBeGreaterThanOrEqual(rule.approvers)
        expect(tallyOf({ rule, requester, verdicts: others })).toEqual(tallyOf({ rule, requester, verdicts }))
        expect(tallyOf({ rule, requester, verdicts: [...verdicts, ...verdicts] })).toEqual(
          tallyOf({ rule, requester, verdicts }),
        )
      }),
    )
  })

  it('when refused where it does not help comes to the same as when all is heard', () => {
    fc.assert(
      fc.property(heard, ({ rule, verdicts }) => {
        const yes = verdicts.filter(({ verdict }) => verdict === 'approve')
        const useful: Verdict[] = []
        for (const each of yes) if (wouldHelp({ rule, requester, verdicts: useful }, each)) useful.push(each)
        expect(tallyOf({ rule, requester, verdicts: useful }).given).toBe(
          tallyOf({ rule, requester, verdicts: yes }).given,
        )
        expect(useful.length).toBe(tallyOf({ rule, requester, verdicts: useful }).given)
      }),
    )
  })

  it('runs the job exactly when it is granted, however people click', () => {
    fc.assert(
      fc.property(heard, ({ rule, verdicts }) => {
        const job = aWaitingJob(rule)
        const entered: Verdict[] = []
        for (const verdict of verdicts) {
          try {
            enterVerdict(job, verdict)
            entered.push(verdict)
          } catch (error) {
            expect(error).toBeInstanceOf(UserError)
          }
          const { outcome } = tallyOf({ rule, requester, verdicts: entered })
          const state = { open: 'awaiting-approval', granted: 'queued', denied: 'denied' }[outcome]
          expect(job.state).toBe(state)
        }
      }),
    )
  })
})

describe('a word about a request', () => {
  const within = { windows: ['mon-fri 08:00-18:00'], timeZone: 'UTC' }

  it.each<[string, ApprovalRule, string, RegExp]>([
    [
      'of somebody whom its rule does not ask',
      rules.security,
      '+ben',
      /not yours to decide \(0 of 1: needs somebody of security\)/,
    ],
    ['against it, of the same', rules.security, '!+ben', /not yours to decide/],
    [
      'that it cannot use',
      rules.both,
      'cleo:operator',
      /does not bring j-1 further \(1 of 2: needs somebody of security\)/,
    ],
  ])('%s is refused in words and changes nothing', (_, rule, words, message) => {
    const job = aWaitingJob(rule, rule === rules.both ? [said('ben:operator')] : [])
    const before = structuredClone(job)
    expect(() => enterVerdict(job, said(words))).toThrow(
      expect.objectContaining({ code: 'not-allowed', message: expect.stringMatching(message) }),
    )
    expect(job).toEqual(before)
  })

  it('for it counts in the hours of its rule only, against it at any time', () => {
    // Saturday.
    const late = { ...said('+ben'), at: '2026-11-21T10:00:00.000Z' }
    const job = aWaitingJob({ ...rules.one, within })
    expect(() => enterVerdict(job, late)).toThrow(
      expect.objectContaining({
        code: 'not-allowed',
        message: expect.stringContaining('mon-fri 08:00-18:00 (UTC)'),
        fix: expect.stringContaining('2026-11-23 08:00 UTC'),
      }),
    )
    enterVerdict(job, { ...late, verdict: 'deny' })
    expect(job.state).toBe('denied')
    const open = aWaitingJob({ ...rules.one, within })
    enterVerdict(open, said('+ben'))
    expect(open.state).toBe('queued')
  })
})

function aWaitingJob(rule: ApprovalRule, verdicts: Verdict[] = []): Job {
  return {
    id: 'j-1',
    body: 'command',
    version: 1,
    title: 'vm stop web1',
    input: {},
    requester,
    origin: { surface: 'terminal' },
    state: 'awaiting-approval',
    approval: { rule, expiresAt: '2027-01-01T00:00:00.000Z', verdicts },
    locks: [],
    steps: [],
    createdAt: at,
    updatedAt: at,
    revision: 1,
  }
}
