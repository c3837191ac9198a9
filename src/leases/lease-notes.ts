/** What was said and done about each lease, on disk, so that a restart says and does nothing twice. */
import { join } from 'node:path'
import { z } from 'zod'
import type { Logger } from '../log.js'
import { type DocumentFolder, openDocumentFolder } from '../store/index.js'

const text = z.string()
/** Begun with this key, and done at this time. */
const said = z.looseObject({ key: text, at: z.iso.datetime().exactOptional() })

const leaseNote = z.looseObject({
  uuid: text,
  /** The end that it is about: for another one it counts nothing. */
  until: text,
  /** A day before. */
  first: said.exactOptional(),
  /** An hour before. */
  last: said.exactOptional(),
  end: z
    .looseObject({ key: text, job: text.exactOptional(), told: z.boolean().exactOptional() })
    .exactOptional(),
})
export type LeaseNote = z.output<typeof leaseNote>

export function openLeaseNotes(data: { path: string }, log: Logger): Promise<DocumentFolder<LeaseNote>> {
  const form = { kind: 'lease', version: 1, schema: leaseNote }
  return openDocumentFolder({ path: join(data.path, 'leases'), form, log })
}
