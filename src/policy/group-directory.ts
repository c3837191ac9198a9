/** Membership of user groups and channels, asked rarely: Slack allows few such calls a minute, and every request needs the answer. */
import type { Logger } from '../log.js'

/** Where members come from; Slack's `usergroups.users.list` and `conversations.members` in the bot. */
export interface GroupDirectory {
  /** User ids of the members of a user group (`S…`) or channel (`C…`, `G…`). May reject; policy then treats nobody as a member. */
  membersOf(groupId: string): Promise<readonly string[]>
}

/** How long a membership is believed: somebody added to or removed from a group is noticed within this time. */
const membershipTtlMs = 10 * 60_000
/** How long a failed look-up is not repeated. */
const failureTtlMs = 60_000

interface Known {
  members: Promise<ReadonlySet<string> | undefined>
  until: number
}

/** Remembers members for ten minutes; one look-up at a time per group. */
export class CachedGroups {
  readonly #directory: GroupDirectory | undefined
  readonly #log: Logger
  readonly #now: () => number
  readonly #known = new Map<string, Known>()

  constructor({
    directory,
    log,
    now,
  }: { directory: GroupDirectory | undefined; log: Logger; now: () => number }) {
    this.#directory = directory
    this.#log = log
    this.#now = now
  }

  /** Whether the person is in the group; `false` when that cannot be found out. */
  async has(groupId: string, userId: string): Promise<boolean> {
    return (await this.membersOf(groupId))?.has(userId) ?? false
  }

  /** undefined when that cannot be found out. */
  async membersOf(groupId: string): Promise<ReadonlySet<string> | undefined> {
    const known = this.#known.get(groupId)
    if (known !== undefined && this.#now() < known.until) return known.members
    const entry: Known = { members: Promise.resolve(undefined), until: this.#now() + membershipTtlMs }
    entry.members = this.#ask(groupId, entry)
    this.#known.set(groupId, entry)
    return entry.members
  }

  async #ask(groupId: string, entry: Known): Promise<ReadonlySet<string> | undefined> {
    try {
      if (this.#directory === undefined) throw new Error('there is nobody to ask for group members')
      return new Set(await this.#directory.membersOf(groupId))
    } catch (error) {
      entry.until = this.#now() + failureTtlMs
      this.#log.warn(
        { err: error, group: groupId },
        'members of a user group or channel are unknown; nobody counts as a member',
      )
      return undefined
    }
  }
}
