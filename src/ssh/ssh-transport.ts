/** The way to a host over SSH, for everything: commands, and byte streams to unix sockets and ports there. */
import type { Duplex } from 'node:stream'
import type { Client } from 'ssh2'
import { UserError } from '../errors.js'
import type { ExecOptions, ExecResult } from '../exec.js'
import { commandLine, plainCommandLine } from './command-line.js'
import { connectError, forwardError, unreachable } from './connect-errors.js'
import { type ConnectionSettings, defaultConnectTimeoutMs, type Jump, SshConnection } from './connection.js'
import { execOn, programOn } from './exec.js'
import { Semaphore } from './semaphore.js'

export interface SshSettings extends ConnectionSettings {
  /** After a call that came to no end, the host has this long to show that it is there. Default 5 s. */
  answerTimeoutMs?: number
}

/** sshd's default MaxSessions is 10; socket forwards do not count, other sessions of the same connection do. */
const maxExecs = 8
const defaultOutputBytes = 1024 * 1024
const probeSocket = '[ -S "$1" ] || exit 3; [ -r "$1" ] && [ -w "$1" ] || exit 4'

/** Connects when first used, and again at the next use after the connection died. */
export class SshTransport implements Jump {
  readonly kind = 'ssh'
  readonly #settings: SshSettings
  readonly #execs = new Semaphore(maxExecs)
  #connection: SshConnection | undefined
  #connecting: Promise<SshConnection> | undefined
  #checking: Promise<void> | undefined
  readonly #closing = new AbortController()

  constructor(settings: SshSettings) {
    this.#settings = settings
  }

  /** Rejects with host-unreachable, host-key-unknown, host-key-changed, ssh-auth-failed or bad-config. */
  async connect(): Promise<void> {
    await this.#connected()
  }

  suspect(): void {
    this.#doubt(this.#connection)
  }

  get command(): string {
    const { user, host, port } = this.#settings
    return `ssh -p ${port} ${user}@${host}`
  }

