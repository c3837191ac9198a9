import { describe, expect, it } from 'vitest'
import { manualClock, wallClock } from '../../src/sandbox/index.js'

describe('a manual clock', () => {
  it('stands still, and runs what is due in order when it is advanced', () => {
    const clock = manualClock(1000)
    const ran: string[] = []
    clock.after(20, () => ran.push(`b at ${clock.now()}`))
    clock.after(10, () => {
      ran.push(`a at ${clock.now()}`)
      clock.after(5, () => ran.push(`a2 at ${clock.now()}`))
    })
    const cancel = clock.after(15, () => ran.push('cancelled'))
    cancel()
    clock.advance(9)
    expect(ran).toEqual([])
    clock.advance(91)
    expect(ran).toEqual(['a at 1010', 'a2 at 1015', 'b at 1020'])
    expect(clock.now()).toBe(1100)
  })
})

describe('the wall clock', () => {
  it('runs timers by itself, or sooner when it is advanced', async () => {
    const clock = wallClock()
    await new Promise<void>((resolve) => clock.after(5, resolve))
    const ran: string[] = []
    clock.after(60_000, () => ran.push('advanced'))
    clock.advance(60_000)
    expect(ran).toEqual(['advanced'])
    expect(clock.now() - Date.now()).toBeGreaterThan(59_000)
  })
})
