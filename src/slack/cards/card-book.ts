/** Which message is which job's card, remembered so that a restart finds the cards of unfinished jobs again. */
import { join } from 'node:path'
import { z } from 'zod'
import type { Logger } from '../../log.js'
import { type DocumentFolder, openDocumentFolder } from '../../store/index.js'

/** Where a message is; without `ts` it was about to be posted and nobody knows whether it was. */
const placeNote = z.object({
  channel: z.string(),
  ts: z.string().optional(),
  /** The channel asked in, when the card had to go to a direct message. */
  insteadOf: z.string().optional(),
})
export type PlaceNote = z.output<typeof placeNote>

const cardEntry = z.object({
  card: placeNote.optional(),
  approval: placeNote.optional(),
  /** Messages of the card's thread that were posted. */
  threaded: z.int().nonnegative(),
  /** The last round of approval that its approvers were called to. */
  round: z.int().positive().exactOptional(),
  /** Approval cards in direct messages, by user id. */
  direct: z.record(z.string(), placeNote).exactOptional(),
  /** The last round of approval whose approvers were reminded. */
  reminded: z.int().positive().exactOptional(),
  /** Of what was decided, what the requester was told last: round and outcome. */
  told: z.string().exactOptional(),
  /** Where it was announced that it ran by break-glass. */
  announcement: placeNote.exactOptional(),
  /** How often it was reminded of that it has to be reviewed. */
  reviewReminders: z.int().nonnegative().exactOptional(),
})
export type CardEntry = z.output<typeof cardEntry>

/** One entry per job that is not over, by job id. */
export type CardBook = DocumentFolder<CardEntry>

export function openCardBook(dataDirectory: string, log: Logger): Promise<CardBook> {
  return openDocumentFolder({
    path: join(dataDirectory, 'slack-cards'),
    form: { kind: 'slack-cards', version: 1, schema: cardEntry },
    log,
  })
}
