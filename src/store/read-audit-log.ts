/** Reads an audit log's entries one after the other, from either end; memory is bound by the longest line. */
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { auditFileName } from './audit-log.js'
import type { AuditRecord } from './audit-record.js'
import { linesFromStart } from './lines.js'
import { errnoOf, storeDamaged, storeFailed } from './store-errors.js'

const form = z.object({
  seq: z.int().positive(),
  at: z.string(),
  entry: z.looseObject({ event: z.string() }),
})
const lineFeed = 0x0a
const blockBytes = 64 * 1024

/**
 * Works while the bot runs; an entry that is just being written is left out. Hashes are not checked (`verifyAuditLog`
 * does). Rejects with `store-failed`, or `store-damaged` at a line that is no entry.
 */
export async function* readAuditLog(
  data: { path: string },
  { newestFirst = false }: { newestFirst?: boolean } = {},
): AsyncGenerator<AuditRecord> {
  const path = join(data.path, auditFileName)
  try {
    for await (const line of newestFirst ? linesFromEnd(path) : linesFromStart(path)) {
      yield recordOf(path, line.toString('utf8'))
    }
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return
    throw storeFailed('read', path, error)
  }
}

async function* linesFromEnd(path: string): AsyncGenerator<Buffer> {
  const file = await open(path)
  try {
    let position = (await file.stat()).size
    /** What follows the last line feed that was seen, in its order; the first of all is unfinished or empty. */
    let rest: Buffer[] = []
    let isFinished = false
    while (position > 0) {
      const block = await readBlock(file, Math.max(0, position - blockBytes), position)
      position -= block.length
      let end = block.length
      for (
        let at = block.lastIndexOf(lineFeed);
        at !== -1;
        at = at === 0 ? -1 : block.lastIndexOf(lineFeed, at - 1)
      ) {
        if (isFinished) yield Buffer.concat([block.subarray(at + 1, end), ...rest])
        isFinished = true
        rest = []
        end = at
      }
      rest.unshift(block.subarray(0, end))
    }
    if (isFinished) yield Buffer.concat(rest)
  } finally {
    await file.close()
  }
}

async function readBlock(file: FileHandle, from: number, to: number): Promise<Buffer> {
  const block = Buffer.alloc(to - from)
  for (let filled = 0; filled < block.length; ) {
    const { bytesRead } = await file.read(block, filled, block.length - filled, from + filled)
    if (bytesRead === 0) throw new Error('the audit log became shorter while it was read')
    filled += bytesRead
  }
  return block
}

function recordOf(path: string, line: string): AuditRecord {
  try {
    const { seq, at, entry } = form.parse(JSON.parse(line))
    return { seq, at, entry, line }
  } catch {
    throw storeDamaged(path, 'it has a line that is no entry', 'See `qnav audit verify`.')
  }
}
