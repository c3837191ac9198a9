import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src/jobs/index.js'
import { aBotForEachTest, buildBot, posts, slack, surface } from './bot-over-fakes.js'
import { settle } from './fakes.js'
import { textOf } from './slack-stub.js'

aBotForEachTest()

const notice = {
  key: 'lease:1:2026-11-24T10:00Z:day',
  vm: 'web1',
  host: 'kvm1',
  leaseEnds: '2026-11-24T10:00Z',
  left: '1 d left',
  actions: [
    { label: 'Keep it 7 days', command: 'vm lease web1@kvm1 --for 7d' },
    { label: 'Delete', command: 'vm delete web1@kvm1', style: 'danger' as const, confirm: 'Delete web1?' },
  ],
}

describe('an owner', () => {
  it('is told once that a lease is over soon, with what may be done, in a direct message', async () => {
    buildBot({ clock: systemClock })
    await surface.start()
    await surface.tellOfLease('U0ANN', notice)
    await surface.tellOfLease('U0ANN', notice)
    await settle()
    expect(posts()).toHaveLength(1)
    expect(posts()[0]).toMatchObject({ channel: 'U0ANN', text: '⏳ web1 on kvm1: 1 d left of its lease' })
    expect(textOf(posts()[0])).toMatch(
      /It is shut off at .*, and kept[\s\S]*Keep it 7 days[\s\S]*Delete web1\?/,
    )
    expect(slack.problems).toEqual([])
  })
})
