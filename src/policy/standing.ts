/** What somebody is to the workspace: only its full members are trusted with roles. */
import type { Logger } from '../log.js'

export type Standing = 'member' | 'guest' | 'external' | 'deactivated'

/** Where it comes from; Slack's `users.info` in the bot. */
export interface PeopleDirectory {
  /** May reject; then nothing is known. */
  standingOf(userId: string): Promise<Standing>
}

/** How long an answer is believed: whoever is deactivated is refused within this time. */
const standingTtlMs = 10 * 60_000
/** How long a failed look-up is not repeated. */
const failureTtlMs = 30_000
/** People remembered before those whose answer is too old are forgotten. */
const maxKnown = 5000

interface Known {
  standing: Promise<Standing | undefined>
  until: number
}

export class CachedStandings {
  readonly #people: PeopleDirectory
  readonly #log: Logger
  readonly #now: () => number
  readonly #known = new Map<string, Known>()

  constructor({ people, log, now }: { people: PeopleDirectory; log: Logger; now: () => number }) {
    this.#people = people
    this.#log = log
    this.#now = now
  }

  /** undefined when it cannot be found out. */
  async of(userId: string): Promise<Standing | undefined> {
    const known = this.#known.get(userId)
    if (known !== undefined && this.#now() < known.until) return known.standing
    if (this.#known.size >= maxKnown) this.#forgetOld()
    const entry: Known = { standing: Promise.resolve(undefined), until: this.#now() + standingTtlMs }
    entry.standing = this.#ask(userId, entry)
    this.#known.set(userId, entry)
    return entry.standing
  }

  async #ask(userId: string, entry: Known): Promise<Standing | undefined> {
    try {
      return await this.#people.standingOf(userId)
    } catch (error) {
      entry.until = this.#now() + failureTtlMs
      this.#log.warn({ err: error, user: userId }, 'Slack does not say who somebody is; they may only read')
      return undefined
    }
  }

  #forgetOld(): void {
    for (const [id, { until }] of this.#known) if (until <= this.#now()) this.#known.delete(id)
  }
}
