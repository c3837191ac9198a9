/** Socket Mode: several WebSocket connections, one picked at random for each envelope. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import type { Delivery, Json } from '../protocol.js'
import { app } from '../workspace.js'
import type { Faults } from '../world/faults.js'
import type { World } from '../world/world.js'
import { ackDeadlineMs, type Carrier, type Envelope } from './carrier.js'

/** Slack docs: up to 10 connections at a time. */
const maxConnections = 10
/** A WebSocket address works once, for this long. */
const ticketLifeMs = 30_000

interface Pending {
  settle: (delivery: Delivery) => void
  sentAt: number
  /** What the armed faults do to this acknowledgement. */
  isLost: boolean
  delayMs: number | undefined
}

export class SocketMode implements Carrier {
  private readonly server = new WebSocketServer({ noServer: true, maxPayload: 4_000_000 })
  private readonly live = new Set<WebSocket>()
  private readonly tickets = new Map<string, number>()
  private readonly pending = new Map<string, Pending>()
  private readonly world: World
  private readonly faults: Faults
  private readonly random: () => number

  constructor({ world, faults, random }: { world: World; faults: Faults; random: () => number }) {
    this.world = world
    this.faults = faults
    this.random = random
  }

  get connections(): number {
    return this.live.size
  }

  issueTicket(): string {
    const ticket = randomUUID()
    this.tickets.set(ticket, this.world.clock.now() + ticketLifeMs)
    return ticket
  }

  /** Answers a WebSocket upgrade: 409 on demand, 401 without a fresh ticket. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const ticket = new URL(request.url ?? '/', 'ws://sandbox').searchParams.get('ticket') ?? ''
    const validUntil = this.tickets.get(ticket) ?? 0
    this.tickets.delete(ticket)
    if (this.faults.take('socket-conflict') !== undefined) refuse(socket, '409 Conflict')
    else if (this.world.clock.now() >= validUntil) refuse(socket, '401 Unauthorized')
    else this.server.handleUpgrade(request, socket, head, (connection) => this.accept(connection))
  }

  async send(envelope: Envelope): Promise<Delivery> {
    const connection = this.pick()
    if (connection === undefined) return { acknowledged: false, reason: 'dispatch_failed' }
    const envelopeId = randomUUID()
    const frame = JSON.stringify({
      envelope_id: envelopeId,
      type: envelope.type,
      payload: envelope.payload,
      accepts_response_payload: envelope.acceptsResponse,
      ...(envelope.type === 'events_api'
        ? { retry_attempt: envelope.retry?.attempt ?? 0, retry_reason: envelope.retry?.reason ?? '' }
        : {}),
    })
    const answer = this.answerTo(envelopeId)
    connection.send(frame)
    if (this.faults.take('duplicate-delivery') !== undefined) (this.pick() ?? connection).send(frame)
    return answer
  }

  /** Slack's routine: it asks a connection to go, and the app opens another. */
  refresh(which: 'oldest' | 'all'): void {
    const connections = [...this.live].slice(0, which === 'oldest' ? 1 : undefined)
    for (const connection of connections) {
      this.live.delete(connection)
      connection.send(
        JSON.stringify({ type: 'disconnect', reason: 'refresh_requested', debug_info: { host: 'sandbox' } }),
      )
      this.note('disconnect', 'refresh_requested')
    }
    this.world.touch()
  }

  /** Stops reading: the app gets no pong and no answer to its close frame. */
  freeze(): void {
    for (const connection of this.live) connection.pause()
    this.note('freeze', `${this.live.size} connections`)
  }

  /** Cuts every connection without a word. */
  cut(): void {
    for (const connection of [...this.live, ...this.server.clients]) connection.terminate()
    this.live.clear()
    this.world.touch()
  }

  close(): void {
    this.cut()
    this.server.close()
  }

  private accept(connection: WebSocket): void {
    connection.on('error', (error) => this.note('error', error.message))
    if (this.live.size >= maxConnections) {
      connection.send(JSON.stringify({ type: 'disconnect', reason: 'too_many_websockets' }))
      connection.close()
      this.note('disconnect', 'too_many_websockets')
      return
    }
    this.live.add(connection)
    connection.on('message', (data) => this.receive(String(data)))
    connection.on('close', () => {
      if (this.live.delete(connection)) this.note('closed', `${this.live.size} left`)
      this.world.touch()
    })
    connection.send(
      JSON.stringify({
        type: 'hello',
        num_connections: this.live.size,
        connection_info: { app_id: app.id },
        debug_info: { host: 'sandbox', approximate_connection_time: 18_060 },
      }),
    )
    this.note('hello', `connection ${this.live.size}`)
  }

  private pick(): WebSocket | undefined {
    const open = [...this.live].filter(({ readyState, OPEN }) => readyState === OPEN)
    return open[Math.floor(this.random() * open.length)]
  }

  private answerTo(envelopeId: string): Promise<Delivery> {
    return new Promise((resolve) => {
      const cancel = this.world.clock.after(ackDeadlineMs, () => {
        this.pending.delete(envelopeId)
        resolve({ acknowledged: false, reason: 'operation_timeout' })
      })
      const settle = (delivery: Delivery) => {
        cancel()
        this.pending.delete(envelopeId)
        resolve(delivery)
      }
      this.pending.set(envelopeId, {
        settle,
        sentAt: performance.now(),
        isLost: this.faults.take('lose-ack') !== undefined,
        delayMs: this.faults.take('delay-ack')?.delayMs,
      })
    })
  }

  private receive(text: string): void {
    const frame = parseFrame(text)
    const pending = frame === undefined ? undefined : this.pending.get(frame.envelopeId)
    if (frame === undefined || pending === undefined) {
      this.note('stray frame', text.slice(0, 80))
      return
    }
    if (pending.isLost) return
    const settle = () => {
      const durationMs = performance.now() - pending.sentAt
      pending.settle({ acknowledged: true, payload: frame.payload, durationMs })
    }
    if (pending.delayMs === undefined) settle()
    else this.world.clock.after(pending.delayMs, settle)
  }

  private note(name: string, summary: string): void {
    const direction = name === 'hello' || name === 'disconnect' || name === 'freeze' ? 'to-app' : 'from-app'
    this.world.traffic.note({ direction, kind: 'socket', name, summary })
  }
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

function parseFrame(text: string): { envelopeId: string; payload: Json | undefined } | undefined {
  try {
    const { envelope_id: envelopeId, payload } = JSON.parse(text) as { envelope_id?: unknown; payload?: Json }
    return typeof envelopeId === 'string' ? { envelopeId, payload } : undefined
  } catch {
    return undefined
  }
}
