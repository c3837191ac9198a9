import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chartLines } from '../../src/report/index.js'

describe('a chart as text', () => {
  it('is a bar of each part, with its share and the whole', () => {
    const bars = [
      { label: 'memory', used: 12, whole: 15.62 },
      { label: 'pool default', used: 5, whole: 500 },
      { label: 'pool with-a-long-name', used: 20, whole: 20 },
    ]
    expect(chartLines({ title: 'kvm1', unit: 'GiB', bars })).toEqual([
      'memory       ████████░░  77 % of 15.6 GiB',
      'pool default ░░░░░░░░░░   1 % of 500 GiB',
      'pool with-a… ██████████ 100 % of 20 GiB',
    ])
    expect(chartLines({ title: 'nothing', unit: 'GiB', bars: [] })).toEqual([])
    expect(chartLines({ title: 'empty', unit: 'GiB', bars: [{ label: 'a', used: 0, whole: 0 }] })).toEqual([
      'a ░░░░░░░░░░   0 % of 0 GiB',
    ])
  })

  it('has lines of one shape, whatever the numbers', () => {
    const number = fc.double({ min: -10, max: 1e6, noNaN: true })
    fc.assert(
      fc.property(fc.array(fc.record({ label: fc.string(), used: number, whole: number })), (bars) => {
        for (const line of chartLines({ title: '', unit: 'GiB', bars }))
          expect(line).toMatch(/ [█]*[░]* [ \d]{3} % of -?[\d.]+ GiB$/u)
      }),
    )
  })
})
