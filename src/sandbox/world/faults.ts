/** The faults that are armed, and how often each still strikes. */
import type { Fault } from '../protocol.js'

type Kind = Fault['kind']
type OfKind<K extends Kind> = Extract<Fault, { kind: K }>

export class Faults {
  private armed: { fault: Fault; left: number }[] = []

  arm(fault: Fault): () => void {
    const times = 'times' in fault && fault.times !== undefined ? fault.times : 1
    const entry = { fault, left: times < 0 ? Number.POSITIVE_INFINITY : times }
    this.armed.push(entry)
    return () => {
      this.armed = this.armed.filter((each) => each !== entry)
    }
  }

  /** Takes one strike of a fault of this kind (for this Web API method, where faults have one; `*` is any). */
  take<K extends Kind>(kind: K, method?: string): OfKind<K> | undefined {
    const entry = this.armed.find(({ fault }) => {
      return fault.kind === kind && (!('method' in fault) || fault.method === '*' || fault.method === method)
    })
    if (entry === undefined) return undefined
    entry.left -= 1
    if (entry.left <= 0) this.armed = this.armed.filter((each) => each !== entry)
    return entry.fault as OfKind<K>
  }

  clear(): void {
    this.armed = []
  }
}