  /** A byte stream to a unix socket on the host. Rejects as connect does, with `libvirt-unavailable` when nothing listens
   * at the path or sshd forbids forwarding, with `libvirt-denied` when the user may not open it. */
  async openSocket(path: string): Promise<Duplex> {
    try {
      return await this.#stream(`opening the socket ${path}`, (client, done) =>
        client.openssh_forwardOutStreamLocal(path, done),
      )
    } catch (error) {
      if (error instanceof UserError || !(error instanceof Error)) throw error
      throw await this.#socketError(path, error)
    }
  }

  /** A byte stream to a port as the host sees it. Rejects as connect does. */
  async openTcp(host: string, port: number): Promise<Duplex> {
    try {
      return await this.#stream(`connecting to ${host}:${port}`, (client, done) =>
        client.forwardOut('127.0.0.1', 0, host, port, done),
      )
    } catch (error) {
      if (error instanceof UserError || !(error instanceof Error)) throw error
      throw forwardError(this.#settings, `${host}:${port}`, error)
    }
  }

  /** The input and output of a program on the host, which ends with the stream. It takes one of the 8 places of `exec`
   * for as long. Rejects as connect does, or with `timeout`. */
  async openProgram(argv: readonly [string, ...string[]]): Promise<Duplex> {
    const line = plainCommandLine(argv)
    const timeoutMs = this.#settings.connectTimeoutMs ?? defaultConnectTimeoutMs
    const overdue = this.#late(`“${argv[0]}”`, timeoutMs)
    const deadline = new AbortController()
    const timer = setTimeout(() => deadline.abort(overdue), timeoutMs)
    const { signal } = deadline
    try {
      const release = await this.#execs.acquire(signal)
      const open = await this.#connectedUnlessAborted(signal, release)
      try {
        const channel = await programOn(open.client, line, { signal, isOver: () => open.isOver })
        channel.once('close', release)
        return channel
      } catch (error) {
        release()
        throw error
      }
    } catch (error) {
      if (error instanceof UserError) throw error
      throw connectError(this.#settings, error)
    } finally {
      clearTimeout(timer)
    }
  }

  /** Runs a program on the host; at most 8 at once, the rest wait within their deadline. Rejects as connect does, with
   * `timeout`, or with the signal's reason. A program that does not exist ends with exit code 127. */
  async exec(argv: readonly [string, ...string[]], options: ExecOptions): Promise<ExecResult> {
    const line = commandLine(argv, options.env)
    const overdue = this.#late(`“${argv[0]}”`, options.timeoutMs)
    const deadline = new AbortController()
    const timer = setTimeout(() => deadline.abort(overdue), options.timeoutMs)
    const signal =
      options.signal === undefined ? deadline.signal : AbortSignal.any([deadline.signal, options.signal])
    let connection: SshConnection | undefined
    try {
      const release = await this.#execs.acquire(signal)
      const open = await this.#connectedUnlessAborted(signal, release)
      connection = open
      return await execOn(open.client, line, {
        isOver: () => open.isOver,
        stdin: options.stdin,
        maxOutputBytes: options.maxOutputBytes ?? defaultOutputBytes,
        signal,
        onSessionOver: release,
      })
    } catch (error) {
      if (error === overdue) this.#doubt(connection)
      if (signal.aborted || error instanceof UserError) throw error
      throw connectError(this.#settings, error)
    } finally {
      clearTimeout(timer)
    }
  }

  async #connectedUnlessAborted(signal: AbortSignal, release: () => void): Promise<SshConnection> {
    try {
      return await orAbort(this.#connected(), signal)
    } catch (error) {
      release()
      throw error
    }
  }

  /** Ends the connection and everything on it; the transport cannot be used again. */
  async close(): Promise<void> {
    this.#closing.abort()
    const connection = this.#connection ?? (await this.#connecting?.catch(() => undefined))
    this.#connection = undefined
    await connection?.end()
  }

  async #connected(): Promise<SshConnection> {
    await this.#checking
    if (this.#closing.signal.aborted) {
      const { host, port } = this.#settings
      throw new UserError('host-unreachable', `The connection to ${host}:${port} was closed.`, {
        fix: 'Start the bot again.',
      })
    }
    if (this.#connection !== undefined && !this.#connection.isOver) return this.#connection
    this.#connecting ??= this.#connectOnce().finally(() => {
      this.#connecting = undefined
    })
    return this.#connecting
  }

  async #connectOnce(): Promise<SshConnection> {
    const { host, port, log } = this.#settings
    const ended = (): void => {
      if (this.#connection?.isOver !== true) return
      this.#connection = undefined
      log.info({ host, port }, 'SSH connection ended')
    }
    const connection = await SshConnection.open(this.#settings, ended, this.#closing.signal)
    if (connection.isOver) throw unreachable(this.#settings, `${host}:${port} closed the connection at once.`)
    if (!this.#closing.signal.aborted) this.#connection = connection
    else await connection.end()
    return connection
  }

  /** A host may be gone without a word, and the connection would be used until its keepalive notices. Who comes meanwhile
   * waits for the answer rather than for a deadline of his own. */
  #doubt(connection: SshConnection | undefined): void {
    if (connection === undefined || connection !== this.#connection || this.#checking !== undefined) return
    const { host, port, log, jump, answerTimeoutMs = 5000 } = this.#settings
    this.#checking = connection.answers(answerTimeoutMs).then((answered) => {
      this.#checking = undefined
      if (answered) return
      log.info({ host, port }, 'SSH connection does not answer and is given up')
      connection.destroy()
      jump?.suspect()
    })
  }

  /** Rejects with the SSH client's own error when the host refuses, with a UserError otherwise. */
  async #stream(
    what: string,
    open: (client: Client, done: (error: Error | undefined, channel: Duplex) => void) => void,
  ): Promise<Duplex> {
    const connection = await this.#connected()
    const timeoutMs = this.#settings.connectTimeoutMs ?? defaultConnectTimeoutMs
    return new Promise((resolve, reject) => {
      let isLate = false
      const timer = setTimeout(() => {
        isLate = true
        this.#doubt(connection)
        reject(this.#late(what, timeoutMs))
      }, timeoutMs)
      const fail = (error: Error): void => {
        clearTimeout(timer)
        reject('reason' in error ? error : connectError(this.#settings, error))
      }
      try {
        open(connection.client, (error, channel) => {
          if (error !== undefined) return fail(error)
          clearTimeout(timer)
          if (isLate) channel.destroy()
          else resolve(channel)
        })
      } catch (error) {
        fail(error instanceof Error ? error : new Error(String(error)))
      }
    })
  }

  // sshd gives the same answer whether the socket is missing, forbidden or not to be forwarded, so the host is asked.
  async #socketError(path: string, error: Error): Promise<UserError> {
    const { host, user } = this.#settings
    const probe = await this.exec(['sh', '-c', probeSocket, 'sh', path], { timeoutMs: 5000 }).catch(
      () => undefined,
    )
    switch (probe?.exitCode) {
      case 3:
        return new UserError('libvirt-unavailable', `There is no socket ${path} on ${host}.`, {
          fix: `Start the daemon behind it on ${host}, or correct the path.`,
          cause: error,
        })
      case 4:
        return new UserError('libvirt-denied', `${user} may not open the socket ${path} on ${host}.`, {
          fix: `Add ${user} to the group that owns it there: usermod -aG libvirt ${user}`,
          cause: error,
        })
      default:
        return new UserError('libvirt-unavailable', `sshd on ${host} cannot connect to the socket ${path}.`, {
          fix: `Check that a daemon listens on it, and that sshd_config on ${host} has “AllowStreamLocalForwarding yes” and no “DisableForwarding”.`,
          cause: error,
        })
    }
  }

  #late(what: string, timeoutMs: number): UserError {
    const { host } = this.#settings
    return new UserError('timeout', `On ${host}, ${what} did not end within ${timeoutMs / 1000} s.`, {
      fix: 'Try again; if it keeps happening look at the load of the host.',
    })
  }
}

function orAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(signal.reason)
    if (signal.aborted) giveUp()
    signal.addEventListener('abort', giveUp, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp))
  })
}
