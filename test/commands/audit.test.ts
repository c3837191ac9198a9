import { describe, expect, it } from 'vitest'
import type { AuditHit, AuditReading } from '../../src/command/index.js'
import { aFleet } from '../fakes/fleet.js'
import { ask, offers } from './conversation.js'

const { fleet } = aFleet({ hosts: [{ name: 'kvm1' }] })

function aHit(seq: number, more: Partial<AuditHit> = {}): AuditHit {
  return {
    seq,
    at: '2026-01-02T03:04:05.000Z',
    event: 'refused',
    job: '',
    by: 'ann (U1)',
    detail: '',
    ...more,
  }
}

describe('audit search', () => {
  it('hands on what was typed, and shows the entries', async () => {
    const asked: unknown[] = []
    const audit: AuditReading = {
      async search(...what) {
        asked.push(...what)
        return { hits: [aHit(7, { job: 'j-aaaaa', detail: '{"text":"vm delete web1"}' })] }
      },
    }
    const line = 'audit search --about web1 --by ann --command "vm delete" --since 7d --limit 5 --before 9'
    const report = await ask(line, { fleet, audit })
    expect(asked).toEqual([
      { about: 'web1', by: 'ann', command: 'vm delete', since: '7d' },
      { limit: 5, before: 9 },
    ])
    expect(report).toMatchObject({
      title: '1 entry',
      table: {
        rows: [
          ['7', '2026-01-02 03:04:05 UTC', 'refused', 'j-aaaaa', 'ann (U1)', '{"text":"vm delete web1"}'],
        ],
      },
      actions: [],
    })
  })

  it('goes on with older ones by the same line', async () => {
    const audit: AuditReading = { search: async () => ({ hits: [aHit(7), aHit(6)], more: 6 }) }
    const report = await ask('audit search --command "vm delete" --limit 2', { fleet, audit })
    expect(offers(report)).toEqual({ Older: 'audit search --command "vm delete" --limit 2 --before 6' })
  })

  it('says how far it looked when that took too long, and when there is nothing', async () => {
    const audit: AuditReading = {
      search: async () => ({ hits: [], more: 6, gaveUpAt: '2026-01-02T03:04:05.000Z' }),
    }
    expect(await ask('audit search --job j-aaaaa', { fleet, audit })).toMatchObject({
      title: 'Nothing found',
      tone: 'warn',
      summary: 'It took too long: looked back as far as 2026-01-02 03:04:05 UTC.',
    })
  })

  it('shows the beginning of long details', async () => {
    const audit: AuditReading = { search: async () => ({ hits: [aHit(1, { detail: 'x'.repeat(9000) })] }) }
    const report = await ask('audit search', { fleet, audit })
    expect(report.table?.rows[0]?.[5]).toBe(`${'x'.repeat(300)}…`)
  })
})
