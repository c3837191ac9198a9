import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { InventorySet } from '../../src/agents/inventory-set.js'

interface Thing {
  uuid: string
  name: string
  state: number
}

/** The truth, and answers that a test holds back. Each answer is what was true when it was asked. */
class FakeHost {
  readonly things = new Map<string, Thing>()
  readonly failures: unknown[] = []
  readonly held: { answer(): void; fail(error: Error): void }[] = []
  holding = false
  lists = 0
  single = 0

  put(uuid: string, name = `vm-${uuid}`, state = 0): void {
    this.things.set(uuid, { uuid, name, state })
  }

  all = (): Promise<Thing[]> => {
    this.lists++
    return this.#answer([...this.things.values()].map((thing) => ({ ...thing })))
  }

  some = (uuids: readonly string[]): Promise<Thing[]> => {
    this.single++
    return this.#answer(
      uuids.flatMap((uuid) => {
        const thing = this.things.get(uuid)
        return thing === undefined ? [] : [{ ...thing }]
      }),
    )
  }

  failed = (error: unknown): void => {
    this.failures.push(error)
  }

  get truth(): Thing[] {
    return [...this.things.values()].sort((a, b) => a.name.localeCompare(b.name))
  }

  #answer(value: Thing[]): Promise<Thing[]> {
    if (!this.holding) return Promise.resolve(value)
    return new Promise((resolve, reject) => {
      this.held.push({ answer: () => resolve(value), fail: reject })
    })
  }
}

afterEach(() => {
  vi.useRealTimers()
})

async function settled(host: FakeHost): Promise<InventorySet<Thing>> {
  const set = new InventorySet<Thing>(host)
  await set.settle()
  return set
}

