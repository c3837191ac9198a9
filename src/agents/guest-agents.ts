/** Questions to agents inside guests. A guest may never answer and libvirt then waits without limit, holding one of the few
 * places of its session; so they have a session of their own, one question at a time for each VM, and few in all. */
import { type Connection, domainOf, enums, interfaceAddresses, procedures } from '../libvirt/index.js'

/** The daemon works on no more than five requests of a session; one is kept free. */
const maxWaiting = 3
const answerWithinMs = 3000
/** After this libvirt is taken to have lost the question. */
const forgetAfterMs = 10 * 60_000

type Addresses = Awaited<ReturnType<typeof interfaceAddresses>>
type Ask<T> = (session: Connection) => Promise<T>

export class GuestAgents {
  readonly #session: () => Promise<Connection>
  readonly #waiting = new Map<string, { what: string; asked: Promise<unknown> }>()

  constructor(session: () => Promise<Connection>) {
    this.#session = session
  }

  /** Addresses as the guest tells them; undefined when it does not within 3 s, or too many others do not answer. */
  addressesOf(uuid: string): Promise<Addresses | undefined> {
    return this.#answer(uuid, 'addresses', answerWithinMs, (session) =>
      interfaceAddresses(session, uuid, 'agent', { timeoutMs: forgetAfterMs }),
    )
  }

  /** Names of those who are logged in to the guest, each once; undefined as above. */
  usersOf(uuid: string, withinMs = answerWithinMs): Promise<string[] | undefined> {
    return this.#answer(uuid, 'users', withinMs, async (session) => {
      const args = { dom: domainOf(uuid), types: enums.DomainGuestInfoTypes.USERS, flags: 0 }
      const { params } = await session.call(procedures.domainGetGuestInfo, args, { timeoutMs: forgetAfterMs })
      const names = params
        .filter(({ field }) => /^user\.\d+\.name$/.test(field))
        .map(({ value }) => String(value))
      return [...new Set(names)].sort()
    })
  }

  async #answer<T>(uuid: string, what: string, withinMs: number, ask: Ask<T>): Promise<T | undefined> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(resolve, withinMs, undefined)
    })
    try {
      const before = this.#waiting.get(uuid)
      if (before !== undefined && before.what !== what) {
        await Promise.race([before.asked.catch(() => {}), late])
      }
      const waiting = this.#waiting.get(uuid)
      // Another question is still open: this one would only take a second place of the few.
      if (waiting !== undefined && waiting.what !== what) return undefined
      const asked = (waiting?.asked as Promise<T> | undefined) ?? this.#ask(uuid, what, ask)
      return asked === undefined ? undefined : await Promise.race([asked, late])
    } finally {
      clearTimeout(timer)
    }
  }

  #ask<T>(uuid: string, what: string, ask: Ask<T>): Promise<T> | undefined {
    if (this.#waiting.size >= maxWaiting) return undefined
    const asked = this.#session().then(ask)
    this.#waiting.set(uuid, { what, asked })
    const forget = (): void => {
      this.#waiting.delete(uuid)
    }
    asked.then(forget, forget)
    return asked
  }
}
