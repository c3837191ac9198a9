import { describe, expect, it } from 'vitest'
import { MutationLock } from '../../src/agents/mutation-lock.js'

describe('the mutation lock of a host', () => {
  it('runs one piece of work at a time, in order', async () => {
    const lock = new MutationLock()
    const seen: string[] = []
    const work = (name: string) => async () => {
      seen.push(`${name} in`)
      await new Promise((resolve) => setImmediate(resolve))
      seen.push(`${name} out`)
    }
    await Promise.all([
      lock.run(undefined, work('a')),
      lock.run(undefined, work('b')),
      lock.run(undefined, work('c')),
    ])
    expect(seen).toEqual(['a in', 'a out', 'b in', 'b out', 'c in', 'c out'])
  })

  it('goes on after work that failed', async () => {
    const lock = new MutationLock()
    await expect(lock.run(undefined, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    await expect(lock.run(undefined, async () => 'yes')).resolves.toBe('yes')
  })

  it('is left by who gives up waiting, without letting the next in too early', async () => {
    const lock = new MutationLock()
    let finish = (): void => {}
    const first = lock.run(
      undefined,
      () =>
        new Promise<void>((resolve) => {
          finish = resolve
        }),
    )
    const controller = new AbortController()
    const second = lock.run(controller.signal, async () => 'second')
    let thirdRan = false
    const third = lock.run(undefined, async () => {
      thirdRan = true
    })
    controller.abort(new Error('gave up'))
    await expect(second).rejects.toThrow('gave up')
    expect(thirdRan).toBe(false)
    finish()
    await Promise.all([first, third])
    expect(thirdRan).toBe(true)
  })
})
