import type { Config } from './settings.js'

/** Reads and validates qnav.yml. Rejects with `bad-config`, naming file, line, key, value and what is allowed. */
export async function loadConfig(_path: string): Promise<Config> {
  throw new Error('not yet')
}
