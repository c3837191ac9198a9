/** The approval card once more in direct messages, for approvers who do not see the one in the channel. */
import type { Logger } from '../../log.js'
import type { Outbox } from '../outbox/index.js'
import type { Message } from '../views/index.js'
import type { PlaceNote } from './card-book.js'
import { LiveMessage, type Placed } from './live-message.js'

export interface ApproverMessagesParts {
  job: string
  outbox: Pick<Outbox, 'post' | 'update'>
  /** By user id, kept across restarts; those that are here are updated. */
  notes: Record<string, PlaceNote>
  render(): Message
  remember(): Promise<void>
  log: Logger
}

export class ApproverMessages {
  readonly #parts: ApproverMessagesParts
  readonly #messages = new Map<string, LiveMessage>()

  constructor(parts: ApproverMessagesParts) {
    this.#parts = parts
    for (const user of Object.keys(parts.notes)) this.#messageTo(user)
  }

  /** Each of them has one from now on. */
  ask(people: readonly string[]): void {
    for (const user of people) this.#messageTo(user).refresh(false)
  }

  refresh(final: boolean): void {
    for (const message of this.#messages.values()) message.refresh(final)
  }

  /** A word below each card. */
  async say(key: string, message: Message): Promise<void> {
    await Promise.all(
      [...this.#messages].map(async ([user, { at }]) => {
        if (at === undefined) return
        const post = { key: `${key}:${user}`, channel: at.channel, thread: at.ts, message, mayExist: true }
        await this.#parts.outbox.post(post)
      }),
    )
  }

  /** Resolves when the latest state is shown everywhere, or cannot be. */
  async settled(): Promise<void> {
    await Promise.all([...this.#messages.values()].map((message) => message.settled()))
  }

  #messageTo(user: string): LiveMessage {
    const known = this.#messages.get(user)
    if (known !== undefined) return known
    const { outbox, render, notes } = this.#parts
    const note = notes[user]
    const message = new LiveMessage({
      outbox,
      render,
      place: () => this.#place(user),
      ...(note?.ts === undefined ? {} : { at: { channel: note.channel, ts: note.ts } }),
    })
    this.#messages.set(user, message)
    return message
  }

  async #place(user: string): Promise<Placed | undefined> {
    const { job, outbox, notes, render, remember, log } = this.#parts
    const mayExist = notes[user] !== undefined
    notes[user] = { channel: user }
    await remember()
    const message = render()
    try {
      const post = {
        key: `approval:${job}:${user}`,
        channel: user,
        message,
        mayExist,
        worth: 'card' as const,
      }
      const { wasThere, ...at } = await outbox.post(post)
      notes[user] = at
      await remember()
      return wasThere ? { at } : { at, message }
    } catch (error) {
      log.warn({ err: error, job, user }, 'an approver could not be asked in a direct message')
      return undefined
    }
  }
}
