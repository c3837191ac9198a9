/**
 * The gate between Slack and the app: what comes twice is worked once, what nobody listens to is acknowledged too, and
 * what was taken in is finished before the bot stops.
 */
import type { AckFn, ReceiverEvent } from '@slack/bolt'
import { z } from 'zod'
import type { Clock } from '../jobs/index.js'
import type { Logger } from '../log.js'
import { RecentKeys } from './recent-keys.js'
import { within } from './wait.js'

/** Deliveries remembered. Slack redelivers within minutes; this is hours of a busy workspace. */
const deliveriesRemembered = 10_000

const delivered = z.object({ deliveryId: z.string().optional() }).catch({})
const eventBody = z.object({ event_id: z.string().optional(), command: z.string().optional() }).catch({})

type AckArgument = Parameters<AckFn<unknown>>[0]

export class Intake {
  readonly #log: Logger
  readonly #clock: Clock
  readonly #seen: RecentKeys
  readonly #working = new Set<Promise<void>>()
  #isOpen = true

  constructor({ log, clock }: { log: Logger; clock: Clock }) {
    this.#log = log
    this.#clock = clock
    this.#seen = new RecentKeys(deliveriesRemembered, clock)
  }

  /** Hands the delivery to the app. Resolves when it was worked. */
  async take(event: ReceiverEvent, work: (event: ReceiverEvent) => Promise<void>): Promise<void> {
    if (!this.#isOpen) return this.#sendAway(event)
    const id = deliveryIdOf(event)
    if (id !== undefined && !this.#seen.add(id)) {
      this.#log.info({ delivery: id }, 'a delivery came again and was not worked again')
      return event.ack()
    }
    let acknowledged = false
    const ack = async (answer: AckArgument) => {
      if (acknowledged) return
      acknowledged = true
      try {
        await event.ack(answer)
      } catch (error) {
        // Slack shows it as failed and may deliver it again: then it must be worked.
        if (id !== undefined) this.#seen.forget(id)
        throw error
      }
    }
    const done = work({ ...event, ack }).then(() => ack(undefined))
    const settled = done.then(
      () => undefined,
      () => undefined,
    )
    this.#working.add(settled)
    void settled.then(() => this.#working.delete(settled))
    return done
  }

  /** Takes nothing more. */
  close(): void {
    this.#isOpen = false
  }

  /** Waits for what was taken in; `false` when it took longer. */
  async drain(withinMs: number): Promise<boolean> {
    const finished = await within(
      this.#clock,
      withinMs,
      Promise.all([...this.#working]).then(() => true),
      false,
    )
    if (!finished)
      this.#log.warn({ requests: this.#working.size }, 'requests were still being answered at the stop')
    return finished
  }

  /** A typed command gets a word; anything else is left to Slack's own "did not work". */
  async #sendAway(event: ReceiverEvent): Promise<void> {
    if (eventBody.parse(event.body).command === undefined) return
    await event.ack({ response_type: 'ephemeral', text: 'qnav is being restarted. Try again in a moment.' })
  }
}

/** What tells this delivery from every other, the same when it comes again. */
export function deliveryIdOf({ body, customProperties }: ReceiverEvent): string | undefined {
  return eventBody.parse(body).event_id ?? delivered.parse(customProperties ?? {}).deliveryId
}
