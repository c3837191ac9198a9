/** The audit log in a channel. */
import { describe, expect, it } from 'vitest'
import { validateMessage } from '../../src/sandbox/block-validation/index.js'
import { auditChannel } from '../../src/slack/audit-channel.js'
import type { Post } from '../../src/slack/outbox/index.js'
import type { AuditEntry, AuditRecord } from '../../src/store/index.js'
import { textOf } from './slack-stub.js'

const ann = { id: 'U0ANN', name: 'ann' }
const record = (seq: number, entry: AuditEntry): AuditRecord => ({
  seq,
  at: '2026-11-23T10:00:00.000Z',
  entry,
  line: '',
})

function aChannel() {
  const posts: Post[] = []
  const outbox = {
    post: async (post: Post) => {
      posts.push(post)
      return { channel: post.channel, ts: '1.1' }
    },
  }
  return { sink: auditChannel({ outbox: () => outbox, channel: 'C0AUDIT' }), posts }
}

describe('the audit log in a channel', () => {
  it('tells who asked for what, who decided, and what came of it, in one message', async () => {
    const { sink, posts } = aChannel()
    await sink.take([
      record(7, { event: 'job.requested', job: 'j-7k2m9', by: ann, title: 'vm delete web1', reason: 'old' }),
      record(8, { event: 'job.planned', job: 'j-7k2m9', plan: {} }),
      record(9, {
        event: 'job.decided',
        job: 'j-7k2m9',
        verdict: 'approve',
        by: { id: 'U0BEN' },
        reason: '<!here>',
      }),
      record(10, { event: 'job.step-done', job: 'j-7k2m9', step: 'delete' }),
      record(11, { event: 'job.failed', job: 'j-7k2m9', error: { message: 'The pool is full.' } }),
      record(12, { event: 'refused', by: ann, text: 'vm stop db1', why: 'Not yours.' }),
      record(13, { event: 'config.read', by: 'unknown', changed: ['roles'] }),
    ])
    expect(posts).toHaveLength(1)
    expect(posts[0]).toMatchObject({ channel: 'C0AUDIT', key: 'audit:7-13', atOnce: true })
    expect(validateMessage({ ...posts[0]?.message })).toEqual([])
    expect(textOf(posts[0]?.message).replace(/<!date.*?>/g, '(time)')).toBe(
      [
        '📒 Audit log, No. 7 to 13',
        '*📒 Audit log, No. 7 to 13*',
        '(time) · ann · *asked* · `j-7k2m9` · vm delete web1 · old',
        '(time) · U0BEN · *approved* · `j-7k2m9` · &lt;!here&gt;',
        '(time) · *failed* · `j-7k2m9` · The pool is full.',
        '(time) · ann · *refused* · vm stop db1 · Not yours.',
        '(time) · *config read*',
      ].join('\n'),
    )
  })

  it('says nothing of what cards tell, and how many more there are than it tells', async () => {
    const { sink, posts } = aChannel()
    await sink.take([record(1, { event: 'job.started', job: 'j-7k2m9' })])
    expect(posts).toEqual([])
    const text = 'x'.repeat(1000)
    await sink.take(Array.from({ length: 200 }, (_, n) => record(n + 1, { event: 'refused', by: ann, text })))
    expect(textOf(posts[0]?.message)).toContain('… 180 more: `/qnav audit search --before 201`')
    expect(validateMessage({ ...posts[0]?.message })).toEqual([])
  })
})
