import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createLog } from '../../src/log.js'
import { openPreferences, quietHours, quietUntil } from '../../src/preferences/index.js'

const log = createLog({ level: 'silent' })
const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJ3 ann@laptop'

async function aDirectory(): Promise<{ path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'qnav-prefs-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return { path }
}

describe('preferences', () => {
  it('outlive a restart, each person their own', async () => {
    const data = await aDirectory()
    const book = await openPreferences(data, { log })
    await book.set('U0ANN', { host: 'kvm1', sshKey: key, timeZone: 'Europe/Amsterdam', quiet: '22:00-07:00' })
    await book.set('terminal:ann', { host: 'kvm2' })
    const again = await openPreferences(data, { log })
    expect(again.of('U0ANN')).toEqual({
      host: 'kvm1',
      sshKey: key,
      timeZone: 'Europe/Amsterdam',
      quiet: '22:00-07:00',
    })
    expect(again.of('terminal:ann')).toEqual({ host: 'kvm2' })
    expect(again.of('U0BEN')).toEqual({})
  })

  it('are forgotten when nothing is left in them', async () => {
    const data = await aDirectory()
    const book = await openPreferences(data, { log })
    await book.set('U0ANN', { host: 'kvm1' })
    await book.set('U0ANN', {})
    expect(book.of('U0ANN')).toEqual({})
    expect((await openPreferences(data, { log })).of('U0ANN')).toEqual({})
  })

  it('that cannot be read any more are as if they had never been set', async () => {
    const data = await aDirectory()
    const book = await openPreferences(data, { log })
    await book.set('U0ANN', { host: 'kvm1' })
    await book.set('U0BEN', { host: 'kvm2' })
    const folder = join(data.path, 'preferences')
    const [first = ''] = await readdir(folder)
    await writeFile(join(folder, first), 'garbage')
    const again = await openPreferences(data, { log })
    const left = [again.of('U0ANN'), again.of('U0BEN')].filter((each) => each.host !== undefined)
    expect(left).toHaveLength(1)
  })
})

describe('quiet hours', () => {
  it.each([
    ['22:00-07:00', '2026-01-02T21:59:00Z', undefined],
    ['22:00-07:00', '2026-01-02T22:00:00Z', '2026-01-03T07:00:00.000Z'],
    ['22:00-07:00', '2026-01-03T03:00:00Z', '2026-01-03T07:00:00.000Z'],
    ['22:00-07:00', '2026-01-03T07:00:00Z', undefined],
    ['12:00-13:30', '2026-01-03T12:10:00Z', '2026-01-03T13:30:00.000Z'],
    ['12:00-13:30', '2026-01-03T13:30:00Z', undefined],
    ['00:00-06:00', '2026-01-03T05:59:59Z', '2026-01-03T06:00:00.000Z'],
  ])('%s: at %s they last until %s', (quiet, now, until) => {
    const end = quietUntil({ quiet }, Date.parse(now))
    expect(end === undefined ? undefined : new Date(end).toISOString()).toBe(until)
  })

  it('are those of the person’s own clock, over the change to summer time too', () => {
    const ours = { quiet: '22:00-07:00', timeZone: 'Europe/Amsterdam' }
    const end = (now: string) => quietUntil(ours, Date.parse(now))
    expect(end('2026-03-28T20:59:00Z')).toBeUndefined()
    expect(new Date(end('2026-03-28T21:00:00Z') ?? 0).toISOString()).toBe('2026-03-29T05:00:00.000Z')
  })

  it('end, within a day, in any zone and at any time', () => {
    const time = fc
      .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
      .map(([hour, minute]) => `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`)
    fc.assert(
      fc.property(
        time,
        time,
        fc.integer({ min: 0, max: 4e12 }),
        fc.constantFrom('UTC', 'Europe/Amsterdam', 'America/New_York', 'Asia/Kathmandu'),
        (from, to, now, timeZone) => {
          fc.pre(from !== to)
          const end = quietUntil({ quiet: `${from}-${to}`, timeZone }, now)
          if (end === undefined) return
          expect(end).toBeGreaterThan(now)
          expect(end - now).toBeLessThanOrEqual(26 * 3_600_000)
          expect(quietUntil({ quiet: `${from}-${to}`, timeZone }, end)).toBeUndefined()
        },
      ),
    )
  })

  it.each(['', '22-7', '24:00-07:00', '22:00-22:00', '22:00 - 07:00', '9:00-17:00'])(
    'are not "%s"',
    (text) => {
      expect(quietHours(text)).toBeUndefined()
    },
  )
})
