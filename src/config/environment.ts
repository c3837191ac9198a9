/** What comes from the environment: places, and the tokens, which never stand in qnav.yml. */
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { z } from 'zod'
import { UserError } from '../errors.js'
import { readSecret, type Warn, warnIfExposed } from './secret.js'
import type { Environment, SlackSettings } from './settings.js'

export type Env = Readonly<Record<string, string | undefined>>

/** For those who have nobody to tell. */
const ignore = () => {}

const secretName = /(?:TOKEN|SECRET|PASSPHRASE|PASSWORD)$/

/**
 * The environment completed by the file `.env` in `cwd`, when there is one; what is set already wins. The process's own
 * environment stays as it is, so that tokens from the file do not reach child processes.
 */
export async function withDotEnv(env: Env, cwd: string, warn: Warn = ignore): Promise<Env> {
  const path = join(cwd, '.env')
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error'
    if (code === 'ENOENT') return env
    throw new UserError('bad-config', `${path} cannot be read (${code}).`, {
      fix: 'Make it readable, or remove it.',
      cause,
    })
  }
  const read = parseEnv(text)
  if (Object.keys(read).some((name) => secretName.test(name) && read[name] !== ''))
    await warnIfExposed(path, warn)
  const set = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  )
  return { ...read, ...set }
}

const levels = ['debug', 'info', 'warn', 'error', 'silent'] as const

/** QNAV_CONFIG, QNAV_DATA_DIR and LOG_LEVEL. Throws `bad-config`. */
export function readEnvironment(env: Env, cwd: string): Environment {
  const logLevel = z.enum(levels).safeParse(given(env.LOG_LEVEL) ?? 'info')
  if (!logLevel.success) {
    throw new UserError('bad-config', `LOG_LEVEL "${env.LOG_LEVEL}" is not one of ${levels.join(', ')}.`, {
      fix: 'Set LOG_LEVEL to one of them, or leave it out (info).',
    })
  }
  return {
    configPath: resolve(cwd, given(env.QNAV_CONFIG) ?? 'qnav.yml'),
    dataDirectory: resolve(cwd, given(env.QNAV_DATA_DIR) ?? 'data'),
    logLevel: logLevel.data,
  }
}

const apiUrlForm = z.url({ protocol: /^https?$/ }).transform((url) => (url.endsWith('/') ? url : `${url}/`))
const portForm = z.string().regex(/^\d+$/).transform(Number).pipe(z.int().min(1).max(65_535))

/** Tokens and SLACK_API_URL. Rejects with `missing-token` or `bad-config`; no message repeats a secret. */
export async function readSlackSettings(env: Env, warn: Warn = ignore): Promise<SlackSettings> {
  const apiUrl = readApiUrl(env)
  // Other servers give out tokens of their own shape; Slack's shapes catch two tokens that were swapped.
  const shape = (prefix: string) => (apiUrl === undefined ? prefix : '')
  const botToken = await readSecret(env, 'SLACK_BOT_TOKEN', shape('xoxb-'), warn)
  if (botToken === undefined) {
    throw missing('SLACK_BOT_TOKEN', 'the Slack app\'s page "OAuth & Permissions" (xoxb-…)')
  }
  const common = { botToken, ...(apiUrl === undefined ? {} : { apiUrl }) }
  const appToken = await readSecret(env, 'SLACK_APP_TOKEN', shape('xapp-'), warn)
  if (appToken !== undefined) return { ...common, receiver: { kind: 'socket', appToken } }
  const signingSecret = await readSecret(env, 'SLACK_SIGNING_SECRET', '', warn)
  if (signingSecret === undefined) {
    throw missing(
      'SLACK_APP_TOKEN',
      'the Slack app\'s page "Basic Information", "App-Level Tokens" (xapp-…); for HTTP set SLACK_SIGNING_SECRET and PORT instead',
    )
  }
  return { ...common, receiver: { kind: 'http', signingSecret, port: readPort(env) } }
}

function readApiUrl(env: Env): string | undefined {
  const value = given(env.SLACK_API_URL)
  if (value === undefined) return undefined
  const url = apiUrlForm.safeParse(value)
  if (url.success) return url.data
  throw new UserError('bad-config', 'SLACK_API_URL is not an http or https address.', {
    fix: 'Leave it out for Slack itself, or give an address such as http://127.0.0.1:3100/api/.',
  })
}

function readPort(env: Env): number {
  const port = portForm.safeParse(given(env.PORT))
  if (port.success) return port.data
  const what = given(env.PORT) === undefined ? 'PORT is not set' : `PORT "${env.PORT}" is not a port number`
  throw new UserError('bad-config', `${what}; SLACK_SIGNING_SECRET means HTTP, which needs one.`, {
    fix: 'Set PORT to a number from 1 to 65535, or set SLACK_APP_TOKEN for Socket Mode.',
  })
}

function missing(name: string, from: string): UserError {
  return new UserError('missing-token', `${name} is not set. It comes from ${from}.`, {
    fix: `Put it into .env or the environment, into a file named by ${name}_FILE, or into a systemd credential "${name.toLowerCase()}".`,
  })
}

function given(value: string | undefined): string | undefined {
  return value === '' ? undefined : value
}
