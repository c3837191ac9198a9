/** Questions to agents inside guests. A guest may never answer and libvirt then waits without limit, holding one of the few
 * places of its session; so they have a session of their own, one question at a time for each VM, and few in all. */
import { type Connection, interfaceAddresses } from '../libvirt/index.js'

/** The daemon works on no more than five requests of a session; one is kept free. */
const maxWaiting = 3
const answerWithinMs = 3000
/** After this libvirt is taken to have lost the question. */
const forgetAfterMs = 10 * 60_000

type Addresses = Awaited<ReturnType<typeof interfaceAddresses>>

export class GuestAgents {
  readonly #session: () => Promise<Connection>
  readonly #waiting = new Map<string, Promise<Addresses>>()

  constructor(session: () => Promise<Connection>) {
    this.#session = session
  }

  /** Addresses as the guest tells them; undefined when it does not within 3 s, or too many others do not answer. */
  async addressesOf(uuid: string): Promise<Addresses | undefined> {
    const asked = this.#waiting.get(uuid) ?? this.#ask(uuid)
    if (asked === undefined) return undefined
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(resolve, answerWithinMs, undefined)
    })
    try {
      return await Promise.race([asked, late])
    } finally {
      clearTimeout(timer)
    }
  }

  #ask(uuid: string): Promise<Addresses> | undefined {
    if (this.#waiting.size >= maxWaiting) return undefined
    const asked = this.#session().then((session) =>
      interfaceAddresses(session, uuid, 'agent', { timeoutMs: forgetAfterMs }),
    )
    this.#waiting.set(uuid, asked)
    const forget = (): void => {
      this.#waiting.delete(uuid)
    }
    asked.then(forget, forget)
    return asked
  }
}
