/** Makes libvirt look at a pool's files again: it does not notice by itself what kcli or a person put there. */
import { type Connection, refreshPool } from '../libvirt/index.js'
import type { Logger } from '../log.js'

/** A pool on a dead file server hangs; what is known of it is then shown without waiting longer. */
const waitAtMostMs = 5000
const forgetAfterMs = 10 * 60_000

export class PoolRefresher {
  readonly #session: () => Promise<Connection>
  readonly #log: Logger
  readonly #running = new Map<string, Promise<void>>()

  constructor(session: () => Promise<Connection>, log: Logger) {
    this.#session = session
    this.#log = log
  }

  /** Refreshes these pools side by side and returns those that answered. One that fails is logged; one that hangs holds
   * up nobody for more than 5 s. */
  async refresh(pools: readonly string[]): Promise<string[]> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, waitAtMostMs)
    })
    await Promise.race([Promise.all(pools.map((pool) => this.#running.get(pool) ?? this.#start(pool))), late])
    clearTimeout(timer)
    return pools.filter((pool) => !this.#running.has(pool))
  }

  #start(pool: string): Promise<void> {
    const refreshed = this.#session()
      .then((session) => refreshPool(session, pool, { timeoutMs: forgetAfterMs }))
      .catch((error: unknown) => this.#log.warn({ pool, err: error }, 'pool could not be refreshed'))
      .finally(() => this.#running.delete(pool))
    this.#running.set(pool, refreshed)
    return refreshed
  }
}
