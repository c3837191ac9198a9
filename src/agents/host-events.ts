/** Domain events of one host, whatever session they come through. */
import { EventEmitter } from 'node:events'
import type { Connection, EventOf } from '../libvirt/index.js'

interface Events {
  lifecycle: [EventOf<'lifecycle'>]
  reboot: [EventOf<'reboot'>]
}

export class HostEvents {
  readonly #emitter = new EventEmitter<Events>()

  constructor() {
    // One listener for each change that somebody waits for; dozens at once are normal.
    this.#emitter.setMaxListeners(0)
  }

  /** Registrations end with a session, so this is called for each new one. Events in between are lost: look again. */
  async subscribe(connection: Connection): Promise<void> {
    await Promise.all([
      connection.on('lifecycle', (event) => this.#emitter.emit('lifecycle', event)),
      connection.on('reboot', (event) => this.#emitter.emit('reboot', event)),
    ])
  }

  /** Calls back at each event of that VM until the returned function is called. */
  of(uuid: string, listener: (event: keyof Events) => void): () => void {
    const lifecycle = ({ dom }: EventOf<'lifecycle'>): void => {
      if (dom.uuid === uuid) listener('lifecycle')
    }
    const reboot = ({ dom }: EventOf<'reboot'>): void => {
      if (dom.uuid === uuid) listener('reboot')
    }
    this.#emitter.on('lifecycle', lifecycle)
    this.#emitter.on('reboot', reboot)
    return () => {
      this.#emitter.off('lifecycle', lifecycle)
      this.#emitter.off('reboot', reboot)
    }
  }
}
