/**
 * Detached runs: long commands on a host that survive the loss of the connection and restarts of the bot. Each has a
 * directory on the host, named after its key, with what was started, its output and how it ended. Starting a key that
 * is there already re-attaches to it; nothing runs twice.
 */
import { StringDecoder } from 'node:string_decoder'
import { setTimeout as delay } from 'node:timers/promises'
import { UserError } from '../errors.js'
import { Backoff } from './backoff.js'
import { directoryNameOf, encodeRequest, plainName, type RunRequest } from './run-request.js'
import { cancelScript, cleanScript, lookScript, startScript } from './run-scripts.js'
import type { HostTransport } from './transport.js'

export type { RunRequest } from './run-request.js'

export interface RunResult {
  /**
   * - `exited`: by itself, with `exitCode`
   * - `time-limit`: ended by its time limit, which the host itself enforces
   * - `cancelled`: by `cancel`
   * - `killed`: from outside, or the system ran out of memory; how far it came is not known
   * - `rebooted`: the host went down while it ran
   */
  end: 'exited' | 'time-limit' | 'cancelled' | 'killed' | 'rebooted'
  /** null when it left none. */
  exitCode: number | null
  /** The last {@link maxKeptOutput} characters of stdout and stderr. */
  output: string
}

export type RunState = 'missing' | 'running' | RunResult['end']

export interface Runs {
  /**
   * Starts the run, or finds it when its key was started before, follows it and resolves when it has ended. Rejects with
   * `host-unreachable` (and the like) when the host stayed away for longer than the run may last, with `run-failed` when
   * the host cannot start it, with the signal's reason when that aborts. The run goes on in all of these cases.
   */
  run(request: RunRequest): Promise<RunResult>
  state(key: string): Promise<RunState>
  /** Whether a run of that key was ever asked for here. */
  isKnown(key: string): Promise<boolean>
  /** Ends the run and everything it started: TERM, then KILL after five seconds. A key that is asked for but not started
   * yet never starts; one that has ended keeps its result, and what it left running is ended. Rejects with `run-failed`
   * when something survives. */
  cancel(key: string): Promise<void>
  /** Removes directories of runs that ended more than `olderThanDays` ago. Each start does so after 30 days. */
  clean(olderThanDays: number): Promise<void>
}

export interface RunsParts {
  transport: Pick<HostTransport, 'exec'>
  /** Absolute directory on the host; `$HOME/.qnav/runs` of the account when absent. */
  directory?: string
  /** What makes the host do it under another account: `['sudo', '-n', '-H']`. The directory is that account's then. */
  as?: readonly string[]
  /** Milliseconds before the second look at a run; later looks are up to ten times as far apart while nothing happens. */
  pollMs?: number
  clock?: RunClock
}

