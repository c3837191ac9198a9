/** The last exchanges with the app, for the inspector and for tests. */
import type { Clock } from '../clock.js'
import type { TrafficEntry } from '../protocol.js'

const kept = 1000

type Opening = Pick<TrafficEntry, 'direction' | 'kind' | 'name' | 'summary'> & { request?: unknown }

export class Traffic {
  private entries: TrafficEntry[] = []
  private seq = 0
  private readonly clock: Clock
  private readonly touch: () => void

  constructor({ clock, touch }: { clock: Clock; touch: () => void }) {
    this.clock = clock
    this.touch = touch
  }

  /** Opens an entry as `pending`; the function returned writes its outcome. */
  begin(opening: Opening): (outcome: string, response?: unknown) => void {
    this.seq += 1
    const entry: TrafficEntry = { seq: this.seq, at: this.clock.now(), ...opening, outcome: 'pending' }
    const startedAt = performance.now()
    this.entries.push(entry)
    if (this.entries.length > kept) this.entries.shift()
    this.touch()
    return (outcome, response) => {
      entry.outcome = outcome
      entry.durationMs = Math.round((performance.now() - startedAt) * 10) / 10
      if (response !== undefined) entry.response = response
      this.touch()
    }
  }

  /** Something that happened at once. */
  note(opening: Opening, outcome = 'ok'): void {
    this.begin(opening)(outcome)
  }

  all(): TrafficEntry[] {
    return this.entries
  }

  reset(): void {
    this.entries = []
  }
}
