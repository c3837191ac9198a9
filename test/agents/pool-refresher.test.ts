import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { PoolRefresher } from '../../src/agents/pool-refresher.js'
import { createLog } from '../../src/log.js'

/** Refreshes under way, oldest first, to be ended by hand. */
let underWay: { pool: string; end: (error?: Error) => void }[]
let begun: string[]
let logged: string[]
let refresher: PoolRefresher

const end = (pool: string, error?: Error) => {
  const at = underWay.findIndex((each) => each.pool === pool)
  expect(at, `a refresh of ${pool} is under way`).toBeGreaterThanOrEqual(0)
  underWay.splice(at, 1)[0]?.end(error)
}

beforeEach(() => {
  vi.useFakeTimers()
  underWay = []
  begun = []
  logged = []
  refresher = new PoolRefresher(
    (pool) =>
      new Promise((resolve, reject) => {
        begun.push(pool)
        underWay.push({ pool, end: (error) => (error === undefined ? resolve() : reject(error)) })
      }),
    createLog({ level: 'warn', write: (line) => logged.push(line) }),
  )
})
afterEach(() => {
  vi.useRealTimers()
})

describe('looking at the files of pools', () => {
  it('asks for all of them side by side', async () => {
    const both = refresher.refresh(['a', 'b'])
    expect(begun).toEqual(['a', 'b'])
    end('b')
    end('a')
    await expect(both).resolves.toEqual(['a', 'b'])
  })

  it('looks once more for those who ask while it is under way, once for all of them', async () => {
    const first = refresher.refresh(['a'])
    const [second, third] = [refresher.refresh(['a']), refresher.refresh(['a'])]
    end('a')
    await expect(first).resolves.toEqual(['a'])
    await vi.waitFor(() => expect(begun).toEqual(['a', 'a']))
    end('a')
    await expect(Promise.all([second, third])).resolves.toEqual([['a'], ['a']])
    expect(begun).toEqual(['a', 'a'])
  })

  it('counts a pool as answering though the next look at it has begun by then', async () => {
    const first = refresher.refresh(['a', 'b'])
    end('a')
    await vi.advanceTimersByTimeAsync(0)
    const second = refresher.refresh(['a'])
    end('b')
    await expect(first).resolves.toEqual(['a', 'b'])
    end('a')
    await expect(second).resolves.toEqual(['a'])
  })

  it('leaves out one that hangs, after five seconds, and does not ask it again meanwhile', async () => {
    const asked = refresher.refresh(['a', 'dead'])
    end('a')
    await vi.advanceTimersByTimeAsync(5000)
    await expect(asked).resolves.toEqual(['a'])
    const again = refresher.refresh(['dead'])
    await vi.advanceTimersByTimeAsync(5000)
    await expect(again).resolves.toEqual([])
    expect(begun).toEqual(['a', 'dead'])
  })

  it('counts one that fails as answering, says why in the log, and asks it again next time', async () => {
    const asked = refresher.refresh(['a'])
    end('a', new Error('cannot open directory'))
    await expect(asked).resolves.toEqual(['a'])
    expect(logged.join()).toContain('cannot open directory')
    const again = refresher.refresh(['a'])
    end('a')
    await expect(again).resolves.toEqual(['a'])
  })
})
