/** A unix socket before libvirt's, whose connections can be cut and held up. */
import { rmSync } from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'

export class SocketProxy {
  readonly path: string
  readonly #server: Server
  readonly #pairs = new Set<{ client: Socket; daemon: Socket }>()
  #accepts = true
  #frozen = false
  /** Connections that were ever made. */
  accepted = 0

  private constructor(path: string, daemonPath: string) {
    this.path = path
    this.#server = createServer((client) => this.#join(client, daemonPath))
  }

  static async before(daemonPath: string, path: string): Promise<SocketProxy> {
    rmSync(path, { force: true })
    const proxy = new SocketProxy(path, daemonPath)
    await new Promise<void>((resolve) => proxy.#server.listen(path, resolve))
    return proxy
  }

  /** Connections that are open at present. */
  get open(): number {
    return this.#pairs.size
  }

  /** Ends every connection of now. */
  cut(): void {
    for (const { client, daemon } of this.#pairs) {
      client.destroy()
      daemon.destroy()
    }
  }

  /** As when the daemon is stopped: every connection ends and new ones end at once. */
  stop(): void {
    this.#accepts = false
    this.cut()
  }

  start(): void {
    this.#accepts = true
  }

  /** Nothing goes through until `thaw`, and nothing gets lost. */
  freeze(): void {
    this.#frozen = true
    for (const { client, daemon } of this.#pairs) for (const socket of [client, daemon]) socket.pause()
  }

  thaw(): void {
    this.#frozen = false
    for (const { client, daemon } of this.#pairs) for (const socket of [client, daemon]) socket.resume()
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.cut()
    await closed
  }

  #join(client: Socket, daemonPath: string): void {
    this.accepted += 1
    client.on('error', () => client.destroy())
    if (!this.#accepts) {
      client.destroy()
      return
    }
    const daemon = connect(daemonPath)
    const pair = { client, daemon }
    this.#pairs.add(pair)
    for (const [from, to] of [
      [client, daemon],
      [daemon, client],
    ] as const) {
      from.on('error', () => from.destroy())
      from.on('data', (chunk: Buffer) => to.write(chunk))
      from.on('close', () => {
        to.destroy()
        this.#pairs.delete(pair)
      })
      if (this.#frozen) from.pause()
    }
  }
}
