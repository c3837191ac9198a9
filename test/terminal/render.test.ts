import { describe, expect, it } from 'vitest'
import type { Job } from '../../src/jobs/index.js'
import { renderError, renderJob, renderReport } from '../../src/terminal/index.js'

describe('a report in a terminal', () => {
  it('has aligned facts and tables, findings, notes and what to type next', () => {
    expect(
      renderReport({
        title: '2 VMs',
        tone: 'warn',
        summary: 'One runs.',
        facts: [
          { label: 'Host', value: 'kvm1' },
          { label: 'Memory available', value: '8 GiB' },
        ],
        table: {
          columns: ['VM', 'State'],
          rows: [
            ['web1', 'running'],
            ['longer-name', 'shut off'],
          ],
        },
        findings: [
          {
            check: 'Memory',
            result: 'pass',
            measured: '8 GiB',
            threshold: 'at least 1 GiB',
            probe: '/proc/meminfo',
          },
          {
            check: 'Pool',
            result: 'fail',
            measured: 'off',
            threshold: 'on',
            probe: 'libvirt',
            fix: 'virsh pool-start',
          },
        ],
        log: { title: 'Examples', text: 'vm list\nvm show web1' },
        notes: ['kvm2 did not answer.'],
        actions: [{ label: 'Show', command: 'vm show web1' }],
      }),
    ).toMatchInlineSnapshot(`
      "WARN  2 VMs
      One runs.

      Host:              kvm1
      Memory available:  8 GiB

      VM           STATE
      web1         running
      longer-name  shut off

      PASS  Memory: 8 GiB (wanted: at least 1 GiB; measured by /proc/meminfo)
      FAIL  Pool: off (wanted: on; measured by libvirt)
            → virsh pool-start

      Examples:
        vm list
        vm show web1

      kvm2 did not answer.

      Next:
        Show  vm show web1
      "
    `)
  })

  it('is the title alone when there is nothing else', () => {
    expect(renderReport({ title: 'Done', tone: 'ok' })).toBe('OK  Done\n')
    expect(
      renderReport({ title: '0 VMs', tone: 'info', table: { columns: ['VM'], rows: [] }, facts: [] }),
    ).toBe('0 VMs\n')
  })

  it('lets no name steer the terminal', () => {
    const report = renderReport({
      title: 'a\u001b[2Jb\rc\u202ed',
      tone: 'info',
      facts: [{ label: 'x\n', value: 'y\u0007' }],
    })
    expect(report).toBe('a [2Jb c d\n\nx :  y\n')
    expect(renderError({ code: 'internal', message: 'a\u001b[0m', fix: 'b' })).toBe('a [0m\nb\n')
  })
})

describe('a job in a terminal', () => {
  const job: Job = {
    id: 'j-test1',
    body: 'command',
    version: 1,
    title: 'vm start web1',
    input: {},
    requester: { id: 'U1', name: 'ann' },
    origin: { surface: 'terminal' },
    state: 'awaiting-approval',
    plan: {
      kind: 'ready',
      summary: 'Start VM web1 on kvm1',
      host: 'kvm1',
      changes: [
        { what: 'State', from: 'shut off', to: 'running' },
        { what: 'Disk', to: '10 GiB' },
        { what: 'Snapshot x', from: 'its state' },
      ],
      facts: [{ label: 'Memory available', value: '4 GiB' }],
      warnings: ['Mind the gap.'],
    },
    approval: { rule: { approvers: 1, expiresMs: 1 }, expiresAt: '2026-01-02T07:04:05.000Z', verdicts: [] },
    locks: [],
    steps: [],
    createdAt: '2026-01-02T03:04:05.000Z',
    updatedAt: '2026-01-02T03:04:05.000Z',
    revision: 1,
  }

  it('shows whose word it waits for, and that it went without', () => {
    const rule = { approvers: 2, from: ['operator', 'security'], expiresMs: 1 }
    const verdicts = [
      {
        by: { id: 'U2', name: 'ben' },
        roles: ['operator'],
        decides: false,
        verdict: 'approve' as const,
        at: '',
      },
    ]
    const lines = renderJob({ ...job, approval: { rule, expiresAt: '2026-01-02T07:04:05.000Z', verdicts } })
    expect(lines).toContain(
      'Waiting for approval (1 of 2: needs somebody of security) until 2026-01-02T07:04:05.000Z: job approve j-test1',
    )
    const { approval: _, ...alone } = job
    expect(renderJob({ ...alone, state: 'running', breakGlass: { rule, at: '' } })).toContain(
      'Break-glass: it goes without 2 approvals of others than the one who asks: one of operator, one of security, and has to be reviewed.',
    )
  })

  it('shows its plan and what it waits for', () => {
    expect(renderJob(job)).toEqual([
      'j-test1  vm start web1',
      'Plan: Start VM web1 on kvm1',
      '  State:             shut off → running',
      '  Disk:              new, 10 GiB',
      '  Snapshot x:        gone, its state',
      '  Memory available:  4 GiB',
      '  Warning: Mind the gap.',
      'Waiting for approval until 2026-01-02T07:04:05.000Z: job approve j-test1',
    ])
  })

  it('says later what it said before, so that only new lines need to be shown', () => {
    const startedAt = '2026-01-02T03:04:05.000Z'
    const running: Job = { ...job, state: 'running', steps: [{ name: 'start', state: 'running', startedAt }] }
    const over: Job = {
      ...running,
      state: 'succeeded',
      steps: [{ name: 'start', state: 'done', startedAt, endedAt: '2026-01-02T03:04:07.000Z' }],
    }
    const said = renderJob(running)
    expect(renderJob(over).filter((line) => !said.includes(line))).toEqual(['  done    start (2 s)'])
  })

  it('says everything that stands in the way of a refused one', () => {
    const blockers: [{ code: 'unknown-image'; message: string; fix: string }] = [
      { code: 'unknown-image', message: 'kvm1 has no image "x".', fix: 'Its images are: y.' },
    ]
    const { approval: _, ...asked } = job
    const { plan } = job
    if (plan === undefined) throw new Error('unreachable')
    const lines = renderJob({
      ...asked,
      state: 'refused',
      plan: { ...plan, kind: 'blocked', blockers },
      error: blockers[0],
    })
    expect(lines.slice(-2)).toEqual([
      '  In the way: kvm1 has no image "x". Its images are: y.',
      'The job was refused.',
    ])
  })
})
