/** Text of people, guests and hosts is shown as text: it makes no link, mention, call or line of its own in a message. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Job } from '../../src/jobs/index.js'
import type { Report } from '../../src/report/index.js'
import {
  approvalCard,
  askedAgain,
  breakGlassCard,
  denyModal,
  expiryReminder,
  homeView,
  jobCard,
  jobLine,
  type Message,
  mistake,
  outcomeNews,
  planModal,
  prepare,
  prepareView,
  reportMessage,
  reviewReminder,
  stillAtIt,
  whatHappened,
} from '../../src/slack/views/index.js'
import { sections } from '../../src/slack/views/message.js'
import { code, escapeLines, escapeText, oneLine } from '../../src/slack/views/mrkdwn.js'
import { aPlan, waitingJob } from '../slack/fakes.js'
import { hostileText } from './hostile-text.js'

/** The only markup that we make ourselves: people by id, the channel of a job, times. */
const ours =
  /<@U0(?:ANN|BEN)>|<#C0VMS>|<#C0APPROVE>|<!date\^\d+\^\{date_short_pretty\} \{time\}\|\d{4}-\d\d-\d\d \d\d:\d\d UTC>/g

/** Everything that a message shows, with how Slack reads it. */
function textsOf(value: unknown, key = ''): { text: string; how: string; verbatim: unknown }[] {
  if (Array.isArray(value)) return value.flatMap((each) => textsOf(each, key))
  if (typeof value !== 'object' || value === null) return []
  const { type, text, verbatim } = value as Record<string, unknown>
  if (typeof text === 'string')
    return [{ text, how: type === undefined ? 'fallback' : String(type), verbatim }]
  return Object.entries(value).flatMap(([name, each]) => textsOf(each, name))
}

/** What could act in a client, or show something else than what is there. */
function problems(message: unknown): string[] {
  return textsOf(message).flatMap(({ text, how, verbatim }) => {
    const bad: string[] = []
    if (how !== 'plain_text' && /<[^\s]/.test(text.replace(ours, ''))) bad.push(`markup in ${how}: ${text}`)
    if (how !== 'plain_text' && /[<>]/.test(text.replace(ours, '')))
      bad.push(`a bare sign in ${how}: ${text}`)
    if (how === 'mrkdwn' && verbatim !== true) bad.push(`Slack may make links of: ${text}`)
    if (/[\u202a-\u202e\u2066-\u2069\u061c]/u.test(text)) bad.push(`it turns the direction of text: ${text}`)
    if (/[^\P{Cc}\n\t]|[\u2028\u2029]/u.test(text)) bad.push(`control characters in: ${JSON.stringify(text)}`)
    return bad
  })
}

/** A line that says what only we may say. */
const forged = '\n✅ Approved by <@U0BEN>: looks good\n*Command* `vm list`'
const text = fc.oneof(
  hostileText,
  hostileText.map((each) => each + forged),
)

const report: fc.Arbitrary<Report> = fc.record({
  title: text,
  tone: fc.constantFrom('ok', 'warn', 'fail', 'info'),
  summary: text,
  facts: fc.array(fc.record({ label: text, value: text }), { maxLength: 3 }),
  table: fc.record({
    columns: fc.constant(['VM', 'State']),
    rows: fc.array(fc.tuple(text, text), { maxLength: 4 }),
  }),
  findings: fc.array(
    fc.record({
      check: text,
      result: fc.constantFrom('pass' as const, 'warn' as const, 'fail' as const),
      measured: text,
      threshold: text,
      probe: text,
      fix: text,
    }),
    { maxLength: 2 },
  ),
  log: fc.record({ title: text, text }),
  notes: fc.array(text, { maxLength: 2 }),
  actions: fc.array(fc.record({ label: text, command: text, confirm: text }), { maxLength: 2 }),
})

