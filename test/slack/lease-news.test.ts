/** What Slack is told about leases. */
import { beforeEach, describe, expect, it } from 'vitest'
import type { LeaseWords } from '../../src/leases/index.js'
import type { Standing } from '../../src/policy/index.js'
import { leaseNews } from '../../src/slack/lease-news.js'
import { type Post, PostFailed } from '../../src/slack/outbox/index.js'
import { aLog } from './fakes.js'

const words = (more: Partial<LeaseWords> = {}): LeaseWords => ({
  key: 'lease:1',
  owner: 'U0ANN',
  report: {
    title: 'The lease of web1 ends: 1h left',
    tone: 'warn',
    summary: 'It is shut down at 2026-01-31 14:00:00 UTC.',
    actions: [{ label: 'Keep 7 days', command: 'vm lease web1@kvm1 --for 7d' }],
  },
  toApprovers: false,
  ...more,
})

let posts: Post[]
let refused: string[]
let standing: Standing
let isOut: boolean
const log = aLog()
const news = (approvalsChannel?: string) =>
  leaseNews({
    outbox: () => ({
      async post(post) {
        if (isOut) throw new PostFailed(post, 'timeout', false)
        if (refused.includes(post.channel)) throw new PostFailed(post, 'channel_not_found', true)
        posts.push(post)
        return { channel: post.channel, ts: '1' }
      },
    }),
    people: { standingOf: async () => standing },
    approvalsChannel,
    preferences: {
      of: (person) => (person === 'U0ANN' ? { timeZone: 'Europe/Amsterdam', quiet: '22:00-07:00' } : {}),
    },
    now: () => Date.parse('2026-01-31T22:30:00Z'),
    log,
  })
const channels = () => posts.map(({ channel }) => channel)

beforeEach(() => {
  posts = []
  refused = []
  standing = 'member'
  isOut = false
})

describe('news of a lease', () => {
  it('goes to the owner alone, with buttons that are command lines, and times of their clock', async () => {
    await news('C0APPROVE').tell(words())
    expect(posts).toMatchObject([{ key: 'lease:1', channel: 'U0ANN', mayExist: true }])
    const text = JSON.stringify(posts[0]?.message.blocks)
    expect(text).toContain('"value":"vm lease web1@kvm1 --for 7d"')
    expect(text).toContain('2026-01-31 15:00:00')
  })

  it('goes to those who approve too when people have to do something', async () => {
    await news('C0APPROVE').tell(words({ toApprovers: true }))
    expect(channels()).toEqual(['U0ANN', 'C0APPROVE'])
    expect(JSON.stringify(posts[1])).not.toContain('cannot be told')
  })

  it.each([
    ['left Slack', () => (standing = 'deactivated'), 'U0ANN'],
    ['lets nobody write to them', () => refused.push('U0ANN'), 'U0ANN'],
    ['is somebody at a terminal', () => {}, 'terminal:root'],
  ])('goes to those who approve when its owner %s', async (_, happens, owner) => {
    happens()
    await news('C0APPROVE').tell(words({ owner }))
    expect(channels()).toEqual(['C0APPROVE'])
    expect(JSON.stringify(posts[0]?.message.blocks)).toContain('cannot be told')
    posts = []
    await news().tell(words({ owner }))
    expect(channels()).toEqual([])
    expect(log.lines.at(-1)?.message).toContain('nobody could be told')
  })

  it('is not told while Slack is away, which whoever tells it hears', async () => {
    isOut = true
    await expect(news('C0APPROVE').tell(words())).rejects.toBeInstanceOf(PostFailed)
  })

  it('knows whose quiet hours are on', () => {
    expect(news().quietUntil('U0ANN')).toBe(Date.parse('2026-02-01T06:00:00Z'))
    expect(news().quietUntil('U0BEN')).toBeUndefined()
  })
})
