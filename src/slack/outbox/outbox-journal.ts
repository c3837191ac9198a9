/**
 * What waits to be sent, on disk: after a crash the next start sends it. When the disk does not take it, messages are sent
 * from memory all the same, and that is logged.
 */
import { join } from 'node:path'
import type { KnownBlock } from '@slack/types'
import { z } from 'zod'
import type { Logger } from '../../log.js'
import { openPendingLog, type Pending, type PendingLog } from '../../store/index.js'

const message = z.object({
  text: z.string(),
  blocks: z.array(z.custom<KnownBlock>((block) => z.object({ type: z.string() }).safeParse(block).success)),
})

/** What a message is worth when there is no room for all; the first is given up first. */
export const worths = ['detail', 'answer', 'card'] as const
export type Worth = (typeof worths)[number]

const keptPost = z.object({
  kind: z.literal('post'),
  channel: z.string(),
  thread: z.string().exactOptional(),
  worth: z.enum(worths),
  message,
})
const keptUpdate = z.object({
  kind: z.literal('update'),
  channel: z.string(),
  ts: z.string(),
  final: z.boolean(),
  /** Counts the states of that message: the highest is the latest. */
  turn: z.int(),
  message,
})
/** With the response_url, which is a permission: the file is for the bot's user alone, and no log shows it. */
const keptWords = z.object({
  kind: z.literal('words'),
  user: z.string(),
  channel: z.string(),
  thread: z.string().exactOptional(),
  responseUrl: z.string().exactOptional(),
  message,
})
const kept = z.discriminatedUnion('kind', [keptPost, keptUpdate, keptWords])

export type KeptPost = z.output<typeof keptPost>
export type KeptUpdate = z.output<typeof keptUpdate>
export type KeptWords = z.output<typeof keptWords>
export type Kept = z.output<typeof kept>

export type OutboxLog = Pick<PendingLog<Kept>, 'left' | 'add' | 'done' | 'withdraw' | 'noteOf' | 'close'>

/** `undefined` when the disk does not take it: what is sent is then kept in memory only. */
export async function openOutboxLog(
  dataDirectory: string,
  log: Logger,
  now: () => number,
): Promise<OutboxLog | undefined> {
  try {
    const path = join(dataDirectory, 'outbox.jsonl')
    return await openPendingLog({ path, schema: kept, log, now, endsAtOnce: true })
  } catch (error) {
    log.error({ err: error }, 'what waits to be sent is not kept on disk: a crash would lose it')
    return undefined
  }
}

/** Ends of what is not on disk, remembered at most. */
const mostNotes = 5000
/** A disk that is nearly full takes short messages and refuses long ones: only after so long it is all right. */
const allRightAfterMs = 60_000

export class OutboxJournal {
  readonly #pending: OutboxLog | undefined
  readonly #log: Logger
  readonly #now: () => number
  /** What the disk did not take and still waits. */
  readonly #unkept = new Map<string, Kept>()
  /** How that ended. */
  readonly #notes = new Map<string, string>()
  /** What is on its way to the disk; with its end, when that comes earlier. */
  readonly #writing = new Map<string, ((pending: OutboxLog) => void) | undefined>()
  #isTold = false
  #refusedAt = 0
  #isClosed = false

  constructor(pending: OutboxLog | undefined, log: Logger, now: () => number) {
    this.#pending = pending
    this.#log = log
    this.#now = now
  }

  /** What the last process left, in the order in which it was given. */
  left<K extends Kept['kind']>(kind: K): Pending<Extract<Kept, { kind: K }>>[] {
    const isOfKind = (entry: Pending<Kept>): entry is Pending<Extract<Kept, { kind: K }>> =>
      entry.value.kind === kind
    return this.#pending?.left.filter(isOfKind) ?? []
  }

  /** Resolves when it is on disk, or cannot be. */
  async keep(key: string, value: Kept): Promise<void> {
    if (this.#isClosed) return
    if (this.#pending === undefined) {
      this.#unkept.set(key, value)
      return
    }
    this.#writing.set(key, undefined)
    const problem = await this.#pending.add(key, value).then(
      () => undefined,
      (error: unknown) => error ?? new Error('it could not be written'),
    )
    const end = this.#writing.get(key)
    this.#writing.delete(key)
    if (problem === undefined) end?.(this.#pending)
    else if (end === undefined) this.#unkept.set(key, value)
    this.#noteProblem(problem)
  }

  /** Slack has it. `note`: where. */
  done(key: string, note?: string): void {
    this.#end(key, (pending) => pending.done(key, note))
    if (note === undefined || this.#pending?.noteOf(key) !== undefined) return
    this.#notes.set(key, note)
    for (const oldest of this.#notes.keys()) {
      if (this.#notes.size <= mostNotes) break
      this.#notes.delete(oldest)
    }
  }

  /** It is not to be sent any more; its key may come again. */
  withdraw(key: string): void {
    this.#end(key, (pending) => pending.withdraw(key))
  }

  /** Where it is, when Slack has it since a while. */
  noteOf(key: string): string | undefined {
    return this.#notes.get(key) ?? this.#pending?.noteOf(key)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#pending?.close().catch((error: unknown) => {
      this.#log.error({ err: error }, 'what was sent could not be written down')
    })
  }

  #end(key: string, end: (pending: OutboxLog) => void): void {
    if (this.#writing.has(key)) this.#writing.set(key, end)
    else if (!this.#unkept.delete(key) && this.#pending !== undefined) end(this.#pending)
  }

  /** Says once that the disk does not take everything, and once that it does again. */
  #noteProblem(problem: unknown): void {
    if (this.#isClosed) return
    const now = this.#now()
    if (problem !== undefined) {
      this.#refusedAt = now
      if (!this.#isTold) {
        this.#log.error({ err: problem }, 'messages are sent from memory: a crash now would lose what waits')
      }
      this.#isTold = true
      return
    }
    if (this.#isTold && now - this.#refusedAt > allRightAfterMs) {
      this.#isTold = false
      this.#log.info({}, 'what waits to be sent is on disk again')
    }
    for (const [key, value] of this.#unkept) {
      this.#unkept.delete(key)
      void this.keep(key, value)
    }
  }
}