const job: fc.Arbitrary<Job> = fc
  .record({
    state: fc.constantFrom<Job['state']>(
      'awaiting-approval',
      'running',
      'succeeded',
      'failed',
      'denied',
      'cancelled',
    ),
    title: text,
    words: fc.array(text, { minLength: 2, maxLength: 4 }),
    report,
  })
  .map(({ state, title, words, report: outcome }) => {
    const [first = '', second = ''] = words
    const at = '2026-11-23T10:01:00.000Z'
    return waitingJob({
      state,
      title,
      report: outcome,
      plan: aPlan({
        summary: first,
        host: second,
        warnings: words,
        facts: words.map((label) => ({ label, value: second })),
        changes: words.flatMap((what) => [
          { what, from: first, to: second },
          { what, to: first },
          { what, from: second },
        ]),
      }),
      steps: words.map((name) => ({ name, state: 'running', startedAt: at, progress: second })),
      error: { code: 'libvirt-failed', message: first, fix: second },
      cancel: { by: { id: 'terminal:root', name: first }, at, reason: second },
      reason: first,
      breakGlass: {
        rule: { approvers: 2, from: [second], expiresMs: 1 },
        at,
        ...(words.length > 2
          ? { review: { by: { id: 'terminal:root', name: first }, report: second, at } }
          : {}),
      },
      approval: {
        rule: { approvers: 1, from: words, within: { windows: words, timeZone: first }, expiresMs: 1 },
        expiresAt: at,
        verdicts: [{ by: { id: 'U0BEN' }, verdict: 'deny', at, reason: first }],
        earlier: [{ by: { id: 'U0BEN' }, verdict: 'approve', at }],
        asked: {
          digest: 'x',
          round: 2,
          differences: words.map((what) => ({ what, approved: first, now: second })),
        },
      },
    })
  })

/** Who is there is called once, at the beginning. */
function uncalled({ text: fallback, blocks }: Message): Message {
  const call = '<!here> '
  expect(fallback.startsWith(call)).toBe(true)
  const [body = ''] = textsOf(blocks).flatMap(({ text: each, how }) => (how === 'mrkdwn' ? [each] : []))
  expect(body.startsWith(call)).toBe(true)
  const quiet = JSON.stringify(blocks).replace(`"${call}`, '"')
  return { text: fallback.slice(call.length), blocks: JSON.parse(quiet) }
}

const clean = (messages: readonly Message[]) => messages.map(prepare).flatMap((each) => problems(each))

