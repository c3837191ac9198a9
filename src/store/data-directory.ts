/** Where the bot keeps what it must not lose: one directory, private to its user, held by one process. */
import { resolve } from 'node:path'
import type { Logger } from '../log.js'
import { takeOwnership } from './directory-owner.js'
import { makePrivateDirectory } from './document-folder.js'
import { ownIdentity } from './process-identity.js'
import { storeFailed } from './store-errors.js'

/** The bot's data directory, held by this process until it is closed. */
export interface DataDirectory {
  /** Absolute. */
  readonly path: string
  /** Gives the directory up. */
  close(): Promise<void>
}

/**
 * Makes the directory (0700) if needed and takes it for this process; an owner that died is followed. Rejects with
 * `data-dir-in-use` (naming the pid) or `store-failed`. Processes are told apart by pid, start time and boot: two
 * containers that share the directory but not their process ids cannot see each other.
 */
export async function openDataDirectory(path: string, { log }: { log: Logger }): Promise<DataDirectory> {
  const absolute = resolve(path)
  await makePrivateDirectory(absolute)
  try {
    const release = await takeOwnership(absolute, { log, self: ownIdentity() })
    return { path: absolute, close: release }
  } catch (error) {
    throw storeFailed('take', absolute, error)
  }
}
