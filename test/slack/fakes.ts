/** What stands around the Slack room in its tests: jobs, requests, a clock, a log, and builders of data. */
import type { Receiver, ReceiverEvent } from '@slack/bolt'
import { Catalogue } from '../../src/command/index.js'
import { UserError } from '../../src/errors.js'
import { type Clock, isUnreviewed, type Job, type Jobs } from '../../src/jobs/index.js'
import type { Logger } from '../../src/log.js'
import { createPolicy } from '../../src/policy/index.js'
import type { ReadyPlan, Report } from '../../src/report/index.js'
import type { Answer, Request, Requests } from '../../src/request/index.js'
import type { CardBook, CardEntry } from '../../src/slack/cards/index.js'
import type { SlackParts } from '../../src/slack/index.js'
import type { IntakeLog, KeptLine } from '../../src/slack/intake-journal.js'
import type { Pending } from '../../src/store/index.js'
import { aFleet, type FakeHostOptions } from '../fakes/fleet.js'

export function aReport(more: Partial<Report> = {}): Report {
  return { title: 'web1 is running', tone: 'ok', ...more }
}

export function aPlan(more: Partial<ReadyPlan> = {}): ReadyPlan {
  return {
    kind: 'ready',
    summary: 'Create VM web1',
    host: 'kvm1',
    changes: [
      { what: 'VM', to: 'web1' },
      { what: 'disk', to: '10 GiB in pool default' },
    ],
    facts: [{ label: 'Free memory after', value: '3.5 GiB' }],
    warnings: [],
    ...more,
  }
}

export function aJob(more: Partial<Job> = {}): Job {
  return {
    id: 'j-7k2m9',
    body: 'command',
    version: 1,
    title: 'vm create web1 --image tiny.qcow2',
    input: {},
    requester: { id: 'U0ANN', name: 'ann' },
    origin: { surface: 'slack', channel: 'C0VMS' },
    state: 'running',
    locks: [],
    steps: [],
    createdAt: '2026-11-23T10:00:00.000Z',
    updatedAt: '2026-11-23T10:00:00.000Z',
    revision: 1,
    ...more,
  }
}

export function waitingJob(more: Partial<Job> = {}): Job {
  return aJob({
    state: 'awaiting-approval',
    plan: aPlan(),
    approval: {
      rule: { approvers: 1, expiresMs: 4 * 3600_000 },
      expiresAt: '2026-11-23T14:00:00.000Z',
      verdicts: [],
    },
    ...more,
  })
}

/** What forms and the Home tab are made of: by default nothing to fill in and nothing to see. Ann is an operator, Ben an
 * approver. */
export function aHouse({
  catalogue = new Catalogue([]),
  hosts = [],
}: {
  catalogue?: Catalogue
  hosts?: FakeHostOptions[]
} = {}): Pick<SlackParts, 'catalogue' | 'fleet' | 'policy'> {
  const policy = createPolicy({
    settings: {
      roles: {
        operator: { users: ['U0ANN'], groups: [] },
        approver: { users: ['U0BEN'], groups: [] },
        admin: { users: ['U0OLU'], groups: [] },
      },
      approvals: [],
    },
    log: aLog(),
  })
  return { catalogue, fleet: aFleet({ hosts }).fleet, policy }
}

/** Jobs in memory: a test sets one and everybody who listens is told. */
export class FakeJobs implements Pick<Jobs, 'get' | 'list' | 'onChange'> {
  readonly all = new Map<string, Job>()
  readonly #listeners = new Set<(job: Job) => void>()

