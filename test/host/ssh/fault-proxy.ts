/** A TCP proxy before an sshd that does what networks do: cuts anywhere, stalls, forgets, freezes. */
import { connect, createServer, type Server, type Socket } from 'node:net'

/** What happens to a connection once so many bytes went through it in a direction. */
export interface Fault {
  /** `down` is from sshd to us, `up` the other way. */
  direction: 'up' | 'down'
  /** Passed on before it happens. */
  afterBytes: number
  /** - `reset`: both sides are told so by RST
   *  - `end`: both sides are told by FIN, as by a server that stops
   *  - `stall`: nobody is told and nothing goes through any more, in either direction */
  kind: 'reset' | 'end' | 'stall'
}

export class FaultProxy {
  readonly #server: Server
  readonly #target: number
  readonly #pairs = new Set<Pair>()
  #fault: Fault | undefined
  #frozen = false
  /** Connections that were ever made. */
  accepted = 0
  /** Bytes of the last connection that was made. */
  passed = { up: 0, down: 0 }

  private constructor(target: number) {
    this.#target = target
    this.#server = createServer({ pauseOnConnect: true }, (socket) => this.#accept(socket))
  }

  static async before({ port }: { port: number }): Promise<FaultProxy> {
    const proxy = new FaultProxy(port)
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  get port(): number {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('the proxy does not listen')
    return address.port
  }

  /** Connections that are open at present. */
  get open(): number {
    return [...this.#pairs].filter((pair) => pair.isOpen).length
  }

  /** Every connection made from now on meets this; none does any more when absent. */
  willMeet(fault?: Fault): void {
    this.#fault = fault
  }

  /** Every connection of now is reset. */
  cut(): void {
    for (const pair of this.#pairs) pair.happen('reset')
  }

  /** Every connection of now goes silent for ever; new ones work: a router that lost its table, a host that was replaced. */
  forget(): void {
    for (const pair of this.#pairs) pair.happen('stall')
  }

  /** Nothing goes through until `thaw`, and nothing gets lost. */
  freeze(): void {
    this.#frozen = true
    for (const pair of this.#pairs) pair.hold()
  }

  thaw(): void {
    this.#frozen = false
    for (const pair of this.#pairs) pair.release()
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.cut()
    await closed
  }

  #accept(client: Socket): void {
    this.accepted += 1
    this.passed = { up: 0, down: 0 }
    const host = connect({ port: this.#target, host: '127.0.0.1' })
    const pair = new Pair(client, host, this.#fault, this.passed, () => this.#pairs.delete(pair))
    this.#pairs.add(pair)
    if (!this.#frozen) pair.release()
  }
}

class Pair {
  readonly #client: Socket
  readonly #host: Socket
  readonly #passed: { up: number; down: number }
  readonly #fault: Fault | undefined
  #isStalled = false

  constructor(
    client: Socket,
    host: Socket,
    fault: Fault | undefined,
    passed: { up: number; down: number },
    onClosed: () => void,
  ) {
    this.#client = client
    this.#host = host
    this.#fault = fault
    this.#passed = passed
    host.pause()
    for (const socket of [client, host]) {
      socket.setNoDelay(true)
      socket.on('error', () => socket.destroy())
    }
    this.#pass('up', client, host)
    this.#pass('down', host, client)
    const closed = (): void => {
      if (!this.isOpen) onClosed()
      // Whoever was forgotten is not told of the end of the other side; what is left of it here is.
      else if (!this.#isStalled || client.destroyed) this.happen('reset')
    }
    client.once('close', closed)
    host.once('close', closed)
    if (fault?.afterBytes === 0) this.happen(fault.kind)
  }

  #pass(direction: Fault['direction'], from: Socket, to: Socket): void {
    from.on('data', (chunk: Buffer) => {
      if (this.#isStalled) return
      const fault = this.#fault?.direction === direction ? this.#fault : undefined
      const room = (fault?.afterBytes ?? Number.POSITIVE_INFINITY) - this.#passed[direction]
      const going = chunk.subarray(0, Math.max(0, room))
      this.#passed[direction] += going.length
      if (going.length > 0 && !to.destroyed && !to.write(going)) {
        from.pause()
        to.once('drain', () => from.resume())
      }
      if (fault !== undefined && chunk.length >= room) this.happen(fault.kind)
    })
    from.on('end', () => {
      if (!this.#isStalled) to.end()
    })
  }

  // Not by events: a socket that is reset while it closes may tell nobody.
  get isOpen(): boolean {
    return !(this.#client.destroyed && this.#host.destroyed)
  }

  happen(kind: Fault['kind']): void {
    switch (kind) {
      case 'stall':
        this.#isStalled = true
        return
      case 'end':
        this.#client.end()
        this.#host.end()
        return
      case 'reset':
        // What was written before it still goes out, then the reset comes.
        for (const socket of [this.#client, this.#host]) {
          if (socket.writableLength > 0 && !socket.writableEnded) socket.end(() => socket.destroy())
          // Node loses the handle of a socket that is reset while it says goodbye.
          else if (socket.connecting || socket.writableEnded) socket.destroy()
          else socket.resetAndDestroy()
        }
    }
  }

  hold(): void {
    this.#client.pause()
    this.#host.pause()
  }

  release(): void {
    this.#client.resume()
    this.#host.resume()
  }
}
