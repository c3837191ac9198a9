/** As much of Slack as Socket Mode needs: apps.connections.open and the other end of the WebSocket. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'

export interface Ack {
  envelope_id: string
  payload: unknown
}

export class SocketServer {
  readonly sockets: WebSocket[] = []
  readonly acks: Ack[] = []
  opens = 0
  /** Connections that were being opened at the same time, at most. */
  openingAtOnce = 0
  /** What apps.connections.open says instead of an address. */
  refusal: { error: string } | { status: number; retryAfter?: number } | undefined
  /** Whether a new socket gets its hello. */
  greets = true
  /** Whether close frames are answered. */
  isMute = false
  readonly #http: Server
  readonly #ws: WebSocketServer
  #opening = 0

  constructor() {
    this.#http = createServer((request, response) => {
      request.resume().on('end', () => {
        this.opens += 1
        const { refusal } = this
        if (refusal !== undefined && 'status' in refusal) {
          const headers =
            refusal.retryAfter === undefined ? {} : { 'retry-after': String(refusal.retryAfter) }
          response.writeHead(refusal.status, headers).end('{}')
          return
        }
        response.setHeader('content-type', 'application/json')
        if (refusal === undefined) {
          this.#opening += 1
          this.openingAtOnce = Math.max(this.openingAtOnce, this.#opening)
        }
        response.end(
          JSON.stringify(
            refusal ? { ok: false, ...refusal } : { ok: true, url: `ws://127.0.0.1:${this.port}/link` },
          ),
        )
      })
    })
    this.#ws = new WebSocketServer({ server: this.#http, path: '/link' })
    this.#ws.on('connection', (socket) => {
      this.sockets.push(socket)
      socket.on('close', () => this.sockets.splice(this.sockets.indexOf(socket), 1))
      socket.on('message', (data) => this.acks.push(JSON.parse(String(data))))
      if (this.greets) this.greet(socket)
    })
  }

  greet(socket: WebSocket): void {
    socket.send(JSON.stringify({ type: 'hello', num_connections: this.sockets.length }))
    this.#opening -= 1
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port
  }

  get apiUrl(): string {
    return `http://127.0.0.1:${this.port}/api/`
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#http.listen(0, '127.0.0.1', resolve))
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.terminate()
    this.#http.closeAllConnections()
    await new Promise<void>((resolve) => this.#http.close(() => resolve()))
  }

  /** Sends a slash command through one socket, the first by default. */
  command(envelope: string, text: string, socket = this.sockets[0]): void {
    socket?.send(
      JSON.stringify({
        type: 'slash_commands',
        envelope_id: envelope,
        accepts_response_payload: true,
        payload: { command: '/qnav', text, user_id: 'U1', channel_id: 'C1', team_id: 'T1', trigger_id: '1' },
      }),
    )
  }

  /** What Slack does every few hours. */
  refresh(socket = this.sockets[0]): void {
    socket?.send(JSON.stringify({ type: 'disconnect', reason: 'refresh_requested' }))
  }
}
