/** Whatever way jobs end: nothing stays locked, nobody who waits is forgotten, and no two ever hold the same. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UserError } from '../../src/errors.js'
import { isOver, type JobBody, type Jobs } from '../../src/jobs/index.js'
import { conflict } from '../../src/jobs/lock-names.js'
import { aGate, aPlan, approver, aReport, aRequest, asker, never } from './builders.js'
import { aLocalWorld, type LocalWorld } from './local-world.js'

const names = ['vm:kvm1/web1', 'vm:kvm1/web2', 'host:kvm1', 'vm:kvm2/web1', 'host:kvm2']
const endings = [
  'succeeds',
  'fails',
  'throws',
  'is blocked',
  'is deaf',
  'is undone',
  'cannot be undone',
] as const

interface Wanted {
  locks: string[]
  ending: (typeof endings)[number]
  asks: boolean
}

const wanted: fc.Arbitrary<Wanted> = fc.record({
  locks: fc.subarray(names, { minLength: 1, maxLength: 3 }),
  ending: fc.constantFrom(...endings),
  asks: fc.boolean(),
})
const which = fc.nat({ max: 9 })
const event = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('submit' as const), wanted }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('let go' as const), which }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('decide' as const),
      which,
      verdict: fc.constantFrom('approve' as const, 'deny' as const),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('cancel' as const), which }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 5_000_000 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('restart' as const),
      how: fc.constantFrom('crash', 'stop', 'upgrade'),
    }),
  },
)

class Story {
  readonly #world: LocalWorld
  readonly #gates = new Map<string, ReturnType<typeof aGate>>()
  #jobs: Jobs
  #version = 1
  #ids: string[] = []
  #isOpen = false

  constructor(world: LocalWorld) {
    this.#world = world
    this.#jobs = this.#opened()
  }

  get jobs(): Jobs {
    return this.#jobs
  }

  async begin(): Promise<void> {
    await this.#jobs.start()
  }

  async tell(happening: typeof event extends fc.Arbitrary<infer E> ? E : never): Promise<void> {
    const job = 'which' in happening ? this.#ids[happening.which % Math.max(1, this.#ids.length)] : undefined
    switch (happening.kind) {
      case 'submit':
        this.#ids.push((await this.#jobs.submit(aRequest({ input: { ...happening.wanted } }))).id)
        break
      case 'let go':
        if (job !== undefined) this.#gate(job).open()
        break
      case 'decide':
        if (job !== undefined)
          await this.#jobs.decide(job, { by: approver, verdict: happening.verdict }).catch(refused)
        break
      case 'cancel':
        if (job !== undefined) await this.#jobs.cancel(job, asker).catch(refused)
        break
      case 'wait':
        this.#world.clock.advance(happening.ms)
        break
      case 'restart':
        if (happening.how === 'stop') {
          const stopped = this.#jobs.stop()
          await pass()
          this.#world.clock.advance(20_000)
          await stopped
        }
        this.#world.crash()
        if (happening.how === 'upgrade') this.#version += 1
        this.#jobs = this.#opened()
        await this.#jobs.start()
    }
    await pass()
    this.#mustHoldNothingTwice()
  }

  /** Everybody gets what they wait for, and time passes. */
  async end(): Promise<void> {
    this.#isOpen = true
    for (const gate of this.#gates.values()) gate.open()
    for (let round = 0; round < 400 && this.#jobs.list().some((job) => !isOver(job)); round += 1) {
      await pass()
      this.#mustHoldNothingTwice()
      if (round % 20 === 19) this.#world.clock.advance(3_600_000)
    }
    expect(this.#jobs.list().filter((job) => !isOver(job))).toEqual([])
    expect(this.#jobs.locks()).toEqual([])
    const last = await this.#jobs.submit(
      aRequest({ input: { locks: ['host:kvm1', 'host:kvm2'], ending: 'succeeds', asks: false } }),
    )
    for (let round = 0; round < 200 && !isOver(this.#jobs.get(last.id)); round += 1) await pass()
    expect(this.#jobs.get(last.id)).toMatchObject({ state: 'succeeded' })
    expect(this.#jobs.locks()).toEqual([])
  }

  #opened(): Jobs {
    const jobs = this.#world.open()
    jobs.register('test', this.#version, this.#body(this.#world.generation()))
    return jobs
  }

  #gate(job: string): ReturnType<typeof aGate> {
    const gate = this.#gates.get(job) ?? aGate()
    if (this.#isOpen) gate.open()
    this.#gates.set(job, gate)
    return gate
  }

  #body(generation: number): JobBody {
    return async (context) => {
      const { locks, ending, asks } = context.job.input as unknown as Wanted
      const blocker = { code: 'name-taken', message: 'It is there.', fix: 'Choose another.' } as const
      await context.plan(async () =>
        ending === 'is blocked' ? { ...aPlan(), kind: 'blocked', blockers: [blocker] } : aPlan(),
      )
      if (asks) await context.approval({ approvers: 1, expiresMs: 3_600_000 })
      await context.lock(locks)
      const isUndone = ending === 'is undone' || ending === 'cannot be undone'
      const undo = {
        byHand: 'vm delete web1',
        work: async () => {
          if (ending === 'cannot be undone') throw new Error('it is stuck')
        },
      }
      await context.step('first', async () => 1, ...(isUndone ? [undo] : []))
      if (ending === 'throws') throw new Error('a mistake of ours')
      await context.step('work', async ({ signal }) => {
        if (generation !== this.#world.generation()) await never
        const told = new Promise<never>((_, reject) => {
          if (signal.aborted) reject(signal.reason)
          signal.addEventListener('abort', () => reject(signal.reason))
        })
        told.catch(() => undefined)
        await Promise.race([this.#gate(context.job.id).passed, ...(ending === 'is deaf' ? [] : [told])])
        if (ending !== 'succeeds') throw new UserError('timeout', 'Too slow.', { fix: 'Wait.' })
      })
      return aReport()
    }
  }

  #mustHoldNothingTwice(): void {
    const held = this.#jobs.locks()
    for (const [index, one] of held.entries()) {
      for (const other of held.slice(index + 1)) {
        if (one.holder.job === other.holder.job) continue
        expect(conflict(one.name, other.name), `${one.name} and ${other.name}`).toBe(false)
      }
      expect(isOver(this.#jobs.get(one.holder.job)), `${one.name} of a job that is over`).toBe(false)
    }
  }
}

function refused(error: unknown): void {
  if (!(error instanceof UserError)) throw error
}

/** Lets what is on its way to the disk arrive. */
async function pass(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 3))
}

describe('locks', () => {
  it('are given back and waited for whatever way jobs end', async () => {
    const seen = new Set<string>()
    await fc.assert(
      fc.asyncProperty(fc.array(event, { minLength: 4, maxLength: 25 }), async (events) => {
        const story = new Story(await aLocalWorld())
        await story.begin()
        for (const each of events) await story.tell(each)
        await story.end()
        for (const { state } of story.jobs.list()) seen.add(state)
      }),
      { numRuns: 60 },
    )
    // Else the stories prove little.
    expect([...seen]).toEqual(
      expect.arrayContaining(['succeeded', 'failed', 'cancelled', 'refused', 'expired']),
    )
  })
})
