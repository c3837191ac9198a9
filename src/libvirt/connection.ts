/**
 * One session with a libvirt daemon over any byte stream: authentication, calls answered in any order, keepalive, events
 * and data streams. Nothing waits without a limit, and when the session ends everything that waits is told.
 */
import { EventEmitter } from 'node:events'
import type { Duplex } from 'node:stream'
import { CallQueue } from './call-queue.js'
import { DataStream } from './data-stream.js'
import { limited } from './deadline.js'
import { errorFromReply, LibvirtError } from './errors.js'
import type { EventName, EventOf } from './event-registration.js'
import { Events } from './events.js'
import {
  encodeCall,
  encodeFrame,
  type Frame,
  FrameReader,
  messageTypes,
  programs,
  setSerial,
  statuses,
} from './frames.js'
import { Keepalive } from './keepalive.js'
import type { Procedure } from './procedure.js'
import { procedures } from './procedures/index.js'
import { RemoteError } from './types.js'
import { ProtocolError, Reader, Writer } from './xdr.js'

export interface ConnectionOptions {
  /** A stream to the daemon's socket, e.g. `net.connect('/run/libvirt/libvirt-sock')`. */
  stream: Duplex
  /** Never chosen by users: a daemon connects out itself when given a remote URI. */
  uri: 'qemu:///system' | 'qemu:///session' | 'test:///default'
  /** Refuses everything that changes something (error kind `denied`). */
  readOnly?: boolean
  /** Milliseconds that opening may take. Default 10 s. */
  openTimeoutMs?: number
  /** Milliseconds a call may take unless it says otherwise. Default 15 s. */
  callTimeoutMs?: number
  /** Told when a call was given up at its deadline: the way to the daemon may be dead without a word. */
  onLate?: () => void
  /** Seconds of silence after which the daemon is pinged; it is given up after five unanswered pings. Default 5. */
  keepaliveS?: number
}

export interface CallOptions {
  /** Milliseconds. When they have passed the call rejects with kind `timeout`; the host may go on working. */
  timeoutMs?: number
  signal?: AbortSignal
}

interface Waiting {
  procedure: Procedure<unknown, unknown>
  resolve(reply: unknown): void
  reject(error: Error): void
}

const keepaliveFeature = 10
/**
 * The daemon reads no more requests of a client that has five under way; with slow ones among them keepalive would starve.
 * Urgent procedures are those that never wait for a guest: while there are no others, more of them fill the pipe.
 */
const maxInFlight = { calls: 4, urgent: 24 }
const authTypes = { none: 0, polkit: 2 } as const
const readOnlyFlag = 1

export class Connection {
  readonly #stream: Duplex
  readonly #frames = new FrameReader()
  readonly #waiting = new Map<number, Waiting>()
  readonly #streams = new Map<number, DataStream>()
  readonly #events = new Events(this)
  readonly #queue = new CallQueue(maxInFlight)
  readonly #emitter = new EventEmitter<{ closed: [LibvirtError] }>()
  readonly #callTimeoutMs: number
  readonly #onLate: () => void
  readonly #keepalive: Keepalive
  #serial = 0
  readonly #outgoing: Buffer[] = []
  #end: LibvirtError | undefined

