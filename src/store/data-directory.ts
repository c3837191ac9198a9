import type { Logger } from '../log.js'

/** The bot's data directory, held by this process until it is closed. */
export interface DataDirectory {
  /** Absolute. */
  readonly path: string
  /** Gives the directory up. */
  close(): Promise<void>
}

/**
 * Makes the directory (0700) if needed and takes it for this process. Rejects with `data-dir-in-use` (naming the pid) or
 * `store-failed`.
 */
export async function openDataDirectory(_path: string, _parts: { log: Logger }): Promise<DataDirectory> {
  throw new Error('not yet')
}
