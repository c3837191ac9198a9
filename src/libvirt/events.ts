/** Who listens to what a daemon sends by itself: one registration an event, however many listen. */
import type { Connection } from './connection.js'
import { type EventName, type EventOf, eventKey, messages, registrations } from './event-registration.js'
import type { Frame } from './frames.js'
import type { Procedure } from './procedure.js'
import { Reader } from './xdr.js'

/** Only what comes in the moment of a registration is kept; a daemon that sends more is none. */
const earlyAtMost = 1000

/** By program and number. */
const messageOf = new Map<string, Procedure<unknown, unknown>>(
  Object.values(messages).map((message) => [
    `${message.program}/${message.number}`,
    message as Procedure<unknown, unknown>,
  ]),
)

type Listener = (event: unknown) => void

export class Events {
  readonly #connection: Connection
  /** By {@link eventKey}. */
  readonly #callbacks = new Map<string, Listener>()
  readonly #listeners = new Map<EventName, { id: number | undefined; listeners: Set<Listener> }>()
  /** By event, the last change of its registration. */
  readonly #turns = new Map<EventName, Promise<unknown>>()
  /** By program and number, what came while its registration was under way: the first events may share a chunk with the
   * reply that says which id they carry. */
  readonly #early = new Map<string, { key: string; event: unknown }[]>()

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** See {@link Connection.on}. */
  on<N extends EventName>(name: N, listener: (event: EventOf<N>) => void): Promise<() => Promise<void>> {
    // Its own function: the same listener may be given twice.
    const hear: Listener = (event) => listener(event as EventOf<N>)
    return this.#inTurn(name, async () => {
      const known = this.#listeners.get(name)?.listeners
      if (known !== undefined) known.add(hear)
      else await this.#register(name, hear)
      return () => this.#inTurn(name, () => this.#leave(name, hear))
    })
  }

  /** Tells whoever listens. Throws a ProtocolError for what cannot be read. */
  receive({ program, procedure, payload }: Frame): void {
    const message = messageOf.get(`${program}/${procedure}`)
    if (message === undefined) return
    const event = message.args.read(new Reader(payload))
    const key = eventKey(message, callbackOf(event))
    const heard = this.#callbacks.get(key)
    if (heard !== undefined) {
      heard(event)
      return
    }
    const early = this.#early.get(eventKey(message, undefined))
    if (early !== undefined && early.length < earlyAtMost) early.push({ key, event })
  }

  /** The session has ended, and with it every registration. */
  end(): void {
    this.#callbacks.clear()
    this.#listeners.clear()
  }

  /** A daemon refuses a second registration of one event, so beginnings and ends of one come one after another. */
  #inTurn<T>(name: EventName, work: () => Promise<T>): Promise<T> {
    const mine = (this.#turns.get(name) ?? Promise.resolve()).then(work)
    this.#turns.set(
      name,
      mine.catch(() => {}),
    )
    return mine
  }

  async #register(name: EventName, first: Listener): Promise<void> {
    const message = eventKey(messages[name], undefined)
    const early: { key: string; event: unknown }[] = []
    this.#early.set(message, early)
    let id: number | undefined
    try {
      id = await registrations(name).register(this.#connection)
    } finally {
      this.#early.delete(message)
    }
    const listeners = new Set([first])
    const key = eventKey(messages[name], id)
    this.#listeners.set(name, { id, listeners })
    this.#callbacks.set(key, (event) => {
      for (const hear of listeners) hear(event)
    })
    for (const each of early) if (each.key === key) first(each.event)
  }

  async #leave(name: EventName, hear: Listener): Promise<void> {
    const registered = this.#listeners.get(name)
    if (registered === undefined || !registered.listeners.delete(hear) || registered.listeners.size > 0)
      return
    this.#listeners.delete(name)
    this.#callbacks.delete(eventKey(messages[name], registered.id))
    if (this.#connection.isOpen) await registrations(name).deregister(this.#connection, registered.id)
  }
}

function callbackOf(event: unknown): number | undefined {
  return typeof event === 'object' && event !== null && 'callbackID' in event
    ? Number(event.callbackID)
    : undefined
}
