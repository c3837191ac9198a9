import { describe, expect, it } from 'vitest'
import type { Jobs } from '../../src/jobs/index.js'
import { Names } from '../../src/slack/names.js'
import { aJob, aReport } from './fakes.js'

const noJobs: Pick<Jobs, 'list'> = { list: () => [] }

describe('names', () => {
  it('stand for people in reports, so that nobody is told that others look', () => {
    const names = new Names(noJobs)
    names.learn({ id: 'U0ANN', name: 'ann' })
    const report = names.in(
      aReport({
        facts: [
          { label: 'Owner', value: 'U0ANN' },
          { label: 'VM', value: 'U0ANN' },
        ],
        table: {
          columns: ['VM', 'Owner'],
          rows: [
            ['WIN2019', 'U0ANN'],
            ['web1', 'U0BEN'],
            ['db1', 'terminal:root'],
          ],
        },
      }),
    )
    expect(report.facts?.map(({ value }) => value)).toEqual(['@ann', 'U0ANN'])
    expect(report.table?.rows).toEqual([
      ['WIN2019', '@ann'],
      ['web1', 'U0BEN'],
      ['db1', 'terminal:root'],
    ])
  })

  it('are known from jobs of before the last start', () => {
    const names = new Names({ list: ({ requester } = {}) => (requester === 'U0ANN' ? [aJob()] : []) })
    expect(names.of('U0ANN')).toBe('ann')
    expect(names.of('U0BEN')).toBeUndefined()
  })

  it('are not remembered without bound', () => {
    const names = new Names(noJobs)
    for (let n = 0; n <= 5000; n += 1) names.learn({ id: `U${n}`, name: `n${n}` })
    expect(names.of('U5000')).toBe('n5000')
    expect(names.of('U0')).toBeUndefined()
  })
})
