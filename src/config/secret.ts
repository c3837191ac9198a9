/** One secret from wherever it may come; never repeated in a message. */
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { UserError } from '../errors.js'
import { hideSecret } from '../redact.js'

type Env = Readonly<Record<string, string | undefined>>

/** Told what is not wrong and not good either: one sentence with what to type. */
export type Warn = (sentence: string) => void

/**
 * The variable itself, else the file that `<name>_FILE` names, else the systemd credential of that name in lower case;
 * undefined when there is none. From then on it is hidden in logs and messages. Rejects with `bad-config` when it cannot be
 * read or does not begin with `prefix`.
 */
export async function readSecret(
  env: Env,
  name: string,
  prefix: string,
  warn: Warn,
): Promise<string | undefined> {
  const raw = await find(env, name, warn)
  if (raw === undefined) return undefined
  const found = { ...raw, secret: raw.secret.trim() }
  const { secret, source } = found
  if (secret === '' || /\s/.test(secret)) {
    throw bad(`${name}, from ${source}, ${secret === '' ? 'is empty' : 'has white space inside'}.`, name)
  }
  hideSecret(secret)
  if (!secret.startsWith(prefix)) throw bad(`${name}, from ${source}, does not begin with ${prefix}.`, name)
  return secret
}

/** As readSecret, for what may hold white space: only the line end of a file is taken off. */
export async function readPassphrase(env: Env, name: string, warn: Warn): Promise<string | undefined> {
  const found = await find(env, name, warn)
  const passphrase = found?.secret.replace(/\r?\n$/, '')
  if (passphrase === '') throw bad(`${name}, from ${found?.source}, is empty.`, name)
  if (passphrase !== undefined) hideSecret(passphrase)
  return passphrase
}

/** Says so when others than its owner may read the file. What is no file, such as a pipe, has no such rights to look at. */
export async function warnIfExposed(path: string, warn: Warn): Promise<void> {
  // That it cannot be looked at is told by whoever reads it.
  const found = await stat(path).catch(() => undefined)
  if (found === undefined || !found.isFile() || (found.mode & 0o077) === 0) return
  const mode = (found.mode & 0o777).toString(8).padStart(4, '0')
  warn(`${path} holds a secret, and its mode ${mode} lets others read it: chmod 600 ${path}`)
}

async function find(env: Env, name: string, warn: Warn): Promise<Found | undefined> {
  return (
    (await fromEnvironment(env, name)) ??
    (await fromFile(env, name, warn)) ??
    (await fromCredential(env, name))
  )
}

interface Found {
  secret: string
  source: string
}

async function fromEnvironment(env: Env, name: string): Promise<Found | undefined> {
  const value = env[name]
  return value === undefined || value === '' ? undefined : { secret: value, source: 'the environment' }
}

async function fromFile(env: Env, name: string, warn: Warn): Promise<Found | undefined> {
  const path = env[`${name}_FILE`]
  if (path === undefined || path === '') return undefined
  const secret = await read(path)
  if (secret !== undefined) {
    await warnIfExposed(path, warn)
    return { secret, source: path }
  }
  throw bad(`${name}_FILE names ${path}, and there is no such file.`, name)
}

async function fromCredential(env: Env, name: string): Promise<Found | undefined> {
  const directory = env.CREDENTIALS_DIRECTORY
  if (directory === undefined || directory === '') return undefined
  const path = join(directory, name.toLowerCase())
  const secret = await read(path)
  return secret === undefined ? undefined : { secret, source: path }
}

async function read(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error'
    if (code === 'ENOENT') return undefined
    throw new UserError('bad-config', `${path} cannot be read (${code}).`, {
      fix: 'Let the user who runs qnav read it (and nobody else).',
      cause,
    })
  }
}

function bad(message: string, name: string): UserError {
  return new UserError('bad-config', message, {
    fix: `Copy ${name} again; docs/install.md says where it is shown.`,
  })
}
