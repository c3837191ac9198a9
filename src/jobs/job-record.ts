/** A job as it is kept on disk. Loose objects: what a later version of qnav added to a report is kept, not dropped. */
import { z } from 'zod'
import type { ErrorCode } from '../errors.js'
import type { AuditEntry, DocumentForm } from '../store/index.js'
import type { Job } from './job.js'

export interface JobRecord {
  job: Job
  /** Counts submissions; orders jobs of the same millisecond. */
  number: number
  /** Place in the queue for locks; lower comes first. */
  ticket?: number
  idempotencyKey?: string
  /** Written with the change that they tell of, and appended to the audit log right after it: none is lost by a crash
   * between the two. One that is in the log already may be there twice, with the same job and revision. */
  unaudited: AuditEntry[]
}

const text = z.string()
const texts = z.array(text)
const person = z.looseObject({ id: text, name: text.exactOptional() })
const errorNote = z.looseObject({
  code: z.custom<ErrorCode>((value) => typeof value === 'string'),
  message: text,
  fix: text,
})
const fact = z.looseObject({ label: text, value: text })

const planBase = {
  summary: text,
  host: text,
  changes: z.array(z.looseObject({ what: text, from: text.exactOptional(), to: text.exactOptional() })),
  facts: z.array(fact),
  warnings: texts,
}
const plan = z.discriminatedUnion('kind', [
  z.looseObject({ kind: z.literal('ready'), ...planBase }),
  z.looseObject({ kind: z.literal('blocked'), ...planBase, blockers: z.tuple([errorNote], errorNote) }),
])

const report = z.looseObject({
  title: text,
  tone: z.enum(['ok', 'warn', 'fail', 'info', 'working']),
  summary: text.exactOptional(),
  facts: z.array(fact).exactOptional(),
  table: z.looseObject({ columns: texts, rows: z.array(texts) }).exactOptional(),
  findings: z
    .array(
      z.looseObject({
        check: text,
        result: z.enum(['pass', 'warn', 'fail']),
        measured: text,
        threshold: text,
        probe: text,
        fix: text.exactOptional(),
      }),
    )
    .exactOptional(),
  log: z.looseObject({ title: text, text }).exactOptional(),
  notes: texts.exactOptional(),
  actions: z
    .array(
      z.looseObject({
        label: text,
        command: text,
        style: z.enum(['primary', 'danger']).exactOptional(),
        confirm: text.exactOptional(),
      }),
    )
    .exactOptional(),
})

const verdicts = z.array(
  z.looseObject({
    by: person,
    roles: texts.exactOptional(),
    decides: z.boolean().exactOptional(),
    verdict: z.enum(['approve', 'deny']),
    reason: text.exactOptional(),
    at: text,
  }),
)

const rule = z.looseObject({
  approvers: z.int().positive(),
  expiresMs: z.number().positive(),
  from: texts.exactOptional(),
  reason: z.literal('required').exactOptional(),
  within: z.looseObject({ windows: texts, timeZone: text }).exactOptional(),
})

const approval = z.looseObject({
  rule,
  askedAt: text.exactOptional(),
  expiresAt: text,
  verdicts,
  asked: z
    .looseObject({
      digest: text,
      round: z.int().positive(),
      differences: z.array(
        z.looseObject({ what: text, approved: text.exactOptional(), now: text.exactOptional() }),
      ),
    })
    .exactOptional(),
  earlier: verdicts.exactOptional(),
})

const breakGlass = z.looseObject({
  rule,
  at: text,
  review: z.looseObject({ by: person, report: text, at: text }).exactOptional(),
})

const step = z.looseObject({
  name: text,
  state: z.enum(['running', 'done', 'failed']),
  startedAt: text,
  endedAt: text.exactOptional(),
  progress: text.exactOptional(),
  result: z.json().exactOptional(),
  error: errorNote.exactOptional(),
  byHand: text.exactOptional(),
})

const job: z.ZodType<Job> = z.looseObject({
  id: text,
  body: text,
  version: z.int(),
  title: text,
  input: z.json(),
  requester: person,
  reason: text.exactOptional(),
  origin: z.looseObject({
    surface: z.enum(['slack', 'terminal']),
    channel: text.exactOptional(),
    thread: text.exactOptional(),
    schedule: text.exactOptional(),
  }),
  state: z.enum([
    'planning',
    'refused',
    'awaiting-approval',
    'denied',
    'expired',
    'queued',
    'running',
    'succeeded',
    'failed',
    'cancelled',
  ]),
  plan: plan.exactOptional(),
  approval: approval.exactOptional(),
  breakGlass: breakGlass.exactOptional(),
  locks: texts,
  steps: z.array(step),
  report: report.exactOptional(),
  error: errorNote.exactOptional(),
  cancel: z.looseObject({ by: person, at: text, reason: text.exactOptional() }).exactOptional(),
  undoing: z.looseObject({ error: errorNote, at: text }).exactOptional(),
  createdAt: text,
  updatedAt: text,
  endedAt: text.exactOptional(),
  revision: z.int(),
})

export const jobRecordForm: DocumentForm<JobRecord> = {
  kind: 'job',
  version: 1,
  schema: z.looseObject({
    job,
    number: z.int().nonnegative(),
    ticket: z.int().exactOptional(),
    idempotencyKey: text.exactOptional(),
    unaudited: z.array(z.looseObject({ event: text })),
  }),
}
