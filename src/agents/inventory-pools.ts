/** How much room pools have. No event tells, and a pool on a dead file server never does: each is asked one question at a
 * time, a reader waits for a short while, and what did not come is given as it was last known, with the time of that. */
import { UserError } from '../errors.js'
import { LibvirtError } from '../libvirt/index.js'
import type { PoolSummary } from './agent.js'
import type { InventorySession, KnownPool, PoolRoom } from './inventory-session.js'
import type { InventorySet } from './inventory-set.js'
import { gib } from './vm-reading.js'

export interface PoolRoomsOptions {
  host: string
  session: Pick<InventorySession, 'poolRoom'>
  pools: InventorySet<KnownPool>
  /** Milliseconds that a reader waits for the list, and then again for the pools. */
  withinMs: number
  failed(error: unknown): void
  /** Milliseconds since 1970. */
  clock?: () => number
}

type Answer = { room: PoolRoom; at: number } | 'gone' | 'refused'

export class PoolRooms {
  readonly #options: Required<PoolRoomsOptions>
  readonly #asked = new Map<string, Promise<Answer>>()
  readonly #next = new Map<string, Promise<Answer>>()
  readonly #known = new Map<string, { room: PoolRoom; at: number }>()
  #listed = false

  constructor(options: PoolRoomsOptions) {
    this.#options = { clock: Date.now, ...options }
  }

  /** By name. Rejects with `timeout` when not even the names are known. */
  async all(): Promise<PoolSummary[]> {
    await this.#names()
    const held = this.#options.pools.sorted
    this.#forgetAllBut(new Set(held.map(({ uuid }) => uuid)))
    return within(this.#options.withinMs, async (orLate) => {
      const summaries = await Promise.all(
        held.map(async (pool) => {
          const answer = await orLate(this.#ask(pool))
          if (answer === 'gone') return undefined
          if (answer !== undefined && answer !== 'refused') return summaryOf(pool, answer.room)
          const last = this.#known.get(pool.uuid)
          const { room, at } = last ?? { room: nothingKnown, at: this.#options.clock() }
          return { ...summaryOf(pool, room), asOf: new Date(at).toISOString() }
        }),
      )
      return summaries.filter((summary) => summary !== undefined)
    })
  }

  /** The list waits for every pool; those that it named last time can still be asked by themselves. */
  async #names(): Promise<void> {
    const { pools, host, withinMs } = this.#options
    const listed = await within(withinMs, (orLate) => orLate(pools.settle().then(() => true)))
    if (listed === undefined && !this.#listed) throw silent(host)
    this.#listed = true
  }

  /** A question that is under way may be answered with what was before; those who come meanwhile share the next one. */
  #ask(pool: KnownPool): Promise<Answer> {
    const { uuid } = pool
    const asked = this.#asked.get(uuid)
    if (asked === undefined) return this.#start(pool)
    const startNext = (): Promise<Answer> => {
      this.#next.delete(uuid)
      return this.#asked.get(uuid) ?? this.#start(pool)
    }
    const next = this.#next.get(uuid) ?? asked.then(startNext, startNext)
    this.#next.set(uuid, next)
    return next
  }

  #start(pool: KnownPool): Promise<Answer> {
    const answer = this.#answerOf(pool).finally(() => this.#asked.delete(pool.uuid))
    this.#asked.set(pool.uuid, answer)
    return answer
  }

  async #answerOf(pool: KnownPool): Promise<Answer> {
    const { session, failed, clock } = this.#options
    try {
      const room = await session.poolRoom(pool)
      if (room === undefined) return 'gone'
      const answer = { room, at: clock() }
      this.#known.set(pool.uuid, answer)
      return answer
    } catch (error) {
      // One bad pool must not hide the others.
      if (!(error instanceof LibvirtError) || error.kind === 'transport') throw error
      failed(error)
      return 'refused'
    }
  }

  #forgetAllBut(uuids: ReadonlySet<string>): void {
    for (const uuid of this.#known.keys()) if (!uuids.has(uuid)) this.#known.delete(uuid)
  }
}

const nothingKnown: PoolRoom = { state: 'inaccessible', capacity: 0, available: 0 }

function summaryOf({ name, type, path }: KnownPool, { state, capacity, available }: PoolRoom): PoolSummary {
  return {
    name,
    state,
    type,
    ...(path === undefined ? {} : { path }),
    capacityGiB: gib(capacity),
    availableGiB: gib(available),
  }
}

function silent(host: string): UserError {
  return new UserError('timeout', `Storage on ${host} does not answer.`, {
    fix: 'Look at what is behind its pools there (a file server?), or take the one that hangs out of service: virsh pool-destroy NAME',
  })
}

/** One deadline for several waits: `orLate` gives undefined from then on. */
async function within<T>(
  ms: number,
  work: (orLate: <W>(wait: Promise<W>) => Promise<W | undefined>) => Promise<T>,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ms, undefined)
  })
  try {
    return await work((wait) => Promise.race([wait, late]))
  } finally {
    clearTimeout(timer)
  }
}
