/** Pings both ways (program "keep"): a daemon cuts clients that do not answer its pings, and we give up a silent daemon. */

const ping = 1
const pong = 2
/** Unanswered pings after which the daemon counts as gone; libvirt's own default. */
const maxUnanswered = 5

export interface KeepaliveParts {
  /** Milliseconds of silence before we ask. */
  intervalMs: number
  send(procedure: number): void
  dead(silentMs: number): void
}

export class Keepalive {
  readonly #parts: KeepaliveParts
  #timer: NodeJS.Timeout | undefined
  #unanswered = 0
  #heardSinceTick = false

  constructor(parts: KeepaliveParts) {
    this.#parts = parts
  }

  start(): void {
    this.#timer = setInterval(() => this.#tick(), this.#parts.intervalMs)
    this.#timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** Anything that arrives proves that the daemon lives. */
  heard(): void {
    this.#heardSinceTick = true
    this.#unanswered = 0
  }

  received(procedure: number): void {
    if (procedure === ping) this.#parts.send(pong)
  }

  #tick(): void {
    if (this.#heardSinceTick) {
      this.#heardSinceTick = false
      return
    }
    if (this.#unanswered >= maxUnanswered) {
      this.#parts.dead((this.#unanswered + 1) * this.#parts.intervalMs)
      return
    }
    this.#unanswered++
    this.#parts.send(ping)
  }
}