describe('what is held of a host', () => {
  it('is listed once and then read without asking', async () => {
    const host = new FakeHost()
    host.put('b')
    host.put('a')
    const set = await settled(host)
    await set.settle()
    expect(set.sorted).toEqual(host.truth)
    expect(set.named('vm-a')).toEqual(host.things.get('a'))
    expect(set.named('vm-')).toBeUndefined()
    expect([host.lists, host.single]).toEqual([1, 0])
  })

  it('asks for one that may have changed, and only for that', async () => {
    const host = new FakeHost()
    host.put('a')
    host.put('b')
    const set = await settled(host)
    host.put('a', 'vm-a', 1)
    set.suspect('a')
    await set.settle()
    expect(set.named('vm-a')?.state).toBe(1)
    expect([host.lists, host.single]).toEqual([1, 1])
    set.close()
  })

  it('asks by itself soon after an event, so that the next reader need not', async () => {
    vi.useFakeTimers()
    const host = new FakeHost()
    const set = await settled(host)
    host.put('new')
    for (let event = 0; event < 5; event++) set.suspect('new')
    expect(set.isSettled).toBe(false)
    await vi.advanceTimersByTimeAsync(10)
    expect(set.isSettled).toBe(true)
    expect(set.sorted).toEqual(host.truth)
    expect(host.single).toBe(1)
    set.close()
  })

  it('asks only when somebody reads, where it is told to', async () => {
    vi.useFakeTimers()
    const host = new FakeHost()
    const set = new InventorySet<Thing>({ all: host.all, failed: host.failed, lazy: true })
    set.suspectAll()
    await vi.advanceTimersByTimeAsync(1000)
    expect(host.lists).toBe(0)
    await set.settle()
    set.suspect('a')
    await vi.advanceTimersByTimeAsync(1000)
    expect(host.lists).toBe(1)
    host.put('a')
    await set.settle()
    expect(set.sorted).toEqual(host.truth)
  })

  it('asks once more after a while: a daemon may tell of an end before its lists show it', async () => {
    vi.useFakeTimers()
    const host = new FakeHost()
    host.put('a')
    const set = await settled(host)
    set.suspect('a')
    await vi.advanceTimersByTimeAsync(50)
    expect(set.named('vm-a')).toBeDefined()
    host.things.delete('a')
    await vi.advanceTimersByTimeAsync(300)
    expect(set.named('vm-a')).toBeUndefined()
    const asked = host.single
    await vi.advanceTimersByTimeAsync(60_000)
    expect(host.single).toBe(asked)
  })

  it('asks again for what changed while a list was on its way', async () => {
    const host = new FakeHost()
    host.put('a', 'vm-a', 1)
    host.put('gone')
    host.holding = true
    const set = new InventorySet<Thing>(host)
    const ready = set.settle()
    host.put('a', 'vm-a', 2)
    host.put('new')
    host.things.delete('gone')
    for (const uuid of ['a', 'new', 'gone']) set.suspect(uuid)
    host.holding = false
    for (const { answer } of host.held.splice(0)) answer()
    await ready
    await set.settle()
    expect(set.sorted).toEqual(host.truth)
    set.close()
  })

  it('never takes an answer that was asked before a change for one from after it', async () => {
    const host = new FakeHost()
    host.put('a', 'vm-a', 1)
    const set = await settled(host)
    host.holding = true
    const early = set.lookAgain('a')
    host.put('a', 'vm-a', 2)
    const own = set.lookAgain('a')
    host.holding = false
    for (const { answer } of host.held.splice(0)) answer()
    await early
    await own
    expect(set.named('vm-a')?.state).toBe(2)
  })

  it('keeps one in doubt when the question failed, and asks again for the next reader', async () => {
    vi.useFakeTimers()
    const host = new FakeHost()
    host.put('a', 'vm-a', 1)
    const set = await settled(host)
    host.holding = true
    host.put('a', 'vm-a', 2)
    set.suspect('a')
    await vi.advanceTimersByTimeAsync(10)
    const reading = set.settle()
    host.holding = false
    host.held.splice(0)[0]?.fail(new Error('the session ended'))
    await reading
    expect(set.named('vm-a')?.state).toBe(2)
    expect(host.failures).toMatchObject([{ message: 'the session ended' }])
    set.close()
  })

  it('tells a reader of a failure instead of giving what may be wrong', async () => {
    const host = new FakeHost()
    host.holding = true
    const set = new InventorySet<Thing>(host)
    const reading = set.settle()
    host.held.splice(0)[0]?.fail(new Error('no'))
    await expect(reading).rejects.toThrow('no')
    expect(set.isSettled).toBe(false)
  })

  it('gives a name to whoever has it now', async () => {
    const host = new FakeHost()
    host.put('old', 'web')
    const set = await settled(host)
    host.things.delete('old')
    host.put('new', 'web')
    set.suspect('new')
    set.suspect('old')
    await set.settle()
    expect(set.named('web')?.uuid).toBe('new')
    host.put('new', 'web2')
    set.suspect('new')
    await set.settle()
    expect(set.named('web')).toBeUndefined()
    expect(set.named('web2')?.uuid).toBe('new')
    set.close()
  })

  it('remembers no more of a flood of unknown things than that there was one', async () => {
    vi.useFakeTimers()
    const host = new FakeHost()
    host.put('a')
    const set = await settled(host)
    const before = host.lists
    for (let n = 0; n < 100_000; n++) set.suspect(`stranger-${n}`)
    await vi.advanceTimersByTimeAsync(10)
    await vi.advanceTimersByTimeAsync(1000)
    expect(set.sorted).toEqual(host.truth)
    expect(host.single).toBe(0)
    // One for the flood, one to confirm.
    expect(host.lists - before).toBe(2)
  })

  it('holds a thousand and reads them in no time', async () => {
    const host = new FakeHost()
    for (let n = 0; n < 1000; n++) host.put(`${n}`)
    const set = await settled(host)
    const started = performance.now()
    for (let n = 0; n < 1000; n++) expect(set.named(`vm-${n}`)?.uuid).toBe(`${n}`)
    for (let reads = 0; reads < 100; reads++) expect(set.sorted).toHaveLength(1000)
    expect(performance.now() - started).toBeLessThan(1000)
    expect(host.lists).toBe(1)
  })

  it('equals the host whatever happened in whatever order, once its events have come', async () => {
    const uuid = fc.constantFrom('a', 'b', 'c', 'd')
    const step = fc.oneof(
      fc.record({
        do: fc.constant('put' as const),
        uuid,
        name: fc.constantFrom('x', 'y', 'z'),
        state: fc.nat(7),
      }),
      fc.record({ do: fc.constant('drop' as const), uuid }),
      fc.record({ do: fc.constant('answer' as const), nth: fc.nat(3) }),
      fc.record({ do: fc.constant('fail' as const), nth: fc.nat(3) }),
      fc.record({ do: fc.constant('read' as const) }),
      fc.record({ do: fc.constant('stranger' as const) }),
      fc.record({ do: fc.constant('reconnect' as const) }),
      fc.record({ do: fc.constant('duplicate' as const), uuid }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const host = new FakeHost()
        host.holding = true
        const set = new InventorySet<Thing>(host, { gatherMs: 0, confirmMs: 0 })
        const readers: Promise<void>[] = []
        const sent: string[] = []
        for (const each of steps) {
          switch (each.do) {
            case 'put': {
              const taken = [...host.things.values()].some(
                ({ name, uuid: other }) => name === each.name && other !== each.uuid,
              )
              if (!taken) host.put(each.uuid, each.name, each.state)
              set.suspect(each.uuid)
              sent.push(each.uuid)
              break
            }
            case 'drop':
              host.things.delete(each.uuid)
              set.suspect(each.uuid)
              break
            case 'duplicate':
              set.suspect(each.uuid)
              break
            case 'stranger':
              set.suspect('nobody')
              break
            case 'reconnect':
              for (const { fail } of host.held.splice(0)) fail(new Error('cut'))
              set.suspectAll()
              break
            case 'answer':
              host.held.splice(each.nth, 1)[0]?.answer()
              break
            case 'fail':
              host.held.splice(each.nth, 1)[0]?.fail(new Error('failed'))
              break
            case 'read':
              readers.push(set.settle().catch(() => {}))
          }
          await Promise.resolve()
        }
        host.holding = false
        for (const { answer } of host.held.splice(0)) answer()
        await set.settle()
        expect(set.sorted).toEqual(host.truth)
        for (const thing of host.truth) expect(set.named(thing.name)).toEqual(thing)
        await Promise.all(readers)
        set.close()
      }),
      { numRuns: 500 },
    )
  })
})
