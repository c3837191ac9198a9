import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Turns } from '../../src/kcli/turns.js'

const patient = () => new AbortController().signal

describe('turns', () => {
  it('are taken one after another, in the order asked, also after a failure', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.record({ fails: fc.boolean(), ticks: fc.nat(5) })), async (works) => {
        const turns = new Turns()
        const seen: string[] = []
        const taken = works.map(({ fails, ticks }, index) =>
          turns.take(patient(), async () => {
            seen.push(`${index} begins`)
            for (let tick = 0; tick < ticks; tick += 1) await Promise.resolve()
            seen.push(`${index} ends`)
            if (fails) throw new Error(`${index} fails`)
            return index
          }),
        )
        const results = await Promise.allSettled(taken)
        expect(seen).toEqual(works.flatMap((_, index) => [`${index} begins`, `${index} ends`]))
        expect(results.map(({ status }) => status)).toEqual(
          works.map(({ fails }) => (fails ? 'rejected' : 'fulfilled')),
        )
      }),
    )
  })

  it('pass over who gave up waiting, and nobody comes early for it', async () => {
    const turns = new Turns()
    let finish = (): void => {}
    const first = turns.take(patient(), () => new Promise<void>((resolve) => (finish = resolve)))
    const leaving = new AbortController()
    let worked = false
    const second = turns.take(leaving.signal, async () => {
      worked = true
    })
    let third = false
    const last = turns.take(patient(), async () => {
      third = true
    })
    const reason = new Error('the bot stops')
    leaving.abort(reason)
    await expect(second).rejects.toBe(reason)
    expect(third).toBe(false)
    finish()
    await Promise.all([first, last])
    expect([worked, third]).toEqual([false, true])
  })

  it('are not waited for by who had given up before', async () => {
    const turns = new Turns()
    const reason = new Error('too late')
    await expect(turns.take(AbortSignal.abort(reason), async () => 1)).rejects.toBe(reason)
    await expect(turns.take(patient(), async () => 2)).resolves.toBe(2)
  })
})
