/** What an auditor types in a terminal. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { auditCommand } from '../src/audit-command.js'
import { createLog } from '../src/log.js'
import { openAuditLog } from '../src/store/index.js'
import { printedBy } from './printed.js'

const ann = { id: 'U1', name: 'ann' }
const bob = { id: 'U2', name: 'bob' }

const entries = [
  {
    event: 'job.requested',
    job: 'j-aaaaa',
    by: ann,
    title: 'vm create web1',
    input: { args: { host: 'kvm1' } },
  },
  { event: 'job.started', job: 'j-aaaaa', locks: ['vm:kvm1/web1'] },
  { event: 'refused', by: bob, text: 'vm delete web1', why: 'Not bob.' },
  {
    event: 'job.requested',
    job: 'j-bbbbb',
    by: bob,
    title: '=cmd()"\u202e',
    input: { args: { vm: 'web10' } },
  },
]

async function aHouse(): Promise<NodeJS.ProcessEnv> {
  const path = await mkdtemp(join(tmpdir(), 'qnav-audit-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  const times = ['2026-01-01', '2026-01-02', '2026-01-03', '2026-01-04']
  const now = () => new Date(times.shift() ?? '2026-01-05')
  const audit = await openAuditLog({ path }, { log: createLog({ level: 'error', write: () => {} }), now })
  for (const entry of entries) await audit.append(entry)
  await audit.close()
  return { QNAV_DATA_DIR: path }
}

/** What is printed. */
async function printed(...words: string[]): Promise<string> {
  const house = await aHouse()
  const { text, code } = await printedBy(() => auditCommand(house, words))
  expect(code).toBe(0)
  return text
}

const numbersIn = (text: string) => text.split('\n').flatMap((line) => /^\d+/.exec(line)?.[0] ?? [])

describe('qnav audit', () => {
  it.each<[string[], string[]]>([
    [[], ['4', '3', '2', '1']],
    [['--by', 'ann'], ['1']],
    [
      ['--by', 'U2'],
      ['4', '3'],
    ],
    [
      ['--job', 'j-aaaaa'],
      ['2', '1'],
    ],
    [['--event', 'refused'], ['3']],
    [
      ['--command', 'vm'],
      ['3', '1'],
    ],
    [['--command', 'vm cre'], []],
    [['--about', 'web1'], ['2']],
    [
      ['--about', 'kvm1'],
      ['2', '1'],
    ],
    [
      ['--since', '2026-01-02', '--until', '2026-01-03T00:00Z'],
      ['3', '2'],
    ],
    [
      ['--before', '3'],
      ['2', '1'],
    ],
  ])('search %j finds %j, newest first', async (flags, numbers) => {
    const text = await printed('search', ...flags)
    expect(numbersIn(text)).toEqual(numbers)
    if (numbers.length === 0) expect(text).toBe('Nothing found.\n')
  })

  it('search shows so many, and says how to see those before', async () => {
    const text = await printed('search', '--limit', '2')
    expect(numbersIn(text)).toEqual(['4', '3'])
    expect(text).toMatch(/--before 3\n$/)
  })

  it('search lets no text turn the line around', async () => {
    expect(await printed('search', '--job', 'j-bbbbb')).toContain('\\u{202e}')
  })

  it('export gives the lines as they are in the log, oldest first', async () => {
    const lines = (await printed('export', '--job', 'j-aaaaa')).trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { seq: 1, entry: entries[0], hash: expect.any(String) },
      { seq: 2, entry: entries[1] },
    ])
  })

  it('export as CSV quotes what needs it', async () => {
    const rows = (await printed('export', '--format', 'csv', '--event', 'refused')).split('\r\n')
    expect(rows).toEqual([
      'seq,at,event,job,by,detail',
      '3,2026-01-03T00:00:00.000Z,refused,,bob (U2),"{""text"":""vm delete web1"",""why"":""Not bob.""}"',
      '',
    ])
  })

  it.each([
    ['--since', 'yesterday'],
    ['--limit', '0'],
    ['--before', 'x'],
    ['--format', 'xml'],
  ])('refuses %s %s in words', async (flag, value) => {
    await expect(auditCommand({}, ['search', flag, value])).rejects.toMatchObject({
      code: 'bad-argument',
      message: expect.stringContaining(value),
    })
  })

  it('refuses a verb that it does not have', async () => {
    await expect(auditCommand({}, ['edit'])).rejects.toMatchObject({ code: 'unknown-command' })
  })
})
