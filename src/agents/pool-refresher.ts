/** Makes libvirt look at a pool's files again: it does not notice by itself what kcli or a person put there. */
import type { Logger } from '../log.js'

/** A pool on a dead file server hangs; what is known of it is then shown without waiting longer. */
const waitAtMostMs = 5000

export class PoolRefresher {
  readonly #refreshPool: (pool: string) => Promise<void>
  readonly #log: Logger
  readonly #running = new Map<string, Promise<void>>()
  readonly #queued = new Map<string, Promise<void>>()

  /** `refreshPool` must end some time: until then the pool is not asked again. */
  constructor(refreshPool: (pool: string) => Promise<void>, log: Logger) {
    this.#refreshPool = refreshPool
    this.#log = log
  }

  /**
   * Refreshes these pools side by side, each from now on: what lies there when this is called is seen. Returns those that
   * answered. One that fails is logged; one that hangs holds up nobody for more than 5 s.
   */
  async refresh(pools: readonly string[]): Promise<string[]> {
    const answered = new Set<string>()
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, waitAtMostMs)
    })
    const all = pools.map(async (pool) => {
      await this.#fresh(pool)
      answered.add(pool)
    })
    await Promise.race([Promise.all(all), late])
    clearTimeout(timer)
    return pools.filter((pool) => answered.has(pool))
  }

  /** One that runs already may have passed by what was put there since; those who come meanwhile share the next one. */
  #fresh(pool: string): Promise<void> {
    const running = this.#running.get(pool)
    if (running === undefined) return this.#start(pool)
    const queued = this.#queued.get(pool) ?? running.then(() => this.#startQueued(pool))
    this.#queued.set(pool, queued)
    return queued
  }

  #startQueued(pool: string): Promise<void> {
    this.#queued.delete(pool)
    return this.#running.get(pool) ?? this.#start(pool)
  }

  #start(pool: string): Promise<void> {
    const refreshed = this.#refreshPool(pool)
      .catch((error: unknown) => this.#log.warn({ pool, err: error }, 'pool could not be refreshed'))
      .finally(() => this.#running.delete(pool))
    this.#running.set(pool, refreshed)
    return refreshed
  }
}
