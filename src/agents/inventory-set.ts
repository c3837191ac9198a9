/**
 * Things of one kind on a host (VMs, pools, networks), kept true by being told what may have changed. Being told only makes
 * suspect; what is suspect is asked for again. So an event needs no meaning of its own, and one that comes twice, late, in
 * another order, while a list is under way, or about something unknown does no harm.
 *
 * | told                     | while nothing is asked  | while an answer is on its way             |
 * |--------------------------|-------------------------|-------------------------------------------|
 * | one may have changed     | ask for that one        | ask for it again: the answer may be older |
 * | anything may have        | list all                | list all again afterwards                 |
 * | nothing                  | what is held is true    | the answer makes it so                    |
 */
export interface InventorySource<T> {
  all(): Promise<T[]>
  /** Those of them that exist. Absent where asking for all is as cheap. */
  some?(uuids: readonly string[]): Promise<T[]>
  /** Told of each failure of a question that nobody waits for. It is asked again with the next event or reader. */
  failed(error: unknown): void
  /** What is suspect is asked for only when somebody reads: for what is read seldom. */
  lazy?: boolean
}

export interface InventoryTimes {
  /** Events that come within this are one question. */
  gatherMs?: number
  /** After an event its object is asked for once more: a daemon may tell of an end a moment before its lists show it. */
  confirmMs?: number
}

/** From here one list of all is cheaper than questions about each, and it bounds what is remembered of a flood. */
const askForAtMost = 32

export class InventorySet<T extends { uuid: string; name: string }> {
  readonly #source: InventorySource<T>
  readonly #gatherMs: number
  readonly #confirmMs: number
  readonly #records = new Map<string, T>()
  readonly #uuids = new Map<string, string>()
  readonly #suspects = new Set<string>()
  readonly #unconfirmed = new Set<string>()
  #allSuspect = true
  #confirmAll = false
  #closed = false
  #sorted: readonly T[] | undefined
  #round: Promise<void> | undefined
  #gathering: NodeJS.Timeout | undefined
  #confirming: NodeJS.Timeout | undefined

  constructor(source: InventorySource<T>, { gatherMs = 10, confirmMs = 250 }: InventoryTimes = {}) {
    this.#source = source
    this.#gatherMs = gatherMs
    this.#confirmMs = confirmMs
  }

  /** Whether all that is held is true as far as anybody was told. */
  get isSettled(): boolean {
    return !this.#allSuspect && this.#suspects.size === 0
  }

  /** By name. What was true when it was last settled. */
  get sorted(): readonly T[] {
    this.#sorted ??= [...this.#records.values()].sort((a, b) => a.name.localeCompare(b.name))
    return this.#sorted
  }

  of(uuid: string): T | undefined {
    return this.#records.get(uuid)
  }

  named(name: string): T | undefined {
    const uuid = this.#uuids.get(name)
    return uuid === undefined ? undefined : this.#records.get(uuid)
  }

  /** That one may have changed, appeared or gone. */
  suspect(uuid: string): void {
    if (this.#unconfirmed.size >= askForAtMost) this.#confirmAll = true
    else this.#unconfirmed.add(uuid)
    this.#confirmLater()
    this.#doubt(uuid)
    this.#lookSoon()
  }

  /** Anything may have: nobody listened for a while. */
  suspectAll(): void {
    this.#allSuspect = true
    this.#suspects.clear()
    this.#lookSoon()
  }

  /** Resolves when everything that was suspect at the call was asked for after it; rejects with what the source said. */
  async settle(): Promise<void> {
    if (this.isSettled && this.#round === undefined) return
    // What is on its way may have been answered before the call.
    if (this.#round !== undefined) await this.#round.catch(() => {})
    if (!this.isSettled) await (this.#round ?? this.#look())
  }

  /** Asks for that one now; what is read afterwards is not older than this call. */
  async lookAgain(uuid: string): Promise<void> {
    this.#doubt(uuid)
    await this.settle()
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#gathering)
    clearTimeout(this.#confirming)
  }

  #doubt(uuid: string): void {
    if (this.#allSuspect) return
    this.#suspects.add(uuid)
    if (this.#source.some !== undefined && this.#suspects.size <= askForAtMost) return
    this.#allSuspect = true
    this.#suspects.clear()
  }

  #lookSoon(): void {
    if (this.#source.lazy === true || this.#closed) return
    if (this.#gathering !== undefined || this.#round !== undefined) return
    this.#gathering = setTimeout(() => {
      this.#gathering = undefined
      if (!this.isSettled && this.#round === undefined) this.#look().catch(this.#source.failed)
    }, this.#gatherMs)
    this.#gathering.unref()
  }

  #confirmLater(): void {
    if (this.#closed || this.#confirming !== undefined) return
    this.#confirming = setTimeout(() => {
      this.#confirming = undefined
      if (this.#confirmAll) this.#allSuspect = true
      else for (const uuid of this.#unconfirmed) this.#doubt(uuid)
      this.#confirmAll = false
      this.#unconfirmed.clear()
      this.#lookSoon()
    }, this.#confirmMs)
    this.#confirming.unref()
  }

  #look(): Promise<void> {
    const round = this.#ask().then(
      () => {
        this.#round = undefined
        if (!this.isSettled) this.#lookSoon()
      },
      (error: unknown) => {
        this.#round = undefined
        throw error
      },
    )
    this.#round = round
    return round
  }

  async #ask(): Promise<void> {
    const { some } = this.#source
    const uuids = [...this.#suspects]
    const everything = this.#allSuspect || some === undefined
    this.#allSuspect = false
    this.#suspects.clear()
    try {
      if (everything) this.#replace(await this.#source.all())
      else this.#patch(uuids, await some(uuids))
    } catch (error) {
      if (everything) this.suspectAll()
      else for (const uuid of uuids) this.#doubt(uuid)
      throw error
    }
  }

  #replace(all: readonly T[]): void {
    this.#records.clear()
    this.#uuids.clear()
    for (const record of all) this.#put(record)
    this.#sorted = undefined
  }

  #patch(asked: readonly string[], found: readonly T[]): void {
    for (const uuid of asked) this.#drop(uuid)
    for (const record of found) this.#put(record)
    this.#sorted = undefined
  }

  #put(record: T): void {
    this.#records.set(record.uuid, record)
    this.#uuids.set(record.name, record.uuid)
  }

  #drop(uuid: string): void {
    const name = this.#records.get(uuid)?.name
    this.#records.delete(uuid)
    // Another may have taken the name since.
    if (name !== undefined && this.#uuids.get(name) === uuid) this.#uuids.delete(name)
  }
}