export interface RunClock {
  /** Milliseconds, never going back. */
  now(): number
  /** Rejects when the signal aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void>
}

/** Characters of output that are kept in memory and given back. */
export const maxKeptOutput = 256 * 1024
/** Bytes fetched per look. */
const chunkBytes = 64 * 1024
/** Cancelling takes up to eleven seconds on the host. */
const execTimeoutMs = 25_000
/** Beyond the run's own limit: the time in which a host comes back from a reboot. */
const lostGraceMs = 5 * 60_000
const keptDays = 30

const realClock: RunClock = {
  now: () => performance.now(),
  wait: async (ms, signal) => {
    await delay(ms, undefined, { signal }).catch((error: unknown) => {
      signal.throwIfAborted()
      throw error
    })
  },
}

export function createRuns(parts: RunsParts): Runs {
  const { transport, directory = '', as = [], pollMs = 200, clock = realClock } = parts

  async function sh(
    script: string,
    args: readonly string[],
    options: { stdin?: string; signal?: AbortSignal } = {},
  ): Promise<string> {
    const [program = '/bin/sh', ...words] = [...as, '/bin/sh', '-c', script, 'qnav-run', directory, ...args]
    const result = await transport.exec([program, ...words], {
      timeoutMs: execTimeoutMs,
      maxOutputBytes: chunkBytes * 2,
      ...options,
    })
    if (result.exitCode !== 0)
      throw refused(result.stderr.trim().slice(0, 1000) || `exit status ${result.exitCode}`)
    return result.stdout
  }

  const start = (request: RunRequest) => {
    const seconds = Math.max(1, Math.ceil(request.timeoutMs / 1000))
    const lock = request.lock === undefined ? '' : plainName(request.lock)
    // Not given the signal: a start that is cut off could overtake a cancellation.
    return sh(startScript, [directoryNameOf(request.key), String(seconds), lock, String(keptDays)], {
      stdin: encodeRequest(request),
    })
  }

  async function look(
    key: string,
    { offset = 0, bytes = 0, signal }: { offset?: number; bytes?: number; signal?: AbortSignal } = {},
  ): Promise<Look> {
    const args = [directoryNameOf(key), String(offset), String(bytes)]
    return parseLook(await sh(lookScript, args, signal === undefined ? {} : { signal }))
  }

  /** Repeats work that the host can be asked again, through losses of the connection. */
  async function patiently<T>(request: RunRequest, until: number, work: () => Promise<T>): Promise<T> {
    let told = false
    const backoff = new Backoff({ firstMs: pollMs * 10, maxMs: pollMs * 50 })
    for (;;) {
      request.signal.throwIfAborted()
      try {
        return await work()
      } catch (error) {
        if (!isPassing(error) || clock.now() >= until) throw error
        if (!told) request.onLost?.(error)
        told = true
        await clock.wait(backoff.nextMs(), request.signal)
      }
    }
  }

  async function run(request: RunRequest): Promise<RunResult> {
    const { key, timeoutMs, signal, onOutput } = request
    // What it waits for its turn counts too.
    const until = clock.now() + timeoutMs * (request.lock === undefined ? 1 : 2) + lostGraceMs
    await patiently(request, until, () => start(request))
    const decoder = new StringDecoder('utf8')
    let offset = 0
    let output = ''
    let pauseMs = pollMs
    for (;;) {
      const { state, exitCode, bytes } = await patiently(request, until, () =>
        look(key, { offset, bytes: chunkBytes, signal }),
      )
      if (bytes.length > 0) {
        offset += bytes.length
        const text = decoder.write(bytes)
        output = (output + text).slice(-maxKeptOutput)
        onOutput?.(text)
        pauseMs = pollMs
      }
      if (bytes.length === chunkBytes) continue
      // Its start was cut off, or somebody cleaned up behind our back before it could begin.
      if (state === 'unstarted') await patiently(request, until, () => start(request))
      else if (state === 'missing') throw refused(`the directory of ${key} is gone`)
      else if (state !== 'running') return { end: state, exitCode, output }
      await clock.wait(pauseMs, signal)
      pauseMs = Math.min(pauseMs * 1.5, pollMs * 10)
    }
  }

  return {
    run,
    async state(key) {
      const { state } = await look(key)
      return state === 'unstarted' ? 'running' : state
    },
    async isKnown(key) {
      return (await look(key)).state !== 'missing'
    },
    async cancel(key) {
      await sh(cancelScript, [directoryNameOf(key)])
    },
    async clean(olderThanDays) {
      if (!Number.isInteger(olderThanDays) || olderThanDays < 0)
        throw new Error(`${olderThanDays} is no number of days`)
      await sh(cleanScript, [String(olderThanDays)])
    },
  }
}

interface Look {
  state: RunState | 'unstarted'
  exitCode: number | null
  bytes: Buffer
}

const ends: readonly string[] = ['exited', 'time-limit', 'cancelled'] satisfies RunState[]
const plainStates: readonly string[] = ['missing', 'unstarted', 'running', 'rebooted', 'killed']

/** What lookScript printed. */
function parseLook(answer: string): Look {
  const cut = answer.indexOf('\n')
  const [state = '', how = '', status = ''] = answer
    .slice(0, cut < 0 ? undefined : cut)
    .trim()
    .split(' ')
  const bytes = Buffer.from(cut < 0 ? '' : answer.slice(cut + 1), 'base64')
  if (state === 'ended' && ends.includes(how) && /^\d{1,3}$/.test(status))
    return { state: how as RunState, exitCode: Number(status), bytes }
  // It hangs in the kernel, where nothing ends it.
  if (state === 'stuck') return { state: 'time-limit', exitCode: null, bytes }
  if (plainStates.includes(state)) return { state: state as Look['state'], exitCode: null, bytes }
  throw refused(`its state cannot be read: ${JSON.stringify(answer.slice(0, 80))}`)
}

/** Whether asking again may help. */
function isPassing(error: unknown): error is UserError {
  return error instanceof UserError && (error.code === 'host-unreachable' || error.code === 'timeout')
}

function refused(why: string): UserError {
  const sudo = /^sudo: .*$/m.exec(why)?.[0]
  if (sudo !== undefined) {
    return new UserError('run-failed', `Work could not be done under another account on the host: ${sudo}`, {
      fix: 'Let the account of the bot use sudo there without password and terminal (NOPASSWD in /etc/sudoers.d), or set sudo: false in qnav.yml.',
    })
  }
  return new UserError('run-failed', `Work could not be started or followed on the host: ${why}`, {
    fix: 'Check free space, owner and permissions of the run directory on the host (~/.qnav/runs, or runDirectory of qnav.yml).',
  })
}
