/** Slack's Web API and response URLs without a network: records calls and fails as told. */
import nock from 'nock'
import { type BlockError, validateMessage, validateView } from '../../src/sandbox/block-validation/index.js'

export interface Call {
  method: string
  /** Arguments; those that travel as JSON are parsed. */
  args: Record<string, unknown>
  token: string | undefined
}

/** What one call gets. `drop`: the connection breaks after Slack has read the call. */
export type Reply =
  | { ok: boolean; error?: string; [key: string]: unknown }
  | { status: number; headers?: Record<string, string>; body?: unknown }
  | 'drop'
  | 'refuse'

type Handler = (args: Record<string, unknown>, call: number) => Reply | Promise<Reply>

export class SlackStub {
  readonly calls: Call[] = []
  /** What went to response URLs. */
  readonly answers: { url: string; body: Record<string, unknown> }[] = []
  answerStatus = 200
  /** What Slack would have refused of what was sent. */
  readonly problems: BlockError[] = []
  readonly #handlers = new Map<string, Handler>()
  #ts = 100

  constructor(origin = 'https://slack.com') {
    nock.disableNetConnect()
    nock.enableNetConnect('127.0.0.1')
    this.on('auth.test', () => ({
      ok: true,
      user_id: 'U0QNAV',
      bot_id: 'B0QNAV',
      team_id: 'T1',
      team: 'Test',
    }))
    this.on('chat.postMessage', (args) => this.posted(args))
    this.on('chat.update', (args) => ({ ok: true, ts: args.ts, channel: args.channel }))
    nock(origin)
      .persist()
      .post(/^\/api\/.+/)
      .reply((uri, body, done) => {
        const method = uri.replace('/api/', '')
        const args = formOf(String(body))
        this.calls.push({ method, args, token: undefined })
        if (method.startsWith('chat.')) this.problems.push(...validateMessage(args))
        if (args.view !== undefined) this.problems.push(...validateView(args.view))
        const handler = this.#handlers.get(method) ?? (() => ({ ok: false, error: 'unknown_method' }))
        void Promise.resolve(handler(args, this.of(method).length)).then((reply) => {
          if (reply === 'drop')
            done(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }), [0, ''])
          else if (reply === 'refuse') {
            done(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }), [0, ''])
          } else if ('status' in reply && typeof reply.status === 'number') {
            done(null, [
              reply.status,
              JSON.stringify(reply.body ?? {}),
              (reply.headers ?? {}) as Record<string, string>,
            ])
          } else done(null, [200, JSON.stringify(reply), { 'content-type': 'application/json' }])
        })
      })
    nock('https://hooks.slack.com')
      .persist()
      .post(/.*/)
      .reply((uri, body) => {
        this.answers.push({ url: uri, body: body as Record<string, unknown> })
        this.problems.push(...validateMessage(body))
        return [this.answerStatus, 'ok']
      })
  }

  on(method: string, handler: Handler): void {
    this.#handlers.set(method, handler)
  }

  of(method: string): Call[] {
    return this.calls.filter((call) => call.method === method)
  }

  posted(args: Record<string, unknown>): Reply {
    this.#ts += 1
    const to = String(args.channel)
    return { ok: true, ts: `${this.#ts}.0`, channel: to.startsWith('U') ? `D${to.slice(1)}` : to }
  }

  close(): void {
    nock.cleanAll()
    nock.enableNetConnect()
    if (this.problems.length > 0) throw new Error(`Slack would refuse: ${JSON.stringify(this.problems)}`)
  }
}

function formOf(body: string): Record<string, unknown> {
  return Object.fromEntries(
    [...new URLSearchParams(body)].map(([key, value]) => [
      key,
      /^[[{]/.test(value) ? JSON.parse(value) : value,
    ]),
  )
}

/** All texts of blocks, for looking into messages. */
export function textOf(message: unknown): string {
  const texts: string[] = []
  JSON.stringify(message, (key, value: unknown) => {
    if (key === 'text' && typeof value === 'string') texts.push(value)
    return value
  })
  return texts.join('\n')
}
