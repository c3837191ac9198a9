/** Memory and storage of hosts as Home tabs show them: asked rarely, because they move all the time and matter when scarce. */
import type { Fleet, HostRoom } from '../../agents/index.js'
import type { Clock } from '../../jobs/index.js'
import type { Logger } from '../../log.js'
import { within } from '../wait.js'

/** How long an answer is shown. */
const freshForMs = 60_000
/** A tab does not wait longer for a host; what it said last is shown. */
const answerWithinMs = 1500

export class HostRooms {
  readonly #parts: { fleet: Fleet; clock: Clock; log: Logger }
  readonly #known = new Map<string, { room: HostRoom; at: number }>()
  readonly #asking = new Map<string, Promise<void>>()

  constructor(parts: { fleet: Fleet; clock: Clock; log: Logger }) {
    this.#parts = parts
  }

  /** By host; a host that never answered is not there. Never rejects. */
  async all(): Promise<ReadonlyMap<string, HostRoom>> {
    const { fleet, clock } = this.#parts
    const asked = fleet.agents.filter(({ name }) => {
      const known = this.#known.get(name)
      return known === undefined || clock.now() - known.at >= freshForMs
    })
    await within(clock, answerWithinMs, Promise.all(asked.map(({ name }) => this.#ask(name))), undefined)
    return new Map([...this.#known].map(([name, { room }]) => [name, room]))
  }

  #ask(host: string): Promise<void> {
    const asking = this.#asking.get(host) ?? this.#look(host).finally(() => this.#asking.delete(host))
    this.#asking.set(host, asking)
    return asking
  }

  async #look(host: string): Promise<void> {
    const { fleet, clock, log } = this.#parts
    try {
      const room = await fleet.agent(host).room()
      this.#known.set(host, { room, at: clock.now() })
    } catch (error) {
      // That it does not answer is told by the list of VMs.
      log.debug({ err: error, host }, 'a host does not say how much room it has')
      this.#known.delete(host)
    }
  }
}
