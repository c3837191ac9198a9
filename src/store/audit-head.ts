/** Remembers how far the audit log went, beside it: a log that was cut at a line's end is still a valid chain. */
import { type FileHandle, readFile } from 'node:fs/promises'
import { z } from 'zod'
import type { ChainEnd } from './audit-chain.js'
import { errnoOf } from './store-errors.js'

export const auditHeadName = 'audit.head'

const form = z.object({ seq: z.int().nonnegative(), hash: z.string().length(64) })

/** Long enough for any number; the same length always, so that one write replaces it whole. */
const bytes = 112

/** Not fsynced: after a power failure it may lag behind the log, which proves nothing wrong, but is never ahead of it. */
export async function writeHead(file: FileHandle, end: ChainEnd): Promise<void> {
  await file.write(`${JSON.stringify(end).padEnd(bytes - 1)}\n`, 0)
}

/** Undefined when it is missing or was not written to its end. */
export async function readHead(path: string): Promise<ChainEnd | undefined> {
  try {
    return form.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || error instanceof SyntaxError || error instanceof z.ZodError)
      return undefined
    throw error
  }
}
