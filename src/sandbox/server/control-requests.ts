/** The control interface over HTTP: each request is checked, then becomes one call. */
import { z } from 'zod'
import type { Fault } from '../protocol.js'
import type { SandboxControl } from '../types.js'

const id = z.string().min(1).max(100)
const text = z.string().max(40_000)
const fields = z.record(z.string(), z.union([text, z.number(), z.array(text), z.null()]))

const place = z.union([z.object({ channel: id, ts: id }), z.object({ viewId: id })])
const pick = z.union([
  z.object({ actionId: z.string().min(1).max(255), blockId: z.string().max(255).optional() }),
  z.object({ text: z.string().min(1).max(3000), blockId: z.string().max(255).optional() }),
])
const target = z.intersection(z.object({ user: id }), z.intersection(place, pick))

const times = z.number().int().min(-1).optional()
const method = z.string().min(1)
const delayMs = z.number().min(0).max(600_000)
const fault = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('rate-limit'), method, retryAfterS: z.number().min(0), times }),
  z.object({ kind: z.literal('http-error'), method, status: z.number().int().min(400).max(599), times }),
  z.object({ kind: z.literal('api-error'), method, error: z.string().min(1), times }),
  z.object({ kind: z.literal('drop-response'), method, times }),
  z.object({ kind: z.literal('slow-response'), method, delayMs, times }),
  z.object({ kind: z.literal('delay-ack'), delayMs, times }),
  z.object({ kind: z.literal('lose-ack'), times }),
  z.object({ kind: z.literal('duplicate-delivery'), times }),
  z.object({ kind: z.literal('expired-trigger'), times }),
  z.object({ kind: z.literal('socket-conflict'), times }),
  z.object({ kind: z.literal('refresh'), connections: z.enum(['oldest', 'all']).optional() }),
  z.object({ kind: z.literal('freeze') }),
  z.object({ kind: z.literal('outage'), durationMs: z.number().positive().optional() }),
])

type Handler = (control: SandboxControl, body: unknown) => unknown

function handler<T>(schema: z.ZodType<T>, run: (control: SandboxControl, what: T) => unknown): Handler {
  return (control, body) => run(control, schema.parse(body))
}

/** zod's optional fields carry `undefined`; the control interface leaves absent fields out. */
function present<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }
}

/** By the last part of the path, `POST /_control/<name>`. */
export const controlRequests: Record<string, Handler> = {
  command: handler(z.object({ user: id, channel: id, text }), (control, what) => control.command(what)),
  message: handler(
    z.object({ user: id, channel: id, text: text.min(1), threadTs: id.optional() }),
    (control, what) => control.message(present(what)),
  ),
  click: handler(z.intersection(target, z.object({ values: fields.optional() })), (control, what) =>
    control.click(present(what)),
  ),
  choose: handler(
    z.intersection(target, z.object({ value: z.union([text, z.array(text)]), values: fields.optional() })),
    (control, what) => control.choose(present(what)),
  ),
  suggest: handler(z.intersection(target, z.object({ query: text })), (control, what) =>
    control.suggest(present(what)),
  ),
  submit: handler(z.object({ user: id, viewId: id.optional(), values: fields.optional() }), (control, what) =>
    control.submit(present(what)),
  ),
  close: handler(z.object({ user: id, viewId: id.optional() }), (control, what) =>
    control.close(present(what)),
  ),
  shortcut: handler(
    z.object({ user: id, callbackId: id, channel: id.optional(), ts: id.optional() }),
    (control, what) => control.shortcut(present(what)),
  ),
  home: handler(z.object({ user: id, tab: z.enum(['home', 'messages']).optional() }), (control, what) =>
    control.home(present(what)),
  ),
  'advance-clock': handler(z.object({ ms: z.number().min(0) }), (control, { ms }) =>
    control.advanceClock(ms),
  ),
  fault: handler(fault, (control, what) => {
    control.fault(present(what) as Fault)
  }),
  'clear-faults': handler(z.object({}), (control) => control.clearFaults()),
  'request-url': handler(z.object({ url: z.url().nullable() }), (control, { url }) =>
    control.setRequestUrl(url ?? undefined),
  ),
  reset: handler(z.object({}), (control) => control.reset()),
}
