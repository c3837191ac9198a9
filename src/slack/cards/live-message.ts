/** One message that follows something that changes: posted once, then kept up to date. */
import type { Outbox, Place } from '../outbox/index.js'
import type { Message } from '../views/index.js'

export interface Placed {
  at: Place
  /** What was posted; absent when it is not known what it shows. */
  message?: Message
}

export interface LiveMessageParts {
  outbox: Pick<Outbox, 'update'>
  /** What it should show now. */
  render(): Message
  /** Posts it; undefined when there is no place for it. Never rejects. */
  place(): Promise<Placed | undefined>
  /** Where it is already. */
  at?: Place
}

export class LiveMessage {
  readonly #parts: LiveMessageParts
  #at: Place | undefined
  #placing: Promise<void> | undefined
  #isFinal = false
  /** What Slack was last told, to send nothing twice. */
  #told: string | undefined
  #lastUpdate: Promise<unknown> = Promise.resolve()

  constructor(parts: LiveMessageParts) {
    this.#parts = parts
    this.#at = parts.at
  }

  get at(): Place | undefined {
    return this.#at
  }

  /** Something changed. `final`: it will not change again, so there is nothing to wait for. */
  refresh(final: boolean): void {
    this.#isFinal = final
    if (this.#at !== undefined) this.#update(this.#at)
    else this.#placing ??= this.#place()
  }

  /** Resolves when it was posted or could not be. */
  async placed(): Promise<void> {
    await this.#placing
  }

  /** Resolves when its latest state is shown, or cannot be. */
  async settled(): Promise<void> {
    await this.#placing
    await this.#lastUpdate
  }

  async #place(): Promise<void> {
    const placed = await this.#parts.place()
    this.#placing = undefined
    if (placed === undefined) return
    this.#at = placed.at
    this.#told = placed.message && JSON.stringify(placed.message)
    // Things may have changed while it was being posted.
    this.#update(placed.at)
  }

  #update(at: Place): void {
    const message = this.#parts.render()
    const told = JSON.stringify(message)
    if (told === this.#told) return
    this.#told = told
    this.#lastUpdate = this.#parts.outbox.update(at, message, { final: this.#isFinal })
  }
}
