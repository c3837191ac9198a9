/** The Web API endpoint: faults, tokens, scopes, then the method. */
import type { Json } from '../protocol.js'
import { appToken, botToken } from '../workspace.js'
import type { Faults } from '../world/faults.js'
import { chat } from './chat.js'
import { chatStream } from './chat-stream.js'
import { content } from './content.js'
import { conversations } from './conversations.js'
import { Args, type Backend, type Method, type Methods, SlackError } from './method.js'
import { people } from './people.js'
import { views } from './views.js'

export interface WebApiRequest {
  method: string
  token: string | undefined
  args: Json
}

export interface WebApiAnswer {
  status: number
  headers: Record<string, string>
  body: Json
  /** Cut the connection instead of answering. */
  drop?: boolean
  /** Resolves when the answer may go out. */
  delayed?: Promise<void>
}

const methods: Methods = {
  ...chat,
  ...chatStream,
  ...content,
  ...conversations,
  ...people,
  ...views,
  'apps.connections.open': { token: 'app', run: ({ backend }) => ({ url: backend.openSocket() }) },
  'api.test': { token: 'any', run: ({ args }) => ({ args: args.all }) },
}

export class WebApi {
  private readonly backend: Backend
  private readonly faults: Faults
  private readonly granted: ReadonlySet<string>

  constructor(backend: Backend, faults: Faults) {
    this.backend = backend
    this.faults = faults
    const { bot, bot_optional: optional = [] } = backend.world.manifest.oauth_config.scopes
    this.granted = new Set([...bot, ...optional])
  }

  async call(request: WebApiRequest): Promise<WebApiAnswer> {
    const { method, args } = request
    const { token: _token, ...shown } = args
    const settle = this.backend.world.traffic.begin({
      direction: 'from-app',
      kind: 'web-api',
      name: method,
      summary: summaryOf(shown),
      request: readable(shown),
    })
    const answer = this.faultBefore(method) ?? (await this.run(request))
    const drop = this.faults.take('drop-response', method) !== undefined
    const slow = this.faults.take('slow-response', method)
    const delayed =
      slow && new Promise<void>((resolve) => this.backend.world.clock.after(slow.delayMs, resolve))
    const { ok, error } = answer.body
    settle(
      drop ? 'response dropped' : ok === true ? 'ok' : String(error ?? `HTTP ${answer.status}`),
      answer.body,
    )
    return { ...answer, drop, ...(delayed === undefined ? {} : { delayed }) }
  }

  private faultBefore(method: string): WebApiAnswer | undefined {
    const limited = this.faults.take('rate-limit', method)
    if (limited !== undefined) {
      const headers = { 'retry-after': String(limited.retryAfterS) }
      return { status: 429, headers, body: { ok: false, error: 'ratelimited' } }
    }
    const broken = this.faults.take('http-error', method)
    if (broken !== undefined)
      return { status: broken.status, headers: {}, body: { ok: false, error: `HTTP ${broken.status}` } }
    const refused = this.faults.take('api-error', method)
    if (refused !== undefined) return { status: 200, headers: {}, body: { ok: false, error: refused.error } }
    return undefined
  }

  private async run({ method: name, token, args }: WebApiRequest): Promise<WebApiAnswer> {
    const headers = {
      'x-oauth-scopes': [...this.granted].join(','),
      'x-slack-req-id': this.backend.world.newId('R'),
    }
    try {
      const method = Object.hasOwn(methods, name) ? methods[name] : undefined
      if (method === undefined) throw new SlackError('unknown_method', { req_method: name })
      this.refuseToken(method, token)
      this.refuseScope(method)
      const call = { args: new Args(args), backend: this.backend, world: this.backend.world }
      return { status: 200, headers, body: { ok: true, ...(await method.run(call)) } }
    } catch (error) {
      if (error instanceof SlackError)
        return { status: 200, headers, body: { ok: false, error: error.code, ...error.details } }
      throw error
    }
  }

  private refuseToken({ token: wanted = 'bot' }: Method, token: string | undefined): void {
    if (token === undefined || token === '') throw new SlackError('not_authed')
    if (token !== botToken && token !== appToken) throw new SlackError('invalid_auth')
    if (wanted === 'any') return
    if ((wanted === 'bot') !== (token === botToken)) throw new SlackError('not_allowed_token_type')
  }

  private refuseScope({ scopes = [] }: Method): void {
    if (scopes.length === 0 || scopes.some((scope) => this.granted.has(scope))) return
    throw new SlackError('missing_scope', { needed: scopes[0] ?? '', provided: [...this.granted].join(',') })
  }
}

function summaryOf(args: Json): string {
  const named = ['channel', 'channel_id', 'user', 'user_id', 'view_id', 'ts', 'text', 'filename', 'email']
  return named
    .filter((name) => args[name] !== undefined && args[name] !== '')
    .map((name) => `${name}=${String(args[name]).slice(0, 60)}`)
    .join(' ')
}

/** JSON text inside form fields, parsed for people to read. */
function readable(args: Json): Json {
  return Object.fromEntries(
    Object.entries(args).map(([name, value]) => {
      if (typeof value !== 'string' || !/^[[{]/.test(value)) return [name, value]
      try {
        return [name, JSON.parse(value) as unknown]
      } catch {
        return [name, value]
      }
    }),
  )
}
