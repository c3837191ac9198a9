/** The host the bot runs on: unix sockets and child processes, no shell anywhere. Same shape as over SSH. */
import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createConnection } from 'node:net'
import type { Duplex } from 'node:stream'
import { UserError } from '../errors.js'
import { BoundedOutput, type ExecOptions, type ExecResult } from '../exec.js'

const defaultOutputBytes = 1024 * 1024
const socketTimeoutMs = 15_000

export class LocalTransport {
  readonly kind = 'local'

  /** There is nothing to connect to. */
  async connect(): Promise<void> {}

  /** A byte stream to a unix socket. Rejects with `libvirt-unavailable` when nothing listens at the path, with
   * `libvirt-denied` when the user may not open it. */
  openSocket(path: string): Promise<Duplex> {
    return new Promise((resolve, reject) => {
      const socket = createConnection({ path })
      const timer = setTimeout(() => socket.destroy(new Error('no answer')), socketTimeoutMs)
      socket.once('connect', () => {
        clearTimeout(timer)
        socket.off('error', fail)
        resolve(socket)
      })
      const fail = (error: NodeJS.ErrnoException): void => {
        clearTimeout(timer)
        reject(socketError(path, error))
      }
      socket.once('error', fail)
    })
  }

  /** Runs a program. Rejects with `timeout`, or with the signal's reason; either kills it and what it started in its
   * process group. A program that does not exist ends with exit code 127, as a shell would say. */
  async exec(argv: readonly [string, ...string[]], options: ExecOptions): Promise<ExecResult> {
    checkArguments(argv)
    options.signal?.throwIfAborted()
    const [program, ...args] = argv
    const child = start(program, args, options.env)
    const stdout = new BoundedOutput(options.maxOutputBytes ?? defaultOutputBytes)
    const stderr = new BoundedOutput(options.maxOutputBytes ?? defaultOutputBytes)
    child.stdout.on('data', (chunk: Buffer) => stdout.add(chunk))
    child.stderr.on('data', (chunk: Buffer) => stderr.add(chunk))
    child.stdin.on('error', () => {
      // The program ended or closed its input before it had read all; its exit code tells how it went.
    })
    child.stdin.end(options.stdin)
    const end = await ended(child, program, options)
    return {
      exitCode: end.code,
      ...(end.signal === null ? {} : { signal: end.signal.replace(/^SIG/, '') }),
      stdout: stdout.text(),
      stderr: end.failure ?? stderr.text(),
      truncated: stdout.truncated || stderr.truncated,
    }
  }

  /** There is nothing to close. */
  async close(): Promise<void> {}
}

/** Some reasons not to start come as an event, others are thrown. */
function start(program: string, args: string[], env: ExecOptions['env']): ChildProcessWithoutNullStreams {
  try {
    return spawn(program, args, {
      env: { ...inherited(), ...env },
      stdio: 'pipe',
      // Its own process group, so that a kill reaches what it started too.
      detached: true,
    })
  } catch (error) {
    throw notStarted(program, error)
  }
}

function notStarted(program: string, error: unknown): UserError {
  const why = error instanceof Error && 'code' in error ? String(error.code) : String(error)
  return new UserError('run-failed', `“${program}” could not be started here: ${why}.`, {
    fix:
      why === 'E2BIG'
        ? 'Say the same with less text.'
        : 'Look at the memory of this machine, and at the processes and open files that the bot may have: ulimit -a',
    cause: error,
  })
}

// The bot's own environment holds its tokens; a program gets what a login would give it, no more.
function inherited(): Record<string, string> {
  const names = ['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR']
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name]
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

interface End {
  code: number | null
  signal: NodeJS.Signals | null
  failure?: string
}

function ended(child: ChildProcess, program: string, { timeoutMs, signal }: ExecOptions): Promise<End> {
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', giveUp)
      settle()
    }
    const giveUp = (): void => {
      kill(child)
      finish(() => reject(signal?.reason))
    }
    const timer = setTimeout(() => {
      kill(child)
      finish(() => reject(late(program, timeoutMs)))
    }, timeoutMs)
    signal?.addEventListener('abort', giveUp, { once: true })
    child.once('error', (error: NodeJS.ErrnoException) => {
      const failure = startFailure(program, error)
      finish(() => (failure === undefined ? reject(notStarted(program, error)) : resolve(failure)))
    })
    child.once('close', (code, signalName) => finish(() => resolve({ code, signal: signalName })))
  })
}

/** What a shell answers when a program cannot be started. */
function startFailure(program: string, { code }: NodeJS.ErrnoException): End | undefined {
  if (code === 'ENOENT') return { code: 127, signal: null, failure: `${program}: not found` }
  if (code === 'EACCES') return { code: 126, signal: null, failure: `${program}: Permission denied` }
  return undefined
}

function kill(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It has ended meanwhile.
  }
  child.stdout?.destroy()
  child.stderr?.destroy()
}

function checkArguments(argv: readonly string[]): void {
  if (argv.some((word) => word.includes('\0'))) {
    throw new UserError('bad-argument', 'An argument with a NUL byte cannot be passed to a program.', {
      fix: 'Leave the NUL byte out.',
    })
  }
  if (argv.some((word) => Buffer.from(word).toString() !== word)) {
    throw new UserError(
      'bad-argument',
      'An argument that is not valid Unicode cannot be passed to a program.',
      {
        fix: 'Type the text again without the broken character.',
      },
    )
  }
}

function late(program: string, timeoutMs: number): UserError {
  return new UserError('timeout', `“${program}” did not end within ${timeoutMs / 1000} s.`, {
    fix: 'Try again; if it keeps happening look at the load of the host.',
  })
}

function socketError(path: string, error: NodeJS.ErrnoException): UserError {
  if (error.code === 'EACCES' || error.code === 'EPERM') {
    return new UserError('libvirt-denied', `This user may not open the socket ${path}.`, {
      fix: 'Add the user that runs the bot to the group that owns it (usually libvirt), and start the bot again.',
      cause: error,
    })
  }
  const why = error.code === 'ENOENT' ? 'it does not exist' : `${error.code ?? error.message}`
  return new UserError('libvirt-unavailable', `The socket ${path} cannot be opened: ${why}.`, {
    fix: `Check that the daemon behind it runs: ls -l ${path}`,
    cause: error,
  })
}
