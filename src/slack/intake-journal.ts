/**
 * Lines that may change something, on disk before Slack is told that they arrived. What a crash leaves is worked at the next
 * start: the same delivery starts one job only, and a decision that was entered already is not entered again.
 */
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { z } from 'zod'
import { UserError } from '../errors.js'
import type { Logger } from '../log.js'
import { redact } from '../redact.js'
import { openPendingLog, type PendingLog } from '../store/index.js'
import type { Line } from './answering.js'

const keptLine = z.object({
  text: z.string(),
  person: z.object({ id: z.string(), name: z.string().exactOptional() }),
  channel: z.string(),
  isPrivate: z.boolean(),
  thread: z.string().exactOptional(),
  job: z.string().exactOptional(),
  /** Whoever has it may speak to the person for half an hour: the file is for the bot's user alone, and no log shows it. */
  responseUrl: z.string().exactOptional(),
})
export type KeptLine = z.output<typeof keptLine>

/** A line that is found later than this is told of and not worked: its person has long done something else about it. */
const workWithinMs = 15 * 60_000
/** Slack docs: a response_url works for 30 minutes. */
const answeredWithinMs = 30 * 60_000

export type IntakeLog = Pick<PendingLog<KeptLine>, 'left' | 'has' | 'add' | 'done' | 'withdraw' | 'close'>

export function openIntakeLog(dataDirectory: string, log: Logger): Promise<IntakeLog> {
  return openPendingLog({ path: join(dataDirectory, 'intake.jsonl'), schema: keptLine, log })
}

export interface IntakeJournalParts {
  pending: IntakeLog
  /** Whether a line may change anything. */
  mayChange(text: string): boolean
  log: Logger
  /** Milliseconds since 1970. */
  now(): number
}

export class IntakeJournal {
  readonly #parts: IntakeJournalParts

  constructor(parts: IntakeJournalParts) {
    this.#parts = parts
  }

  /**
   * Resolves with the line when it may be acknowledged and worked, with `undefined` when it was taken in before. Rejects with
   * `store-failed` when it cannot be kept; then it must not be worked.
   */
  async take(line: Line): Promise<Line | undefined> {
    const { pending, mayChange, log } = this.#parts
    if (!mayChange(line.text)) return line
    const delivery = line.delivery ?? randomUUID()
    if (pending.has(delivery)) {
      log.info({ delivery }, 'a line came again and is not worked again')
      return undefined
    }
    const { text, person, channel, isPrivate, thread, job, responseUrl } = line
    await pending.add(delivery, {
      // Reasons are kept without secrets wherever they are kept.
      ...{ text: redact(text), person, channel, isPrivate },
      ...(thread === undefined ? {} : { thread }),
      ...(job === undefined ? {} : { job }),
      ...(responseUrl === undefined ? {} : { responseUrl }),
    })
    return { ...line, delivery, isKept: true }
  }

  /** Its person has the answer, or the job has it. */
  done({ delivery }: Line): void {
    if (delivery !== undefined) this.#parts.pending.done(delivery)
  }

  /** Slack was not told: it shows that as failed and may deliver it again. */
  withdraw({ delivery }: Line): void {
    if (delivery !== undefined) this.#parts.pending.withdraw(delivery)
  }

  /** Hands on what a crash left, in the order in which it came; what is too old goes to `tooLate` instead. Neither may reject. */
  async workLeft(
    work: (line: Line) => Promise<void>,
    tooLate: (line: Line, at: string) => Promise<void>,
  ): Promise<void> {
    const { pending, log, now } = this.#parts
    for (const { key, at, value } of pending.left) {
      const ageMs = now() - Date.parse(at)
      const responseUrl = ageMs < answeredWithinMs ? value.responseUrl : undefined
      const line: Line = { ...value, delivery: key, responseUrl, isKept: true, isAgain: true }
      log.info({ delivery: key, ageMs }, 'a line was taken in before the last stop and is worked now')
      await (ageMs > workWithinMs ? tooLate(line, at) : work(line))
      this.done(line)
    }
  }
}

/** Whether a line that is worked again met its own effect: there is nothing to tell. */
export function isOwnEffect(error: unknown): boolean {
  return error instanceof UserError && (error.code === 'already-decided' || error.code === 'invalid-state')
}
