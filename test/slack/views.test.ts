import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Job } from '../../src/jobs/index.js'
import type { Table } from '../../src/report/index.js'
import { validateMessage, validateView } from '../../src/sandbox/block-validation/index.js'
import {
  approvalCard,
  breakGlassCard,
  denyModal,
  jobCard,
  type Message,
  mistake,
  prepare,
  prepareView,
  reportMessage,
  section,
} from '../../src/slack/views/index.js'
import { fitBlocks, limits } from '../../src/slack/views/limits.js'
import { clip, code, dateTime, escapeText, mention } from '../../src/slack/views/mrkdwn.js'
import { tableLines } from '../../src/slack/views/table-lines.js'
import { aJob, aPlan, aReport, waitingJob } from './fakes.js'
import { textOf } from './slack-stub.js'

const golden = (name: string) => `./golden/${name}.json`
const asJson = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`

const at = (minute: number) => `2026-11-23T10:0${minute}:00.000Z`
const steps = [
  { name: 'create', state: 'done' as const, startedAt: at(1), endedAt: at(2) },
  { name: 'start', state: 'running' as const, startedAt: at(2), progress: 'waiting for an address' },
]
const approved = { by: { id: 'U0BEN', name: 'ben' }, verdict: 'approve' as const, at: at(1) }
const asked = { rule: { approvers: 1, expiresMs: 1 }, expiresAt: '2026-11-23T14:00:00.000Z' }
const error = {
  code: 'insufficient-memory' as const,
  message: 'kvm1 has 512 MiB free; web1 wants 4 GiB.',
  fix: 'Ask for less: vm create web1 --memory 512',
}

describe('cards', () => {
  const cards = {
    'job-planning': aJob({ state: 'planning' }),
    'job-awaiting-approval': waitingJob(),
    'job-running': aJob({ plan: aPlan(), steps, approval: { ...asked, verdicts: [approved] } }),
    'job-succeeded': aJob({
      state: 'succeeded',
      plan: aPlan(),
      steps: steps.map((step) => ({ ...step, state: 'done' as const, endedAt: at(3) })),
      endedAt: at(3),
      report: aReport({
        title: 'web1 is running on kvm1',
        facts: [
          { label: 'Address', value: '192.168.122.7' },
          { label: 'Memory', value: '1 GiB' },
        ],
        actions: [
          { label: 'Stop', command: 'vm stop web1', style: 'danger', confirm: 'Stop web1?' },
          { label: 'Show', command: 'vm show web1' },
        ],
      }),
    }),
    'job-failed': aJob({
      state: 'failed',
      plan: aPlan(),
      error,
      steps: [{ ...steps[0], name: 'create', state: 'failed', startedAt: at(1), endedAt: at(2), error }],
    }),
    'job-refused': aJob({
      state: 'refused',
      error,
      plan: { ...aPlan(), kind: 'blocked', blockers: [error] },
    }),
    'job-cancelled': aJob({
      state: 'cancelled',
      cancel: { by: { id: 'U0ANN' }, at: at(4), reason: 'wrong image' },
    }),
  }
  it.each(Object.entries(cards))('look as agreed: %s', async (name, job) => {
    await expect(asJson(jobCard(job))).toMatchFileSnapshot(golden(name))
  })

  const approvals = {
    'approval-waiting': waitingJob({ plan: aPlan({ warnings: ['kvm1 will have less than 1 GiB free'] }) }),
    'approval-again': waitingJob({
      approval: {
        ...asked,
        verdicts: [],
        asked: {
          digest: 'd2',
          round: 2,
          differences: [
            { what: 'Memory', approved: '4 GiB', now: '8 GiB' },
            { what: 'Snapshot', now: 'before is removed' },
            { what: 'Volume', approved: '/a is removed' },
          ],
        },
        earlier: [approved],
      },
    }),
    'approval-from-roles': waitingJob({
      reason: 'it eats all memory',
      approval: {
        ...asked,
        rule: {
          approvers: 2,
          from: ['operator', 'security'],
          within: { windows: ['mon-fri 08:00-18:00'], timeZone: 'Europe/Amsterdam' },
          expiresMs: 1,
        },
        verdicts: [{ ...approved, roles: ['viewer', 'operator'], decides: false }],
      },
    }),
    'approval-approved': aJob({
      plan: aPlan(),
      approval: { ...asked, verdicts: [{ ...approved, reason: 'fine with me' }] },
    }),
    'approval-denied': waitingJob({
      state: 'denied',
      approval: { ...asked, verdicts: [{ ...approved, verdict: 'deny', reason: 'not on a Friday' }] },
      endedAt: at(5),
    }),
    'approval-expired': waitingJob({ state: 'expired', endedAt: '2026-11-23T14:00:00.000Z' }),
  }
  const glass = { rule: { approvers: 1, expiresMs: 1 }, at: at(0) }
  const emergency = {
    title: 'vm delete old1 --break-glass --reason "disk full"',
    reason: 'disk full',
    plan: aPlan(),
  }
  const broken = {
    'break-glass-running': aJob({ ...emergency, steps, breakGlass: glass }),
    'break-glass-over': aJob({ ...emergency, state: 'succeeded', breakGlass: glass, endedAt: at(5) }),
    'break-glass-reviewed': aJob({
      ...emergency,
      state: 'succeeded',
      breakGlass: { ...glass, review: { by: { id: 'U0BEN' }, report: 'it was right', at: at(6) } },
      endedAt: at(5),
    }),
  }
  it.each(Object.entries(broken))('announce break-glass as agreed: %s', async (name, job) => {
    await expect(asJson(breakGlassCard(job))).toMatchFileSnapshot(golden(name))
    await expect(asJson(jobCard(job))).toMatchFileSnapshot(golden(`job-${name}`))
  })

  it('do not let an emergency be declared by a click', () => {
    const failed = aJob({ ...emergency, state: 'failed', error })
    expect(JSON.stringify(jobCard(failed).blocks)).not.toContain('Ask again')
  })

  it.each(Object.entries(approvals))('ask approvers as agreed: %s', async (name, job) => {
    await expect(asJson(approvalCard(job))).toMatchFileSnapshot(golden(name))
  })

  it('keep approval buttons only while the request waits', () => {
    const types = (job: Parameters<typeof approvalCard>[0]) =>
      approvalCard(job).blocks.map(({ type }) => type)
    expect(types(waitingJob())).toContain('actions')
    for (const job of Object.values(approvals)) {
      expect(types(job).includes('actions')).toBe(job.state === 'awaiting-approval')
    }
  })

  it('say the state in the first line, which is what a lock screen shows', () => {
    const first = (job: Parameters<typeof jobCard>[0]) => jobCard(job).text.split('\n')[0]
    expect(first(cards['job-running'])).toBe('⏳ vm create web1: running · start · waiting for an address')
    expect(first(cards['job-succeeded'])).toBe('✅ vm create web1: done · web1 is running on kvm1')
    expect(first(cards['job-awaiting-approval'])).toBe('🔐 vm create web1: waiting for approval')
    expect(first(cards['job-failed'])).toBe(
      '❌ vm create web1: failed · kvm1 has 512 MiB free; web1 wants 4 GiB.',
    )
  })

  it('count approvals while more than one is needed', () => {
    const job = waitingJob({
      approval: { ...asked, rule: { approvers: 2, expiresMs: 1 }, verdicts: [approved] },
    })
    expect(textOf(approvalCard(job))).toContain('1 of 2 approvals')
  })

  it('offer no cancel once the job is over or being cancelled', () => {
    const hasCancel = (job: Parameters<typeof jobCard>[0]) =>
      JSON.stringify(jobCard(job)).includes('job cancel')
    expect(hasCancel(cards['job-running'])).toBe(true)
    expect(hasCancel(cards['job-succeeded'])).toBe(false)
    expect(hasCancel(aJob({ cancel: { by: { id: 'U0ANN' }, at: at(4) } }))).toBe(false)
  })

  it('tell how to go on when approvers could not be asked', () => {
    const text = textOf(
      jobCard(waitingJob(), { approvalNotPosted: { channel: 'C0APPROVE', why: 'not_in_channel' } }),
    )
    expect(text).toContain('/invite @qnav')
    expect(text).toContain('/qnav job approve j-7k2m9')
  })

  it('ask for a reason in a form that Slack takes', async () => {
    const view = denyModal(waitingJob(), { job: 'j-7k2m9', channel: 'C0APPROVE' })
    await expect(asJson(view)).toMatchFileSnapshot(golden('deny-modal'))
    expect(view.title.text.length).toBeLessThanOrEqual(24)
    expect((view.private_metadata ?? '').length).toBeLessThanOrEqual(3000)
  })
})

describe('reports', () => {
  it('stack facts, put what failed first and offer the next steps', async () => {
    const report = aReport({
      title: 'kvm1 has 1 problem',
      tone: 'fail',
      summary: 'One check of three failed.',
      facts: [{ label: 'Host', value: 'kvm1' }],
      findings: [
        { check: 'CPU', result: 'pass', measured: 'vmx', threshold: 'vmx or svm', probe: '/proc/cpuinfo' },
        { check: 'Disk', result: 'warn', measured: '8 % free', threshold: 'at least 10 %', probe: 'df' },
        {
          check: 'Memory',
          result: 'fail',
          measured: '512 MiB available',
          threshold: 'at least 1 GiB',
          probe: '/proc/meminfo',
          fix: 'Stop a VM.',
        },
      ],
      notes: ['Measured just now.'],
      actions: [{ label: 'Check again', command: 'host check kvm1' }],
    })
    const message = reportMessage(report, { by: { id: 'U0ANN' }, line: 'host check kvm1' })
    await expect(asJson(message)).toMatchFileSnapshot(golden('report-findings'))
    const text = textOf(message)
    expect(text.indexOf('*Memory*')).toBeLessThan(text.indexOf('*Disk*'))
    expect(text.indexOf('*Disk*')).toBeLessThan(text.indexOf('*CPU*'))
  })

  const vms = (n: number): Table => ({
    columns: ['Name', 'State', 'Host'],
    rows: Array.from({ length: n }, (_, i) => [`web${i}`, 'running', 'kvm1']),
  })

  it('show a narrow table in columns and a wide one as a list', async () => {
    expect(tableLines(vms(2))).toEqual([
      '```\nName  State    Host\nweb0  running  kvm1\nweb1  running  kvm1\n```',
    ])
    const wide = { ...vms(1), rows: [['a-long-name-of-a-vm', 'running', 'hypervisor-17.example.com']] }
    expect(tableLines(wide)).toEqual([
      '_Name · State · Host_',
      '• *a-long-name-of-a-vm* running · hypervisor-17.example.com',
    ])
    await expect(asJson(reportMessage(aReport({ title: '2 VMs', table: vms(2) })))).toMatchFileSnapshot(
      golden('report-table'),
    )
  })

  it('cut a long table, say how much is missing, and put all of it into the thread', () => {
    const message = reportMessage(aReport({ table: vms(57) }))
    expect(textOf(message.blocks)).toContain('… 37 more, all 57 in the thread')
    expect(textOf(message.blocks)).not.toContain('web56')
    expect(textOf(message.thread)).toContain('web56')
  })

  it('put output into the thread, in pieces that Slack takes', () => {
    const text = Array.from({ length: 900 }, (_, i) => `line ${i} <${'x'.repeat(20)}>`).join('\n')
    const { blocks, thread } = reportMessage(aReport({ log: { title: 'kcli', text } }))
    expect(textOf(blocks)).toContain('Output in the thread: kcli')
    for (let line = 0; line < 900; line += 1) expect(textOf(thread)).toContain(`line ${line} &lt;xxx`)
    for (const { blocks: each } of thread) expect(textOf(each).length).toBeLessThanOrEqual(limits.text)
  })

  it('bound the thread and say where the rest is', () => {
    const text = Array.from({ length: 5000 }, (_, i) => `line ${i} ${'x'.repeat(60)}`).join('\n')
    const { thread } = reportMessage(aReport({ log: { title: 'kcli', text } }), {
      by: { id: 'U1' },
      line: 'vm list',
    })
    expect(thread.length).toBe(13)
    expect(textOf(thread.at(-1))).toContain('qnav run "vm list"')
  })

  it('leave out a button whose command line Slack would not carry', () => {
    const actions = [{ label: 'Long', command: `vm list ${'x'.repeat(2000)}` }]
    expect(reportMessage(aReport({ actions })).blocks.map(({ type }) => type)).not.toContain('actions')
  })
})

describe('text of people and hosts', () => {
  it('cannot mention, link or call a channel', () => {
    const report = aReport({ title: 'a', summary: '<!channel> <@U1> & <https://evil|here>' })
    expect(textOf(reportMessage(report).blocks)).not.toMatch(/<!channel>|<@U1>|<https/)
    expect(escapeText('a & <b>')).toBe('a &amp; &lt;b&gt;')
  })

  it('cannot end code or leave its block', () => {
    expect(code('a`b')).toBe("`a'b`")
  })

  it('is cut between characters', () => {
    expect(clip('ab&lt;cd', 5)).toBe('ab…')
    expect(clip('ab😀cd', 4)).toBe('ab…')
    expect(clip('short', 5)).toBe('short')
  })

  it('names people of Slack by mention and people at terminals by name', () => {
    expect(mention({ id: 'U0ANN', name: 'ann' })).toBe('<@U0ANN>')
    expect(mention({ id: 'terminal:root', name: 'root' })).toBe('root')
  })

  it('shows times in the zone of the reader', () => {
    expect(dateTime('2026-11-23T14:00:00.000Z')).toBe(
      '<!date^1795442400^{date_short_pretty} {time}|2026-11-23 14:00 UTC>',
    )
  })

  it('shows a mistake with what to type instead', async () => {
    await expect(asJson(mistake(error))).toMatchFileSnapshot(golden('mistake'))
  })
})

describe('what leaves the bot', () => {
  const word = fc.oneof(
    fc.string({ maxLength: 40 }),
    fc.string({ maxLength: 4000 }),
    fc.constant('<&>'.repeat(1000)),
  )
  const anyReport = fc.record(
    {
      title: word,
      tone: fc.constantFrom('ok' as const, 'fail' as const),
      summary: word,
      facts: fc.array(fc.record({ label: word, value: word }), { maxLength: 40 }),
      table: fc.record({
        columns: fc.array(word, { minLength: 1, maxLength: 4 }),
        rows: fc.array(fc.array(word, { maxLength: 4 }), { maxLength: 60 }),
      }),
      findings: fc.array(
        fc.record({
          check: word,
          result: fc.constantFrom('pass' as const, 'fail' as const),
          measured: word,
          threshold: word,
          probe: word,
          fix: word,
        }),
        { maxLength: 40 },
      ),
      notes: fc.array(word, { maxLength: 30 }),
      log: fc.record({ title: word, text: word }),
      actions: fc.array(fc.record({ label: word, command: word, confirm: word }), { maxLength: 10 }),
    },
    { requiredKeys: ['title', 'tone'] },
  )
  const problems = (messages: Message[]) => messages.map(prepare).flatMap((each) => validateMessage(each))

  it('is what Slack takes, whatever a report holds', () => {
    fc.assert(
      fc.property(anyReport, word, (report, line) => {
        const message = reportMessage(report, { by: { id: 'U1' }, line })
        expect(problems([message, ...message.thread])).toEqual([])
      }),
      { numRuns: 200 },
    )
  })

  it('is what Slack takes, whatever a job holds', () => {
    const anyJob = fc.record({
      state: fc.constantFrom<Job['state']>(
        'planning',
        'awaiting-approval',
        'running',
        'succeeded',
        'failed',
        'denied',
      ),
      title: word,
      words: fc.array(word, { maxLength: 30 }),
      report: anyReport,
    })
    fc.assert(
      fc.property(anyJob, ({ state, title, words, report }) => {
        const [first = ''] = words
        const job = waitingJob({
          state,
          title,
          report,
          plan: aPlan({
            summary: first,
            warnings: words,
            changes: words.map((what) => ({ what, from: what, to: what })),
          }),
          steps: words.map((name) => ({ name, state: 'running', startedAt: at(1), progress: name })),
          error: { code: 'internal', message: first, fix: first },
        })
        const card = jobCard(job)
        expect(
          problems([card, ...card.thread, approvalCard(job), mistake({ message: first, fix: first })]),
        ).toEqual([])
        expect(validateView(denyModal(job, { job: job.id, channel: 'C1' }))).toEqual([])
      }),
      { numRuns: 100 },
    )
  })

  it('is a view that Slack takes, whatever it holds', () => {
    const plain = word.map((text) => ({ type: 'plain_text' as const, text }))
    const mrkdwn = word.map((text) => ({ type: 'mrkdwn' as const, text }))
    const button = fc.record({
      type: fc.constant('button' as const),
      action_id: fc.uuid(),
      text: plain,
      value: word,
    })
    const block = fc.oneof(
      fc.record({ type: fc.constant('header' as const), text: plain }),
      fc.record({ type: fc.constant('section' as const), text: mrkdwn, accessory: button }),
      fc.record({ type: fc.constant('section' as const), fields: fc.array(mrkdwn, { maxLength: 15 }) }),
      fc.record({ type: fc.constant('context' as const), elements: fc.array(mrkdwn, { maxLength: 15 }) }),
      fc.record({ type: fc.constant('actions' as const), elements: fc.array(button, { maxLength: 30 }) }),
      fc.record({
        type: fc.constant('input' as const),
        label: plain,
        hint: plain,
        element: fc.constant({ type: 'plain_text_input' as const, action_id: 'x' }),
      }),
    )
    const anyView = fc.record({
      type: fc.constant('modal' as const),
      title: plain,
      submit: plain,
      close: plain,
      blocks: fc.array(block, { maxLength: 150 }),
    })
    fc.assert(
      fc.property(anyView, (view) => {
        expect(validateView(prepareView(view))).toEqual([])
        expect(validateView(prepareView({ type: 'home', blocks: view.blocks }))).toEqual([])
        expect(problems([{ text: 'x', blocks: view.blocks.filter(({ type }) => type !== 'input') }])).toEqual(
          [],
        )
      }),
      { numRuns: 60 },
    )
  })

  it('counts what a view had to leave out', () => {
    const blocks = Array.from({ length: 137 }, (_, n) => section(`line ${n}`))
    const view = prepareView({ type: 'home', blocks })
    expect(view.blocks).toHaveLength(100)
    expect(textOf(view)).toContain('… 38 more parts do not fit into this view')
    const long = Array.from({ length: 90 }, () => section('€'.repeat(2900)))
    const cut = prepareView({ type: 'home', blocks: long })
    expect(validateView(cut)).toEqual([])
    expect(textOf(cut)).toContain('more parts do not fit')
  })

  it('keeps its buttons when other parts have to go', () => {
    const blocks = [
      ...Array.from({ length: 60 }, () => ({ type: 'divider' as const })),
      {
        type: 'actions' as const,
        elements: [
          {
            type: 'button' as const,
            action_id: 'run:0',
            text: { type: 'plain_text' as const, text: 'Stop' },
          },
        ],
      },
    ]
    const fitted = fitBlocks(blocks)
    expect(fitted).toHaveLength(50)
    expect(fitted.at(-1)?.type).toBe('actions')
    expect(textOf(fitted)).toContain('… 12 more parts')
  })

  it('stays within the limits when redaction makes text longer', () => {
    const text = 'token=a '.repeat(370)
    const message = prepare({ text, blocks: [{ type: 'section', text: { type: 'mrkdwn', text } }] })
    const [block] = message.blocks
    expect(block?.type === 'section' && (block.text?.text.length ?? 0)).toBeLessThanOrEqual(3000)
    expect(textOf(message)).toContain('[redacted]')
  })
})