describe('text of people and hosts in Slack', () => {
  it('is text in every report', () => {
    fc.assert(
      fc.property(report, text, (shown, line) => {
        const message = reportMessage(shown, { by: { id: 'U0ANN' }, line })
        expect(clean([message, ...message.thread])).toEqual([])
      }),
      { numRuns: 3000 },
    )
  })

  it('is text on every card, in forms and in answers', () => {
    fc.assert(
      fc.property(job, text, (asked, line) => {
        const first = `terminal:${line}`
        const card = jobCard(asked, { approvalNotPosted: { channel: 'C0APPROVE', why: line } })
        const messages = [
          card,
          ...card.thread,
          approvalCard(asked),
          askedAgain(asked),
          uncalled(breakGlassCard(asked)),
          expiryReminder(asked, [{ id: first, name: line }]),
          reviewReminder(asked, [{ id: first, name: line }]),
          ...(['approved', 'denied', 'expired'] as const).map((each) => outcomeNews(asked, each)),
          jobLine(asked),
          stillAtIt(line),
          mistake({ message: line, fix: line }, whatHappened(asked)),
        ]
        expect(clean(messages)).toEqual([])
        expect(problems(prepareView(denyModal(asked, { job: 'j-7k2m9', channel: 'C0APPROVE' })))).toEqual([])
      }),
      { numRuns: 2000 },
    )
  })

  it('is text in a Home tab, and in what is shown before a form is sent', () => {
    fc.assert(
      fc.property(job, fc.array(text, { minLength: 1, maxLength: 4 }), (asked, words) => {
        const [first = ''] = words
        const vms = words.map((name) => ({ name, host: first, uuid: name, state: 'running' as const }))
        const home = homeView({
          myVms: vms,
          addresses: new Map(words.map((name) => [name, first])),
          page: 0,
          myJobs: [asked],
          toDecide: [{ ...asked, requester: { id: 'U0ANN' } }],
          hosts: words.map((name) => ({
            name,
            problem: first,
            total: 1,
            running: 1,
            jobs: 1,
            room: { availableMemoryMiB: 1, totalMemoryMiB: 2, freeGiB: 3, alerts: [first ?? ''] },
          })),
          openJobs: [asked],
          at: '2026-11-23T10:01:00.000Z',
        })
        const metadata = { line: first, channel: 'C0VMS', isAnsweredHere: true }
        const plan = asked.plan ?? aPlan()
        const note = { code: 'libvirt-failed' as const, message: first, fix: first }
        const modals = [
          planModal({ plan, approval: undefined }, metadata),
          planModal(
            {
              plan: { ...plan, kind: 'blocked', blockers: [note] },
              approval: { approvers: 2, from: words, expiresMs: 1 },
            },
            metadata,
          ),
        ]
        for (const view of [home, ...modals]) expect(problems(prepareView(view))).toEqual([])
      }),
      { numRuns: 1500 },
    )
  })

  it('makes no line of its own on a card: what looks like a decision is one', () => {
    fc.assert(
      fc.property(job, (asked) => {
        const shown = [approvalCard(asked), jobCard({ ...asked, report: undefined } as unknown as Job)].map(
          prepare,
        )
        const lines = textsOf(shown.map(({ blocks }) => blocks)).flatMap((each) => each.text.split('\n'))
        expect(
          lines
            .filter((each) => /^(✅ Approved by|\*Command\*)/.test(each))
            .filter((each) => !/^\*Command\* `\/qnav /.test(each)),
        ).toEqual([])
      }),
      { numRuns: 2000 },
    )
  })

  it('is escaped so that it reads the same', () => {
    const read = (escaped: string) =>
      escaped.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')
    fc.assert(
      fc.property(hostileText, (each) => {
        expect(escapeText(each)).not.toMatch(/[<>]/)
        expect(read(escapeText(each))).toBe(oneLine(each))
        expect(read(escapeLines(each))).toBe(each)
        expect(oneLine(each).split(/[\r\n\u2028]/)).toHaveLength(1)
        expect(code(each)).toMatch(/^`[^`\n<>]*`$/)
        const [block] = sections([escapeText(each)])
        if (block?.text !== undefined) expect(block.text.text).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)/)
      }),
      { numRuns: 8000 },
    )
  })
})

describe('a secret in a report', () => {
  it('does not get through where a message is cut, or its output is', () => {
    const token = 'xoxb-123456789012-abcdefghijklmnopqrstuvwx'
    const key = `${'-'.repeat(5)}BEGIN PRIVATE KEY${'-'.repeat(5)}\n${'QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlq\n'.repeat(200)}${'-'.repeat(5)}END PRIVATE KEY${'-'.repeat(5)}`
    fc.assert(
      fc.property(fc.nat({ max: 3200 }), fc.nat({ max: 4000 }), (before, lines) => {
        const shown: Report = {
          title: `${'x'.repeat(before % 160)} ${token}`,
          tone: 'ok',
          summary: `${'y '.repeat(before / 2)}${token}`,
          facts: [{ label: 'Key', value: `${'z '.repeat(before / 2)}${token}` }],
          log: { title: 'Output', text: `${'w\n'.repeat(lines)}${key}\n${token}` },
        }
        const message = reportMessage(shown)
        const told = JSON.stringify([message, ...message.thread].map(prepare))
        expect(told).not.toMatch(/xoxb-1|123456789012|QUJDREVG/)
      }),
      { numRuns: 150 },
    )
  })
})
