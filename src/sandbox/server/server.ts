/** The HTTP server: who is asking for what. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ZodError, z } from 'zod'
import type { SocketMode } from '../delivery/socket-mode.js'
import type { SandboxControl } from '../types.js'
import type { WebApi } from '../web-api/web-api.js'
import type { ResponseUrls } from '../world/response-urls.js'
import type { World } from '../world/world.js'
import { sendJson, sendText } from './answers.js'
import { answerResponseUrl, callWebApi, sendFile, takeUpload } from './app-routes.js'
import { controlRequests } from './control-requests.js'
import { EventStream } from './event-stream.js'
import { isFromHere } from './origin-guard.js'
import { sendPageFile } from './page-files.js'
import { BodyTooLarge, readBody } from './request-body.js'

interface Served {
  world: World
  webApi: WebApi
  responseUrls: ResponseUrls
  socketMode: SocketMode
  control: SandboxControl
  /** Everything an app asks for is refused while this is true. */
  isOut: () => boolean
}

export class SandboxServer {
  private readonly server: Server
  private readonly stream: EventStream
  private readonly served: Served

  constructor(served: Served) {
    this.served = served
    this.stream = new EventStream(served.world)
    this.server = createServer((request, response) => {
      this.answer(request, response).catch((error: unknown) => refuse(response, error))
    })
    this.server.on('upgrade', (request, socket, head) => {
      if (served.isOut() || !(request.url ?? '').startsWith('/link')) socket.destroy()
      else served.socketMode.upgrade(request, socket, head)
    })
  }

  /** Listens on loopback only; returns the address with a slash at its end. */
  async listen(port: number): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject)
      this.server.listen(port, '127.0.0.1', resolve)
    })
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/`
  }

  async close(): Promise<void> {
    this.stream.close()
    this.server.closeAllConnections()
    await new Promise((resolve) => this.server.close(resolve))
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://sandbox')
    const { pathname } = url
    const forApps = /^\/(api|response|upload)\//.exec(pathname)?.[1]
    if (forApps !== undefined) {
      if (this.served.isOut()) return void request.socket.destroy()
      const route = { api: callWebApi, response: answerResponseUrl, upload: takeUpload }[forApps]
      return route?.(this.served, request, response, url)
    }
    if (!isFromHere(request))
      return sendText(response, 403, 'The sandbox answers only pages of its own, on this machine.')
    if (pathname.startsWith('/_control/')) return this.answerControl(request, response, url)
    if (request.method !== 'GET') return sendText(response, 405, 'GET only')
    if (pathname.startsWith('/files/')) return sendFile(this.served, response, url)
    if (pathname === '/' || pathname.startsWith('/page/')) return sendPageFile(response, pathname)
    if (pathname === '/favicon.ico') return void response.writeHead(204).end()
    sendText(response, 404, 'no such page')
  }

  private async answerControl(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const { control } = this.served
    const name = url.pathname.slice('/_control/'.length)
    if (request.method === 'GET') {
      if (name === 'state')
        return sendJson(response, 200, control.state(url.searchParams.get('user') ?? undefined))
      if (name === 'events') return this.stream.open(response)
      if (name === 'traffic') {
        const seq = Number(url.searchParams.get('seq'))
        return sendJson(response, 200, control.traffic().find((entry) => entry.seq === seq) ?? null)
      }
    }
    const run = Object.hasOwn(controlRequests, name) ? controlRequests[name] : undefined
    if (run === undefined || request.method !== 'POST')
      return sendJson(response, 404, { ok: false, error: `no control ${name}` })
    if (!(request.headers['content-type'] ?? '').includes('application/json')) {
      return sendJson(response, 415, { ok: false, error: 'send application/json' })
    }
    try {
      const result = await run(control, JSON.parse((await readBody(request, 1_000_000)).toString() || '{}'))
      sendJson(response, 200, { ok: true, result: result ?? null })
    } catch (error) {
      const message =
        error instanceof ZodError
          ? z.prettifyError(error)
          : error instanceof Error
            ? error.message
            : String(error)
      sendJson(response, 400, { ok: false, error: message })
    }
  }
}

function refuse(response: ServerResponse, error: unknown): void {
  if (response.headersSent) response.destroy()
  else if (error instanceof BodyTooLarge) sendText(response, 413, error.message)
  else sendText(response, 500, error instanceof Error ? (error.stack ?? error.message) : String(error))
}
