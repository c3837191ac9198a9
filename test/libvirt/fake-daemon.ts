/** The other end of the protocol, in this process: answers what a test tells it to, as slowly and wrongly as it likes. */
import { Duplex } from 'node:stream'
import {
  encodeFrame,
  type Frame,
  FrameReader,
  messageTypes,
  programs,
  statuses,
} from '../../src/libvirt/frames.js'
import type { Procedure } from '../../src/libvirt/procedure.js'
import { procedures } from '../../src/libvirt/procedures/index.js'
import { RemoteError } from '../../src/libvirt/types.js'
import { Reader, Writer } from '../../src/libvirt/xdr.js'

type Handler = (frame: Frame, daemon: FakeDaemon) => void

export class FakeDaemon {
  /** What the client is given. */
  readonly stream: Duplex
  /** Every frame the client sent. */
  readonly received: Frame[] = []
  readonly #frames = new FrameReader()
  readonly #handlers = new Map<number, Handler>()

  constructor({ auth = [0] }: { auth?: number[] } = {}) {
    this.stream = new Duplex({
      read() {},
      write: (chunk: Buffer, _encoding, done) => {
        for (const frame of this.#frames.push(chunk)) this.#take(frame)
        done()
      },
    })
    this.reply(procedures.authList, () => ({ types: auth }))
    this.reply(procedures.authPolkit, () => ({ complete: 1 }))
    this.reply(procedures.connectSupportsFeature, () => ({ supported: 1 }))
    this.reply(procedures.connectOpen, () => undefined)
    this.reply(procedures.connectClose, () => undefined)
  }

  on(procedure: Procedure<never, never> | { number: number }, handler: Handler): void {
    this.#handlers.set(procedure.number, handler)
  }

  reply<A, R>(procedure: Procedure<A, R>, answer: (args: A) => R): void {
    this.on(procedure, (frame) =>
      this.answer(frame, procedure, answer(procedure.args.read(new Reader(frame.payload)))),
    )
  }

  answer<A, R>({ procedure: number, serial }: Frame, procedure: Procedure<A, R>, value: R): void {
    const writer = new Writer()
    procedure.reply.write(writer, value)
    this.send({
      procedure: number,
      serial,
      type: messageTypes.reply,
      status: statuses.ok,
      payload: writer.finish(),
    })
  }

  fail({ procedure, serial }: Frame, code: number, message: string, type: number = messageTypes.reply): void {
    const writer = new Writer()
    RemoteError.write(writer, {
      code,
      domain: 0,
      message,
      level: 2,
      dom: undefined,
      str1: undefined,
      str2: undefined,
      str3: undefined,
      int1: 0,
      int2: 0,
      net: undefined,
    })
    this.send({ procedure, serial, type, status: statuses.error, payload: writer.finish() })
  }

  send(frame: Partial<Frame>): void {
    const whole = {
      program: programs.remote,
      procedure: 0,
      type: 0,
      serial: 0,
      status: 0,
      payload: Buffer.alloc(0),
      ...frame,
    }
    this.stream.push(encodeFrame(whole))
  }

  hangUp(): void {
    this.stream.push(null)
  }

  #take(frame: Frame): void {
    this.received.push(frame)
    if (frame.program === programs.remote) this.#handlers.get(frame.procedure)?.(frame, this)
  }
}
