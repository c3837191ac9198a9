/** A disk that is really full, and really read-only. */
import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openAuditLog, openDocumentFolder, openPendingLog, verifyAuditLog } from '../../src/store/index.js'
import { aSmallDisk, mayMount } from './small-disk.js'
import { aLog } from './temporary-data.js'

const schema = z.object({ text: z.string() })
const text = 'x'.repeat(3000)
/** Far more than fits. */
const tries = 200

/** A store: writes number `n`, and tells which numbers a new process finds. */
interface Store {
  write(n: number): Promise<void>
  close(): Promise<void>
}
interface Kind {
  open(path: string): Promise<Store>
  found(path: string): Promise<number[]>
}

const { log } = aLog()
const folderAt = (path: string) =>
  openDocumentFolder({ path: join(path, 'notes'), form: { kind: 'note', version: 1, schema }, log })
const pendingAt = (path: string) => openPendingLog({ path: join(path, 'intake.jsonl'), schema, log })

const kinds: Record<string, Kind> = {
  'the audit log': {
    async open(path) {
      const audit = await openAuditLog({ path }, { log })
      return { write: (n) => audit.append({ event: 'test', n, text }), close: () => audit.close() }
    },
    async found(path) {
      const verdict = await verifyAuditLog({ path })
      expect(verdict.intact).toBe(true)
      return Array.from({ length: verdict.entries }, (_, n) => n)
    },
  },
  'a folder of documents': {
    async open(path) {
      const folder = await folderAt(path)
      return { write: (n) => folder.write(`n-${n}`, { text: `${n} ${text}` }), close: async () => undefined }
    },
    async found(path) {
      const documents = await (await folderAt(path)).load()
      return [...documents.values()].map((each) => Number.parseInt(each.text, 10)).sort((a, b) => a - b)
    },
  },
  'what was promised': {
    async open(path) {
      const pending = await pendingAt(path)
      return { write: (n) => pending.add(`n-${n}`, { text: `${n} ${text}` }), close: () => pending.close() }
    },
    async found(path) {
      const pending = await pendingAt(path)
      const numbers = pending.left.map(({ value }) => Number.parseInt(value.text, 10))
      await pending.close()
      return numbers
    },
  },
}

describe.skipIf(!mayMount()).each(Object.entries(kinds))('%s on a disk of its own', (_, kind) => {
  it('that is full says so, keeps what it took, has nothing half, and goes on when there is room', async () => {
    const { path } = await aSmallDisk()
    const ballast = join(path, 'ballast')
    // More than half: what was promised is written anew at a start, beside the old file.
    await writeFile(ballast, Buffer.alloc(144 * 1024))
    const store = await kind.open(path)
    const taken: number[] = []
    const refusals: unknown[] = []
    for (let n = 0; n < tries; n += 1) {
      await store.write(n).then(
        () => taken.push(n),
        (error: unknown) => refusals.push(error),
      )
    }
    expect(taken.length).toBeGreaterThan(3)
    expect(refusals.length).toBeGreaterThan(3)
    for (const refusal of refusals) {
      expect(refusal).toMatchObject({ code: 'store-failed', message: expect.stringContaining('ENOSPC') })
    }
    await rm(ballast)
    await store.write(tries)
    await store.close()
    expect(await kind.found(path)).toHaveLength(taken.length + 1)
    expect((await readdir(path, { recursive: true })).filter((name) => /tmp|damaged/.test(name))).toEqual([])
  })

  it('that became read-only says so, and keeps what it took', async () => {
    const { path, remount } = await aSmallDisk()
    const store = await kind.open(path)
    await store.write(0)
    await store.close()
    remount('ro')
    const refused = async () => {
      const again = await kind.open(path)
      await again.write(1).finally(() => again.close())
    }
    await expect(refused()).rejects.toMatchObject({
      code: 'store-failed',
      message: expect.stringContaining('EROFS'),
    })
    remount('rw')
    expect(await kind.found(path)).toEqual([0])
  })
})
