/** Files that are always whole: the old content or the new one, whenever the power fails. */
import { type FileHandle, link, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { errnoOf } from './store-errors.js'

/** Runs `use` on the open file and closes it whatever happens. */
export async function withFile<T>(
  path: string,
  flags: string,
  use: (file: FileHandle) => Promise<T>,
): Promise<T> {
  const file = await open(path, flags, 0o600)
  try {
    return await use(file)
  } finally {
    await file.close()
  }
}

/** Makes names in a directory durable: a rename is on disk only after this. */
export async function syncDirectory(path: string): Promise<void> {
  await withFile(path, 'r', (directory) => directory.sync())
}

export interface AtomicWriteOptions {
  /** What was there before stays under this name. */
  keepAs?: string
}

/**
 * Replaces the file (0600): temporary file beside it, fsync, rename, fsync of the directory. One writer at a time per
 * path, because the temporary name is fixed: so a crash leaves at most one stray file, and the next write takes it over.
 */
export async function writeFileAtomically(
  path: string,
  text: string,
  { keepAs }: AtomicWriteOptions = {},
): Promise<void> {
  const temporary = `${path}.tmp`
  try {
    await withFile(temporary, 'w', async (file) => {
      await file.writeFile(text)
      await file.sync()
    })
    if (keepAs !== undefined) await keepOld(path, keepAs)
    await rename(temporary, path)
  } catch (error) {
    // The first error says what went wrong; that the stray file cannot be removed either adds nothing.
    await rm(temporary, { force: true }).catch(() => undefined)
    throw error
  }
  await syncDirectory(dirname(path))
}

/** A second name for the old content, made first, so that the file itself is never missing. */
async function keepOld(path: string, keepAs: string): Promise<void> {
  const second = `${keepAs}.tmp`
  await rm(second, { force: true })
  try {
    await link(path, second)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return
    throw error
  }
  await rename(second, keepAs)
}
