/** Events of one host, whatever session they come through. */
import type { Connection } from '../libvirt/index.js'

const vmEvents = [
  'lifecycle',
  'reboot',
  'deviceAdded',
  'deviceRemoved',
  'agentLifecycle',
  'metadataChange',
  'jobCompleted',
] as const
const poolEvents = ['storagePoolLifecycle', 'storagePoolRefresh'] as const
const networkEvents = ['networkLifecycle'] as const

export type VmEvent = (typeof vmEvents)[number]

export interface HostEvent {
  kind: 'vm' | 'pool' | 'network'
  event: VmEvent | (typeof poolEvents)[number] | (typeof networkEvents)[number]
  uuid: string
}

export class HostEvents {
  readonly #all = new Set<(event: HostEvent) => void>()
  readonly #ofVm = new Map<string, Set<(event: VmEvent) => void>>()

  /** Registrations end with a session, so this is called for each new one. Events in between are lost: look again. Those
   * that come before this resolves may be, too. */
  async subscribe(connection: Connection): Promise<void> {
    await Promise.all([
      ...vmEvents.map((event) =>
        connection.on(event, ({ dom: { uuid } }) => {
          this.#tell({ kind: 'vm', event, uuid })
          for (const listener of [...(this.#ofVm.get(uuid) ?? [])]) listener(event)
        }),
      ),
      ...poolEvents.map((event) =>
        connection.on(event, ({ pool: { uuid } }) => this.#tell({ kind: 'pool', event, uuid })),
      ),
      ...networkEvents.map((event) =>
        connection.on(event, ({ net: { uuid } }) => this.#tell({ kind: 'network', event, uuid })),
      ),
    ])
  }

  /** Calls back at each event of that VM until the returned function is called. */
  of(uuid: string, listener: (event: VmEvent) => void): () => void {
    const listeners = this.#ofVm.get(uuid) ?? new Set()
    this.#ofVm.set(uuid, listeners.add(listener))
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0 && this.#ofVm.get(uuid) === listeners) this.#ofVm.delete(uuid)
    }
  }

  /** Calls back at each event of the host until the returned function is called. */
  onAny(listener: (event: HostEvent) => void): () => void {
    this.#all.add(listener)
    return () => this.#all.delete(listener)
  }

  /** How many listen. */
  get listeners(): number {
    return this.#all.size + this.#ofVm.size
  }

  #tell(event: HostEvent): void {
    for (const listener of [...this.#all]) listener(event)
  }
}
