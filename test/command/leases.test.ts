import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { leaseFrom, leaseTime, timeLeft, writeDuration } from '../../src/command/index.js'

const hour = 3_600_000
const now = Date.parse('2026-01-02T03:04:05.678Z')
const read = (typed: string) => leaseTime().safeParse(typed)
const span = fc.integer({ min: 3600, max: 3650 * 86_400 }).map((seconds) => seconds * 1000)
const time = fc
  .date({ min: new Date('2026-01-03'), max: new Date('2035-01-01'), noInvalidDate: true })
  .map((date) => `${date.toISOString().slice(0, 19)}Z`)

describe('a lease as it is typed', () => {
  it('is as long as it says, whatever its units', () => {
    fc.assert(
      fc.property(span, (ms) => {
        const lease = leaseFrom(read(writeDuration(ms)).data ?? '', now)
        expect(Date.parse(lease?.until ?? '') - now).toBe(ms)
        expect(lease?.from).toBe('2026-01-02T03:04:05.678Z')
      }),
    )
    expect(read('2w').data).toBe('14d')
    expect(read('3d 12h').data).toBe('3d12h')
  })

  it('is until the time that it says, in whatever zone', () => {
    fc.assert(
      fc.property(time, fc.integer({ min: -12, max: 14 }), (iso, zone) => {
        const local = new Date(Date.parse(iso) + zone * hour).toISOString().slice(0, 19)
        const offset = `${zone < 0 ? '-' : '+'}${String(Math.abs(zone)).padStart(2, '0')}:00`
        const lease = leaseFrom(read(`${local}${offset}`).data ?? '', now)
        expect(Date.parse(lease?.until ?? '')).toBe(Date.parse(iso))
      }),
    )
  })

  it('is read the same once it was read, and never gives a time that is none', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), time, span.map(writeDuration), fc.constant('None')), (typed) => {
        const { data } = read(typed)
        if (data === undefined) return
        expect(read(data).data).toBe(data)
        const lease = leaseFrom(data, now)
        if (data !== 'none') expect(new Date(lease?.until ?? '').toISOString()).toBe(lease?.until)
      }),
    )
  })

  it.each(['59m', '0', '7', '-7d', '1.5d', '11y', '3651d', '2026-02-30', 'tomorrow', '', '7d; rm -rf /'])(
    'is not %j',
    (typed) => {
      expect(read(typed).success).toBe(false)
    },
  )

  it.each([
    [3 * 24 * hour + 1000, '3d left'],
    [26.5 * hour, '1d2h left'],
    [hour + 59_000, '1h left'],
    [61_000, '1m left'],
    [59_000, 'less than a minute left'],
    [0, 'lease ended'],
    [-hour, 'lease ended'],
  ])('that has %d ms has %s', (ms, words) => {
    expect(timeLeft({ from: '', until: new Date(now + ms).toISOString() }, now)).toBe(words)
  })
})
