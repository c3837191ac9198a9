/** How much one person may ask for. In memory: after a restart everybody starts anew. */
import { UserError } from '../errors.js'
import { count, showDuration } from '../report/index.js'

export interface Rates {
  commandsPerMinute: number
  changesPerHour: number
}

type Kind = 'commands' | 'changes'

const windowMs = { commands: 60_000, changes: 3_600_000 } as const
const words = { commands: ['command', 'a minute'], changes: ['change', 'an hour'] } as const
/** Whoever is at the bot's own machine is not held up: scripts run there, and the account may do anything anyway. */
const exempt = /^terminal:/
/** People remembered before those who were quiet for an hour are forgotten. */
const maxPeople = 1000

interface Entry {
  at: number
  key: string | undefined
}

export class RateLimits {
  #most: Readonly<Record<Kind, number>> | undefined
  readonly #now: () => number
  readonly #people = new Map<string, Record<Kind, Entry[]>>()

  /** Without rates everybody is let in. */
  constructor(rates: Rates | undefined, now: () => number = Date.now) {
    this.#now = now
    this.renew(rates)
  }

  /** From now on these count, with what was asked for before. */
  renew(rates: Rates | undefined): void {
    this.#most = rates && { commands: rates.commandsPerMinute, changes: rates.changesPerHour }
  }

  /** Counts one of this kind. Throws `rate-limited`, which does not count, with when to try again. The same key counts once:
   * what was delivered twice is one command. */
  admit(person: { id: string }, kind: Kind, key?: string): void {
    const most = this.#most?.[kind]
    if (most === undefined || exempt.test(person.id)) return
    const mine = this.#entriesOf(person.id)
    const now = this.#now()
    mine[kind] = mine[kind].filter(({ at }) => now - at < windowMs[kind])
    const entries = mine[kind]
    if (key !== undefined && entries.some((entry) => entry.key === key)) return
    if (entries.length >= most) throw tooMany(kind, most, (entries[0]?.at ?? now) + windowMs[kind] - now)
    entries.push({ at: now, key })
  }

  #entriesOf(id: string): Record<Kind, Entry[]> {
    const known = this.#people.get(id)
    if (known !== undefined) return known
    if (this.#people.size >= maxPeople) this.#forgetQuiet()
    const entries = { commands: [], changes: [] }
    this.#people.set(id, entries)
    return entries
  }

  #forgetQuiet(): void {
    const now = this.#now()
    for (const [id, { commands, changes }] of this.#people) {
      const last = Math.max(commands.at(-1)?.at ?? 0, changes.at(-1)?.at ?? 0)
      if (now - last >= windowMs.changes) this.#people.delete(id)
    }
  }
}

function tooMany(kind: Kind, most: number, waitMs: number): UserError {
  const [one, per] = words[kind]
  const seconds = Math.max(1, Math.ceil(waitMs / 1000))
  return new UserError(
    'rate-limited',
    `That is more than ${count(most, one)} ${per}, the most that one person may ask for.`,
    {
      fix: `Try again in ${showDuration(seconds * 1000)}. An admin can raise it: rates in qnav.yml.`,
    },
  )
}