  private constructor({
    stream,
    callTimeoutMs = 15_000,
    keepaliveS = 5,
    onLate = () => {},
  }: ConnectionOptions) {
    this.#stream = stream
    this.#callTimeoutMs = callTimeoutMs
    this.#onLate = onLate
    this.#keepalive = new Keepalive({
      intervalMs: keepaliveS * 1000,
      send: (procedure) => this.#send(programs.keepalive, procedure, messageTypes.event, 0, statuses.ok),
      dead: (silentMs) =>
        this.#finish(
          new LibvirtError(`the daemon has been silent for ${silentMs} ms`, { kind: 'transport' }),
        ),
    })
    stream.on('data', (chunk: Buffer) => this.#receive(chunk))
    stream.on('error', (cause) =>
      this.#finish(new LibvirtError(`the connection broke: ${cause.message}`, { kind: 'transport', cause })),
    )
    stream.on('close', () =>
      this.#finish(new LibvirtError('the daemon closed the connection', { kind: 'transport' })),
    )
    stream.on('end', () =>
      this.#finish(new LibvirtError('the daemon closed the connection', { kind: 'transport' })),
    )
  }

  /** Opens a session: authentication (none or polkit), keepalive, connect. Rejects with a LibvirtError. */
  static async open(options: ConnectionOptions): Promise<Connection> {
    const connection = new Connection(options)
    const within = { timeoutMs: options.openTimeoutMs ?? 10_000 }
    try {
      const { types } = await connection.call(procedures.authList, undefined, within)
      const [type = authTypes.none] = types
      if (type === authTypes.polkit) await connection.call(procedures.authPolkit, undefined, within)
      else if (type !== authTypes.none) {
        throw new LibvirtError(`the daemon wants authentication of type ${type}; none and polkit are known`, {
          kind: 'denied',
        })
      }
      // Asking for this feature makes the daemon start its own pings; it must come before connect_open.
      const { supported } = await connection.call(
        procedures.connectSupportsFeature,
        { feature: keepaliveFeature },
        within,
      )
      await connection.call(
        procedures.connectOpen,
        { name: options.uri, flags: options.readOnly ? readOnlyFlag : 0 },
        within,
      )
      if (supported !== 0) connection.#keepalive.start()
      return connection
    } catch (error) {
      connection.#finish(new LibvirtError('opening failed', { kind: 'transport', cause: error }))
      throw error
    }
  }

  get isOpen(): boolean {
    return this.#end === undefined
  }

  /** Told once, when the session has ended for whatever reason; at once when it has ended already. */
  onClosed(listener: (why: LibvirtError) => void): void {
    if (this.#end === undefined) this.#emitter.once('closed', listener)
    else listener(this.#end)
  }

  /** Calls a procedure. At most four are under way at a time (24 when all are of high priority); those of
   * high priority go first, the rest wait here. */
  async call<Args, Reply>(
    procedure: Procedure<Args, Reply>,
    args: Args,
    { timeoutMs = this.#callTimeoutMs, signal }: CallOptions = {},
  ): Promise<Reply> {
    if (this.#end !== undefined) throw this.#end
    signal?.throwIfAborted()
    const { promise, cancel } = this.#start(procedure, this.#encoded(procedure, args))
    return limited(promise, { timeoutMs, signal, what: procedure.name, cancel, late: this.#onLate })
  }

  /** What cannot be written may be what the daemon itself said before: a uuid that is none, a name that is too long. */
  #encoded<Args, Reply>(procedure: Procedure<Args, Reply>, args: Args): Buffer {
    try {
      return encodeCall(procedure.program, procedure.number, (to) => procedure.args.write(to, args))
    } catch (cause) {
      if (!(cause instanceof ProtocolError)) throw cause
      throw new LibvirtError(`${procedure.name} cannot be asked: ${cause.message}`, {
        kind: 'bad-argument',
        cause,
      })
    }
  }

  #start<Args, Reply>(
    procedure: Procedure<Args, Reply>,
    frame: Buffer,
  ): { promise: Promise<Reply>; cancel(): void } {
    let dequeue = () => {}
    const promise = new Promise<Reply>((resolve, reject) => {
      const settle = this.#queue.enter(procedure.highPriority, () => {
        if (this.#end !== undefined) {
          settle.leave()
          reject(this.#end)
          return
        }
        const serial = this.#nextSerial()
        this.#waiting.set(serial, {
          procedure: procedure as Procedure<unknown, unknown>,
          resolve: (reply) => {
            settle.leave()
            resolve(reply as Reply)
          },
          reject: (error) => {
            settle.leave()
            reject(error)
          },
        })
        setSerial(frame, serial)
        this.#sendWithOthers(frame)
      })
      dequeue = settle.abandon
    })
    return { promise, cancel: dequeue }
  }

  /**
   * Calls a procedure that opens a data stream. The call's own reply has come when this resolves. Only one direction is
   * used by most procedures; a console uses both.
   */
  async stream<Args, Reply>(
    procedure: Procedure<Args, Reply>,
    args: Args,
    options: CallOptions = {},
  ): Promise<{ reply: Reply; data: DataStream }> {
    if (this.#end !== undefined) throw this.#end
    options.signal?.throwIfAborted()
    const writer = new Writer()
    procedure.args.write(writer, args)
    const serial = this.#nextSerial()
    const data = new DataStream({
      send: (type, status, payload) =>
        this.#send(procedure.program, procedure.number, type, serial, status, payload),
      drained: () => this.#drained(),
      ended: () => this.#streams.delete(serial),
      pause: () => this.#stream.pause(),
      resume: () => this.#stream.resume(),
    })
    // Data may follow the reply in the same chunk, so the stream is known before the call is sent.
    this.#streams.set(serial, data)
    try {
      const reply = new Promise<Reply>((resolve, reject) => {
        this.#waiting.set(serial, {
          procedure: procedure as Procedure<unknown, unknown>,
          resolve: (value) => resolve(value as Reply),
          reject,
        })
      })
      this.#send(procedure.program, procedure.number, messageTypes.call, serial, statuses.ok, writer.finish())
      const { timeoutMs = this.#callTimeoutMs, signal } = options
      return {
        reply: await limited(reply, {
          timeoutMs,
          signal,
          what: procedure.name,
          cancel: () => {},
          late: this.#onLate,
        }),
        data,
      }
    } catch (error) {
      this.#streams.delete(serial)
      throw error
    }
  }

  /**
   * Listens to an event of all objects of its kind; any number of listeners share one registration. Registrations end with
   * the session: after a reconnect listen again and list again, because nothing is repeated. Resolves with what ends the
   * listening.
   */
  on<N extends EventName>(name: N, listener: (event: EventOf<N>) => void): Promise<() => Promise<void>> {
    return this.#events.on(name, listener)
  }

  /** Ends the session politely; resolves when the stream is closed or after a second. */
  async close(): Promise<void> {
    if (this.#end !== undefined) return
    await this.call(procedures.connectClose, undefined, { timeoutMs: 1000 }).catch(() => {})
    this.#finish(new LibvirtError('the connection was closed', { kind: 'transport' }))
  }

  #nextSerial(): number {
    this.#serial = this.#serial >= 0x7fffffff ? 1 : this.#serial + 1
    return this.#serial
  }

  /** Calls of one turn go out in one write: that is most of what a call costs here when many are made at once. */
  #sendWithOthers(frame: Buffer): void {
    this.#outgoing.push(frame)
    if (this.#outgoing.length > 1) return
    process.nextTick(() => {
      const frames = this.#outgoing.splice(0)
      if (this.#end === undefined) this.#stream.write(frames.length === 1 ? frames[0] : Buffer.concat(frames))
    })
  }

  #drained(): Promise<void> {
    if (this.#end !== undefined || !this.#stream.writableNeedDrain) return Promise.resolve()
    return new Promise((resolve) => {
      const done = () => {
        this.#stream.off('drain', done)
        this.#stream.off('close', done)
        resolve()
      }
      this.#stream.once('drain', done)
      this.#stream.once('close', done)
    })
  }

  #send(
    program: number,
    procedure: number,
    type: number,
    serial: number,
    status: number,
    payload: Buffer = Buffer.alloc(0),
  ): boolean {
    if (this.#end !== undefined) return false
    return this.#stream.write(encodeFrame({ program, procedure, type, serial, status, payload }))
  }

  #receive(chunk: Buffer): void {
    this.#keepalive.heard()
    try {
      for (const frame of this.#frames.push(chunk)) this.#dispatch(frame)
    } catch (cause) {
      if (!(cause instanceof ProtocolError)) throw cause
      this.#finish(
        new LibvirtError(`the daemon does not speak the protocol: ${cause.message}`, {
          kind: 'transport',
          cause,
        }),
      )
    }
  }

  #dispatch(frame: Frame): void {
    if (frame.program === programs.keepalive) this.#keepalive.received(frame.procedure)
    else if (frame.type === messageTypes.reply) this.#reply(frame)
    else if (frame.type === messageTypes.stream || frame.type === messageTypes.streamHole) {
      this.#streams.get(frame.serial)?.receive(frame)
    } else if (frame.type === messageTypes.event) this.#events.receive(frame)
  }

  #reply(frame: Frame): void {
    const waiting = this.#waiting.get(frame.serial)
    // Unknown serial: the call was given up by its deadline.
    if (waiting === undefined) return
    this.#waiting.delete(frame.serial)
    const reader = new Reader(frame.payload)
    try {
      if (frame.status === statuses.error) {
        waiting.reject(errorFromReply(RemoteError.read(reader), waiting.procedure.since))
      } else waiting.resolve(waiting.procedure.reply.read(reader))
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      waiting.reject(
        new LibvirtError(`the answer to ${waiting.procedure.name} cannot be read: ${why}`, {
          kind: 'transport',
          cause,
        }),
      )
      throw cause
    }
  }

  #finish(why: LibvirtError): void {
    if (this.#end !== undefined) return
    this.#end = why
    this.#keepalive.stop()
    this.#stream.destroy()
    for (const { reject } of this.#waiting.values()) reject(why)
    this.#waiting.clear()
    for (const data of this.#streams.values()) data.fail(why)
    this.#streams.clear()
    this.#events.end()
    this.#queue.flush()
    this.#emitter.emit('closed', why)
  }
}