  set(job: Job): Job {
    this.all.set(job.id, job)
    for (const listener of this.#listeners) listener(job)
    return job
  }

  get(id: string): Job {
    const job = this.all.get(id)
    if (job === undefined) throw new UserError('unknown-job', `There is no job ${id}.`, { fix: 'job list' })
    return job
  }

  list: Jobs['list'] = ({ states, unreviewed } = {}) =>
    [...this.all.values()].filter(
      (job) =>
        (states === undefined || states.includes(job.state)) && (unreviewed !== true || isUnreviewed(job)),
    )

  onChange(listener: (job: Job) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

/** Answers as told and remembers what it was asked. */
export class FakeRequests implements Requests {
  readonly seen: Request[] = []
  /** What is asked for as a preview only. */
  preview: Requests['preview'] = async () => ({ plan: aPlan(), approval: undefined })
  answer: (request: Request) => Promise<Answer> | Answer = () => ({ kind: 'report', report: aReport() })

  renew() {}

  mayChange = (text: string) => !/^(?:vm|job|host|snapshot|image) (?:list|show|check)\b|^help/.test(text)

  async handle(request: Request): Promise<Answer> {
    this.seen.push(request)
    return this.answer(request)
  }
}

/** What was taken in, in memory; a test may hold it up or let it fail. */
export class FakeIntakeLog implements IntakeLog {
  readonly open = new Map<string, Pending<KeptLine>>()
  readonly known = new Set<string>()
  onAdd: () => Promise<void> = async () => {}

  get left() {
    return [...this.open.values()]
  }
  has(key: string) {
    return this.known.has(key)
  }
  async add(key: string, value: KeptLine) {
    await this.onAdd()
    this.known.add(key)
    this.open.set(key, { key, at: '2026-11-23T10:00:00.000Z', value })
  }
  done(key: string) {
    this.open.delete(key)
  }
  withdraw(key: string) {
    this.open.delete(key)
    this.known.delete(key)
  }
  async close() {}
}

export class FakeBook implements CardBook {
  readonly entries = new Map<string, CardEntry>()
  readonly writes: [string, CardEntry][] = []

  async load() {
    return new Map(this.entries)
  }
  async write(name: string, entry: CardEntry) {
    this.writes.push([name, entry])
    this.entries.set(name, entry)
  }
  async remove(name: string) {
    this.entries.delete(name)
  }
}

/** Time that a test moves. */
export class ManualClock implements Clock {
  #now: number
  #timers: { at: number; wake: () => void }[] = []

  constructor(now = Date.parse('2026-11-23T10:00:00.000Z')) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  after(ms: number, wake: () => void): () => void {
    const timer = { at: this.#now + ms, wake }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer)
    }
  }

  /** Milliseconds until the next timer; undefined when there is none. */
  get nextIn(): number | undefined {
    const at = Math.min(...this.#timers.map((timer) => timer.at))
    return Number.isFinite(at) ? at - this.#now : undefined
  }

  /** Moves on, waking what is due in order; lets promises settle in between. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms
    for (;;) {
      await settle()
      const due = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
      if (due === undefined) break
      this.#timers = this.#timers.filter((each) => each !== due)
      this.#now = Math.max(this.#now, due.at)
      due.wake()
    }
    this.#now = end
    await settle()
  }
}

/** Lets everything that waits for nothing but promises come to rest. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

export interface LogLine {
  level: 'debug' | 'info' | 'warn' | 'error'
  fields: object
  message: string
}

export function aLog(): Logger & { lines: LogLine[] } {
  const lines: LogLine[] = []
  const at = (level: LogLine['level']) => (fields: object, message: string) => {
    lines.push({ level, fields, message })
  }
  const log = { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
  return { ...log, child: () => ({ ...log, child: () => log as never }) }
}

/** Deliveries without a network: a test hands them in and sees how they were acknowledged. */
export class InMemoryReceiver implements Receiver {
  #process: ((event: ReceiverEvent) => Promise<void>) | undefined
  isStarted = false

  init(app: { processEvent(event: ReceiverEvent): Promise<void> }): void {
    this.#process = (event) => app.processEvent(event)
  }
  async start() {
    this.isStarted = true
  }
  async stop() {
    this.isStarted = false
  }

  /** Resolves when the delivery was worked. */
  async deliver(body: object, { deliveryId, ack }: { deliveryId?: string; ack?: ReceiverEvent['ack'] } = {}) {
    const acks: unknown[] = []
    await this.#process?.({
      body: { ...body },
      customProperties: deliveryId === undefined ? {} : { deliveryId },
      ack:
        ack ??
        (async (answer: unknown) => {
          acks.push(answer)
        }),
    })
    return acks
  }
}

export function aCommand(text: string, more: object = {}): object {
  return {
    command: '/qnav',
    text,
    user_id: 'U0ANN',
    user_name: 'ann',
    channel_id: 'C0VMS',
    team_id: 'T1',
    trigger_id: '1.2.3',
    response_url: 'https://hooks.slack.com/commands/T1/1/abc',
    ...more,
  }
}

export function aClick(action: { action_id: string; value?: string }, more: object = {}): object {
  return {
    type: 'block_actions',
    team: { id: 'T1' },
    user: { id: 'U0BEN', username: 'ben', team_id: 'T1' },
    channel: { id: 'C0APPROVE' },
    container: { type: 'message', channel_id: 'C0APPROVE', message_ts: '5.1' },
    trigger_id: '9.9.9',
    response_url: 'https://hooks.slack.com/actions/T1/2/def',
    actions: [{ type: 'button', block_id: 'decision', ...action }],
    ...more,
  }
}
