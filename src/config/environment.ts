import type { Environment, SlackSettings } from './settings.js'

export type Env = Readonly<Record<string, string | undefined>>

/** The environment completed by the file `.env` in `cwd`, when there is one; what is set already wins. */
export async function withDotEnv(_env: Env, _cwd: string): Promise<Env> {
  throw new Error('not yet')
}

/** QNAV_CONFIG, QNAV_DATA_DIR and LOG_LEVEL. Throws `bad-config`. */
export function readEnvironment(_env: Env, _cwd: string): Environment {
  throw new Error('not yet')
}

/** Tokens and SLACK_API_URL. Rejects with `missing-token` or `bad-config`; no message repeats a value. */
export async function readSlackSettings(_env: Env): Promise<SlackSettings> {
  throw new Error('not yet')
}
