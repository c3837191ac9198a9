/** Keeps the first `limit` bytes of a stream and drops the rest, so that a chatty command cannot fill the memory. */
export class BoundedOutput {
  readonly #limit: number
  #chunks: Buffer[] = []
  #kept = 0
  #truncated = false

  constructor(limit: number) {
    this.#limit = limit
  }

  add(chunk: Buffer): void {
    const room = this.#limit - this.#kept
    if (chunk.length > room) this.#truncated = true
    if (room <= 0) return
    const kept = chunk.subarray(0, room)
    this.#chunks.push(kept)
    this.#kept += kept.length
  }

  get truncated(): boolean {
    return this.#truncated
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString('utf8')
  }
}
