/** Trigger ids: they open views, live 3 s and work once. */
import { randomBytes } from 'node:crypto'
import type { Clock } from '../clock.js'
import type { Faults } from './faults.js'

/** Slack docs: a trigger expires 3 seconds after it was sent. */
const lifeMs = 3000

type Refusal = 'invalid_trigger_id' | 'expired_trigger_id' | 'exchanged_trigger_id'

export class Triggers {
  private readonly issued = new Map<string, { user: string; expiresAt: number; used: boolean }>()
  private readonly clock: Clock
  private readonly faults: Faults

  constructor({ clock, faults }: { clock: Clock; faults: Faults }) {
    this.clock = clock
    this.faults = faults
  }

  issue(user: string): string {
    const id = `${this.clock.now()}.${Math.floor(Math.random() * 1e6)}.${randomBytes(12).toString('hex')}`
    const expired = this.faults.take('expired-trigger') !== undefined
    this.issued.set(id, { user, expiresAt: this.clock.now() + (expired ? 0 : lifeMs), used: false })
    if (this.issued.size > 1000) this.issued.delete(this.issued.keys().next().value ?? '')
    return id
  }

  /** Whose trigger it is, or why it cannot be used; using it is final only with `exchange`. */
  check(id: string): { user: string; exchange: () => void } | { refusal: Refusal } {
    const trigger = this.issued.get(id)
    if (trigger === undefined) return { refusal: 'invalid_trigger_id' }
    if (trigger.used) return { refusal: 'exchanged_trigger_id' }
    if (this.clock.now() >= trigger.expiresAt) return { refusal: 'expired_trigger_id' }
    return {
      user: trigger.user,
      exchange: () => {
        trigger.used = true
      },
    }
  }
}
