/**
 * Detached runs: long commands on a host that survive the loss of the connection and restarts of the bot. Each has a
 * directory on the host, named after its key, with what was started, its output and its exit status. Starting a key that
 * is there already re-attaches to it; nothing runs twice.
 */
import { setTimeout as wait } from 'node:timers/promises'
import { UserError } from '../errors.js'
import { attachScript, cancelScript, cleanScript, startScript } from './run-scripts.js'
import type { HostTransport } from './transport.js'

export interface RunRequest {
  /** Names the run for ever, e.g. "j-7k2m9/create". */
  key: string
  argv: readonly [string, ...string[]]
  env?: Readonly<Record<string, string>>
  /** Files written 0600 into the run's own empty working directory, by plain name. */
  files?: Readonly<Record<string, string>>
  /** Milliseconds of wall clock, enforced on the host itself. */
  timeoutMs: number
  /** Aborted: we stop following. The run goes on unless `cancel` is called. */
  signal: AbortSignal
  /** Output as it comes, stdout and stderr together. */
  onOutput?: (chunk: string) => void
}

export interface RunResult {
  /** 124 or 137 after the host's own time limit. */
  exitCode: number
  /** The last {@link maxKeptOutput} characters. */
  output: string
}

export interface Runs {
  run(request: RunRequest): Promise<RunResult>
  /** Whether a run of that key was ever started here. */
  isKnown(key: string): Promise<boolean>
  /** Ends the run and everything it started: TERM, then KILL after five seconds. */
  cancel(key: string): Promise<void>
  /** Removes directories of runs that ended more than `olderThanDays` ago. */
  clean(olderThanDays: number): Promise<void>
}

export interface RunsParts {
  transport: Pick<HostTransport, 'exec'>
  /** Absolute directory on the host; `$HOME/.qnav/runs` of the account when absent. */
  directory?: string
  /** Milliseconds between looks at a run. */
  pollMs?: number
}

/** Characters of output that are kept in memory and given back. */
export const maxKeptOutput = 256 * 1024
/** Bytes fetched per look. */
const chunkBytes = 64 * 1024
const execTimeoutMs = 20_000
/** How long a run may be followed through losses of the connection before that is reported. */
const lostForMs = 120_000

export function createRuns({ transport, directory = '', pollMs = 400 }: RunsParts): Runs {
  const sh = async (script: string, args: readonly string[], stdin?: string) => {
    const result = await transport.exec(['/bin/sh', '-c', script, 'qnav-run', directory, ...args], {
      timeoutMs: execTimeoutMs,
      maxOutputBytes: chunkBytes * 2,
      ...(stdin === undefined ? {} : { stdin }),
    })
    if (result.exitCode !== 0) {
      throw new UserError(
        'host-unreachable',
        `A run could not be looked after on the host: ${result.stderr.trim() || `exit status ${result.exitCode}`}`,
        {
          fix: 'Check free space and permissions of the run directory on the host.',
        },
      )
    }
    return result.stdout
  }

  async function follow(name: string, request: RunRequest): Promise<RunResult> {
    const { signal, onOutput } = request
    let offset = 0
    let output = ''
    let lostSince: number | undefined
    for (;;) {
      signal.throwIfAborted()
      let answer: string
      try {
        answer = await sh(attachScript, [name, String(offset), String(chunkBytes)])
        lostSince = undefined
      } catch (error) {
        lostSince ??= Date.now()
        if (Date.now() - lostSince > lostForMs) throw error
        await wait(pollMs * 5, undefined, { signal })
        continue
      }
      const { state, bytes } = parseAnswer(answer)
      if (bytes.length > 0) {
        offset += bytes.length
        const text = bytes.toString('utf8')
        output = (output + text).slice(-maxKeptOutput)
        onOutput?.(text)
      }
      if (bytes.length === chunkBytes) continue
      if (state.startsWith('exited ')) return { exitCode: Number(state.slice('exited '.length)), output }
      if (state !== 'running') throw lost(request.key, state)
      await wait(pollMs, undefined, { signal })
    }
  }

  return {
    async run(request) {
      const name = directoryName(request.key)
      const seconds = Math.max(1, Math.ceil(request.timeoutMs / 1000))
      await sh(startScript, [name, String(seconds)], encodeRequest(request))
      return follow(name, request)
    },
    async isKnown(key) {
      return parseAnswer(await sh(attachScript, [directoryName(key), '0', '0'])).state !== 'missing'
    },
    async cancel(key) {
      await sh(cancelScript, [directoryName(key)])
    },
    async clean(olderThanDays) {
      await sh(cleanScript, [String(olderThanDays)])
    },
  }
}

/** A key as one safe path component. */
function directoryName(key: string): string {
  if (!/^[A-Za-z0-9][\w./ -]{0,120}$/.test(key)) throw new Error(`"${key}" is no key for a run`)
  return key.replace(/[^A-Za-z0-9-]/g, '_')
}

/**
 * What crosses to the host as data, never as shell text: lines "kind base64(name) base64(value)", decoded there into files
 * and arguments.
 */
function encodeRequest({ argv, env = {}, files = {} }: RunRequest): string {
  const base64 = (text: string) => Buffer.from(text, 'utf8').toString('base64')
  if (argv.some((word) => word.includes('\0'))) throw new Error('an argument contains NUL')
  const lines = [
    ...Object.entries(files).map(([name, content]) => `file ${plainName(name)} ${base64(content)}`),
    ...Object.entries(env).map(([name, value]) => `word - ${base64(`${variableName(name)}=${value}`)}`),
    ...argv.map((word) => `word - ${base64(word)}`),
  ]
  return `${lines.join('\n')}\n`
}

function plainName(name: string): string {
  if (!/^[A-Za-z0-9][\w.-]*$/.test(name)) throw new Error(`"${name}" is no plain file name`)
  return name
}

function variableName(name: string): string {
  if (!/^[A-Z_][A-Z0-9_]*$/.test(name)) throw new Error(`"${name}" is no name of an environment variable`)
  return name
}

function parseAnswer(answer: string): { state: string; bytes: Buffer } {
  const cut = answer.indexOf('\n')
  return {
    state: answer.slice(0, cut < 0 ? undefined : cut).trim(),
    bytes: Buffer.from(cut < 0 ? '' : answer.slice(cut + 1), 'base64'),
  }
}

function lost(key: string, state: string): UserError {
  return new UserError('kcli-failed', `The run ${key} on the host ended without an exit status (${state}).`, {
    fix:
      state === 'rebooted'
        ? 'The host was rebooted while it ran. Look what is there, then ask again.'
        : 'It was killed from outside. Look what is there, then ask again.',
  })
}
