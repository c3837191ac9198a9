/** A connection that entries are written into, made when it is needed and made anew when it broke. */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import type { AuditRecord } from '../store/index.js'
import type { Sink } from './sink.js'

export interface StreamTarget {
  connect(): Socket
  /** The event after which it can be written to. */
  ready: 'connect' | 'secureConnect'
  /** Written first. */
  greeting?: string
  frame(record: AuditRecord): string
}

const connectWithinMs = 10_000
const writeWithinMs = 10_000
const aliveAfterMs = 30_000

export class StreamSink implements Sink {
  readonly #target: StreamTarget
  #socket: Socket | undefined

  constructor(target: StreamTarget) {
    this.#target = target
  }

  async take(records: readonly AuditRecord[]): Promise<void> {
    try {
      const socket = this.#socket ?? (await this.#connected())
      await write(socket, records.map((record) => this.#target.frame(record)).join(''))
    } catch (error) {
      this.#drop()
      throw error
    }
  }

  async stop(): Promise<void> {
    this.#drop()
  }

  #drop(): void {
    this.#socket?.destroy()
    this.#socket = undefined
  }

  async #connected(): Promise<Socket> {
    const socket = this.#target.connect()
    this.#socket = socket
    // Nobody may keep what nobody reads, and what breaks while nothing is written is found out at once.
    socket.resume()
    socket.on('close', () => {
      if (this.#socket === socket) this.#socket = undefined
    })
    // Whoever writes next hears of it.
    socket.on('error', () => undefined)
    await once(socket, this.#target.ready, { signal: AbortSignal.timeout(connectWithinMs) })
    socket.setKeepAlive(true, aliveAfterMs)
    if (this.#target.greeting !== undefined) await write(socket, this.#target.greeting)
    return socket
  }
}

/** Resolves when the kernel has it. */
function write(socket: Socket, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (error?: Error | null) => {
      clearTimeout(timer)
      socket.off('close', closed)
      if (error === null || error === undefined) resolve()
      else reject(error)
    }
    const timer = setTimeout(() => end(new Error('it takes nothing any more')), writeWithinMs)
    const closed = () => end(new Error('it closed the connection'))
    socket.once('close', closed)
    socket.write(text, end)
  })
}
