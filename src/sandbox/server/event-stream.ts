/** Server-sent events: the page hears that something changed, and asks what. */
import type { ServerResponse } from 'node:http'
import type { World } from '../world/world.js'

/** Changes within this time are told together. */
const gatherMs = 30
const heartbeatMs = 20_000

export class EventStream {
  private readonly listeners = new Set<ServerResponse>()
  private readonly world: World
  private readonly heartbeat: NodeJS.Timeout
  private gathering: NodeJS.Timeout | undefined

  constructor(world: World) {
    this.world = world
    world.changed.on('changed', this.gather)
    this.heartbeat = setInterval(() => this.write(': still here\n\n'), heartbeatMs)
    this.heartbeat.unref()
  }

  open(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    response.write(`retry: 1000\ndata: ${this.world.revision}\n\n`)
    this.listeners.add(response)
    response.on('close', () => this.listeners.delete(response))
  }

  close(): void {
    this.world.changed.off('changed', this.gather)
    clearInterval(this.heartbeat)
    clearTimeout(this.gathering)
    for (const response of this.listeners) response.end()
  }

  private readonly gather = () => {
    this.gathering ??= setTimeout(() => {
      this.gathering = undefined
      this.write(`data: ${this.world.revision}\n\n`)
    }, gatherMs).unref()
  }

  private write(text: string): void {
    for (const response of this.listeners) response.write(text)
  }
}
