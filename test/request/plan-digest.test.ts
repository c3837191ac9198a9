import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Change, ReadyPlan } from '../../src/report/index.js'
import { planDifferences, planDigest } from '../../src/request/plan-digest.js'

const aPlan = (more: Partial<ReadyPlan> = {}): ReadyPlan => ({
  kind: 'ready',
  summary: 'Delete VM web1',
  host: 'kvm1',
  changes: [{ what: 'VM', from: 'web1' }],
  facts: [],
  warnings: [],
  ...more,
})

const change = fc.record(
  {
    what: fc.constantFrom('VM', 'Volume', 'State'),
    from: fc.constantFrom('a', 'b'),
    to: fc.constantFrom('b', 'c'),
  },
  { requiredKeys: ['what'] },
) as fc.Arbitrary<Change>
const plan = fc
  .record({
    host: fc.constantFrom('kvm1', 'kvm2'),
    changes: fc.array(change, { maxLength: 4 }),
    warnings: fc.uniqueArray(fc.constantFrom('w1', 'w2', 'w3')),
  })
  .map((parts) => aPlan(parts))

describe('what was approved', () => {
  it('is otherwise when a change came, went or became another, when it is elsewhere, when there is a new warning', () => {
    const approved = aPlan({
      changes: [
        { what: 'VM', from: 'web1' },
        { what: 'Volume', from: '/a' },
        { what: 'State', from: 'running', to: 'shut off' },
      ],
      warnings: ['This cannot be undone.'],
    })
    const now = aPlan({
      host: 'kvm2',
      changes: [
        { what: 'State', from: 'paused', to: 'shut off' },
        { what: 'VM', from: 'web1' },
        { what: 'Snapshot', from: 's1' },
      ],
      warnings: ['2 users are logged in.'],
    })
    expect(planDifferences(approved, now)).toEqual([
      { what: 'Host', approved: 'kvm1', now: 'kvm2' },
      { what: 'Volume', approved: '/a is removed' },
      { what: 'State', approved: 'running → shut off', now: 'paused → shut off' },
      { what: 'Snapshot', now: 's1 is removed' },
      { what: 'Warning', now: '2 users are logged in.' },
    ])
  })

  it('is the same whatever the facts say, and in whatever order it is told', () => {
    const approved = aPlan({
      changes: [{ what: 'a' }, { what: 'b' }],
      facts: [{ label: 'Free', value: '1 GiB' }],
    })
    const now = aPlan({ changes: [{ what: 'b' }, { what: 'a' }], facts: [{ label: 'Free', value: '2 GiB' }] })
    expect(planDifferences(approved, now)).toEqual([])
    expect(planDigest(approved)).toBe(planDigest(now))
  })

  it('has one digest exactly when nothing is different either way', () => {
    fc.assert(
      fc.property(plan, plan, (one, other) => {
        const same = planDifferences(one, other).length === 0 && planDifferences(other, one).length === 0
        expect(planDigest(one) === planDigest(other)).toBe(same)
      }),
      { numRuns: 1000 },
    )
  })
})
