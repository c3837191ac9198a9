/** An outbox as one process of the bot has it: over a journal on disk, with a connection of its own; it can be killed. */
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createOutbox, type Outbox, openOutboxLog } from '../../src/slack/outbox/index.js'
import { section } from '../../src/slack/views/index.js'
import { aLog, type ManualClock } from './fakes.js'
import type { SlackModel } from './slack-model.js'

export const aMessage = (text: string) => ({ text, blocks: [section(text)] })

export class OutboxProcess {
  readonly outbox: Outbox
  readonly log: ReturnType<typeof aLog>
  readonly directory: string
  readonly #clock: ManualClock
  readonly #die: () => void

  private constructor(directory: string, slack: SlackModel, clock: ManualClock, parts: Parts) {
    const { client, die } = slack.connect()
    this.directory = directory
    this.log = parts.log
    this.#clock = clock
    this.#die = die
    this.outbox = createOutbox({ ...parts, client, interactive: client, clock })
  }

  static async start(directory: string, slack: SlackModel, clock: ManualClock): Promise<OutboxProcess> {
    await mkdir(directory, { recursive: true })
    return OutboxProcess.over(directory, slack, clock)
  }

  /** The same, over a directory that may not be there. */
  static async over(directory: string, slack: SlackModel, clock: ManualClock): Promise<OutboxProcess> {
    const log = aLog()
    const pending = await openOutboxLog(directory, log, () => clock.now())
    return new OutboxProcess(directory, slack, clock, { pending, log })
  }

  /** What a crash in this moment leaves on the disk. */
  journal(): Promise<Buffer> {
    return readFile(join(this.directory, 'outbox.jsonl'))
  }

  /** Nothing that it does reaches anybody any more. */
  kill(): void {
    this.#die()
  }

  /** Resolves when nothing waits any more; rejects when that does not come. */
  async quiet(): Promise<void> {
    // The disk takes real time.
    const deadline = performance.now() + 20_000
    for (let n = 0; performance.now() < deadline; n += 1) {
      await new Promise((resolve) => setImmediate(resolve))
      const { posts, updates, answers } = this.outbox.waiting
      if (posts + updates + answers === 0) return
      // What has to wait for time alone is not held up by the disk.
      if (n % 8 === 7) await this.#clock.pass(this.#clock.nextIn ?? 0)
    }
    throw new Error(`the outbox does not come to rest: ${JSON.stringify(this.outbox.waiting)}`)
  }
}

interface Parts {
  pending: Awaited<ReturnType<typeof openOutboxLog>>
  log: ReturnType<typeof aLog>
}
