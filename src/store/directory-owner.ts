/**
 * One owner per data directory. Owners are numbered files `owner.<n>`; the highest number counts. A number is taken with
 * link(2), which fails when it exists, and the highest file is never removed, so two processes that both find the same
 * dead owner cannot both come after it, wherever either is interrupted.
 */
import { randomUUID } from 'node:crypto'
import { link, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { UserError } from '../errors.js'
import type { Logger } from '../log.js'
import { writeFileAtomically } from './atomic-file.js'
import { isAlive, type ProcessIdentity } from './process-identity.js'
import { errnoOf } from './store-errors.js'

const ownerForm = z.object({
  pid: z.int().positive(),
  startTicks: z.string(),
  bootId: z.string(),
  released: z.boolean(),
})
type Owner = z.infer<typeof ownerForm>

export interface OwnershipParts {
  log: Logger
  self: ProcessIdentity
  isAlive?: (who: ProcessIdentity) => boolean
}

/** Takes the directory. Rejects with `data-dir-in-use`. Resolves with the way to give it up. */
export async function takeOwnership(directory: string, parts: OwnershipParts): Promise<() => Promise<void>> {
  const alive = parts.isAlive ?? isAlive
  // Each round another process came first; it then is alive, or died at once.
  for (let round = 0; round < 10; round += 1) {
    const highest = await highestNumber(directory)
    if (highest > 0) {
      const owner = await readOwner(join(directory, `owner.${highest}`))
      if (owner !== undefined && !owner.released) {
        if (alive(owner)) throw inUse(directory, owner.pid)
        parts.log.warn({ pid: owner.pid }, 'the last owner of the data directory is gone; taking it over')
      }
    }
    const mine = join(directory, `owner.${highest + 1}`)
    if (!(await claim(mine, parts.self))) continue
    // Somebody who looked long ago may have taken a number that was in use, and gone, meanwhile.
    if ((await highestNumber(directory)) !== highest + 1) {
      await rm(mine, { force: true })
      continue
    }
    for (const number of await ownerNumbers(directory)) {
      if (number <= highest) await rm(join(directory, `owner.${number}`), { force: true })
    }
    return async () => writeFileAtomically(mine, textOf({ ...parts.self, released: true }))
  }
  throw inUse(directory, undefined)
}

async function claim(path: string, self: ProcessIdentity): Promise<boolean> {
  const temporary = `${path}.${randomUUID()}.tmp`
  await writeFile(temporary, textOf({ ...self, released: false }), { mode: 0o600 })
  try {
    await link(temporary, path)
    return true
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false
    throw error
  } finally {
    await rm(temporary, { force: true })
  }
}

async function readOwner(path: string): Promise<Owner | undefined> {
  try {
    return ownerForm.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (error) {
    // Gone: replaced by a higher number. Unreadable: the machine went down before it was on disk, and its writer with it.
    if (errnoOf(error) === 'ENOENT' || error instanceof SyntaxError || error instanceof z.ZodError)
      return undefined
    throw error
  }
}

async function ownerNumbers(directory: string): Promise<number[]> {
  return (await readdir(directory)).flatMap((name) => {
    const digits = /^owner\.([1-9]\d{0,14})$/.exec(name)?.[1]
    return digits === undefined ? [] : [Number(digits)]
  })
}

async function highestNumber(directory: string): Promise<number> {
  return Math.max(0, ...(await ownerNumbers(directory)))
}

function textOf(owner: Owner): string {
  return `${JSON.stringify(owner)}\n`
}

function inUse(directory: string, pid: number | undefined): UserError {
  const who =
    pid === undefined
      ? 'other processes'
      : pid === process.pid
        ? `this process (pid ${pid})`
        : `process ${pid}`
  return new UserError('data-dir-in-use', `The data directory ${directory} is in use by ${who}.`, {
    fix:
      pid === undefined
        ? 'Start it once, and wait.'
        : `Stop that one first (kill ${pid}), or give this one a directory of its own (QNAV_DATA_DIR).`,
  })
}
