/** One SSH connection to a host, for everything: commands, and byte streams to unix sockets there. */
import { readFile } from 'node:fs/promises'
import type { Duplex } from 'node:stream'
import { type Config, NodeSSH } from 'node-ssh'
import type { Client } from 'ssh2'
import { UserError } from '../errors.js'
import type { ExecOptions, ExecResult } from '../exec.js'
import type { Logger } from '../log.js'
import { commandLine } from './command-line.js'
import { authFailed, connectError, isKeyTypeMismatch } from './connect-errors.js'
import { execOn } from './exec.js'
import { HostKeys } from './host-keys.js'
import { Semaphore } from './semaphore.js'

export interface SshSettings {
  user: string
  host: string
  port: number
  /** Absolute path of a private key without passphrase; the ssh-agent is used when absent. */
  identityFile?: string
  /** Absolute path of the known_hosts file, by which the host's key is verified at every connect. */
  knownHosts: string
  log: Logger
  /** Socket of the ssh-agent; SSH_AUTH_SOCK when absent. */
  agentSocket?: string
  /** For TCP, key exchange and authentication together. Default 15 s. */
  connectTimeoutMs?: number
  /** A silent host is given up after three of these. Default 10 s. */
  keepaliveMs?: number
}

/** sshd's default MaxSessions is 10; socket forwards do not count, other sessions of the same connection do. */
const maxExecs = 8
const defaultOutputBytes = 1024 * 1024
const probeSocket = '[ -S "$1" ] || exit 3; [ -r "$1" ] && [ -w "$1" ] || exit 4'

/** Connects when first used, and again at the next use after the connection died. */
export class SshTransport {
  readonly kind = 'ssh'
  readonly #settings: SshSettings
  readonly #execs = new Semaphore(maxExecs)
  #client: Client | undefined
  #connecting: Promise<Client> | undefined
  #closed = false

  constructor(settings: SshSettings) {
    this.#settings = settings
  }

  /** Rejects with host-unreachable, host-key-unknown, host-key-changed, ssh-auth-failed or bad-config. */
  async connect(): Promise<void> {
    await this.#connected()
  }

  /** A byte stream to a unix socket on the host. Rejects as connect does, with `libvirt-unavailable` when nothing listens
   * at the path or sshd forbids forwarding, with `libvirt-denied` when the user may not open it. */
  async openSocket(path: string): Promise<Duplex> {
    const client = await this.#connected()
    const timeoutMs = this.#connectTimeoutMs()
    const signal = AbortSignal.timeout(timeoutMs)
    try {
      return await forward(client, path, signal)
    } catch (error) {
      if (signal.aborted || !(error instanceof Error))
        throw this.#late(`opening the socket ${path}`, timeoutMs)
      throw await this.#socketError(path, error)
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
    try {
      const release = await this.#execs.acquire(signal)
      const client = await this.#clientUnlessAborted(signal, release)
      return await execOn(client, line, {
        stdin: options.stdin,
        maxOutputBytes: options.maxOutputBytes ?? defaultOutputBytes,
        signal,
        onSessionOver: release,
      })
    } catch (error) {
      if (signal.aborted || error instanceof UserError) throw error
      throw connectError(this.#settings, error)
    } finally {
      clearTimeout(timer)
    }
  }

  async #clientUnlessAborted(signal: AbortSignal, release: () => void): Promise<Client> {
    try {
      return await orAbort(this.#connected(), signal)
    } catch (error) {
      release()
      throw error
    }
  }

  /** Ends the connection and everything on it; the transport cannot be used again. */
  async close(): Promise<void> {
    this.#closed = true
    const client = this.#client ?? (await this.#connecting?.catch(() => undefined))
    this.#client = undefined
    if (client === undefined) return
    await new Promise<void>((resolve) => {
      client.once('close', () => resolve())
      client.end()
      // A host that does not answer the goodbye is left without it.
      setTimeout(() => client.destroy(), 1000).unref()
    })
  }

  #connected(): Promise<Client> {
    if (this.#closed) {
      const { host, port } = this.#settings
      return Promise.reject(
        new UserError('host-unreachable', `The connection to ${host}:${port} was closed.`, {
          fix: 'Start the bot again.',
        }),
      )
    }
    if (this.#client !== undefined) return Promise.resolve(this.#client)
    this.#connecting ??= this.#connectOnce().finally(() => {
      this.#connecting = undefined
    })
    return this.#connecting
  }

  async #connectOnce(): Promise<Client> {
    const keys = await HostKeys.read(this.#settings)
    const credentials = await this.#credentials()
    const client = await this.#handshake(keys, credentials)
    if (this.#closed) client.end()
    else this.#client = client
    return client
  }

  async #handshake(keys: HostKeys, credentials: Partial<Config>): Promise<Client> {
    try {
      return await this.#attempt(keys, credentials, true)
    } catch (error) {
      if (!isKeyTypeMismatch(error)) throw connectError(this.#settings, error)
    }
    // The host has lost every key we know. Asked without a limit it shows one that is refused with its fingerprint.
    try {
      return await this.#attempt(keys, credentials, false)
    } catch (error) {
      throw connectError(this.#settings, error)
    }
  }

  async #attempt(keys: HostKeys, credentials: Partial<Config>, onlyKnownTypes: boolean): Promise<Client> {
    const { host, port, user } = this.#settings
    const keepaliveInterval = this.#settings.keepaliveMs ?? 10_000
    let refusal: UserError | undefined
    const ssh = new NodeSSH()
    const attempt = ssh.connect({
      host,
      port,
      username: user,
      ...credentials,
      readyTimeout: this.#connectTimeoutMs(),
      keepaliveInterval,
      keepaliveCountMax: 3,
      ...(onlyKnownTypes ? { algorithms: { serverHostKey: keys.algorithms() } } : {}),
      hostVerifier: (key: Buffer): boolean => {
        refusal = keys.refusalOf(key)
        return refusal === undefined
      },
    })
    const client = ssh.connection
    if (client === null) throw new Error('node-ssh made no connection')
    // node-ssh stops listening for errors once it is connected, and an unheard error ends the process.
    client.on('error', (error) => this.#settings.log.debug({ err: error, host }, 'SSH connection failed'))
    const ended = (): void => {
      if (this.#client !== client) return
      this.#client = undefined
      this.#settings.log.info({ host, port }, 'SSH connection ended')
    }
    client.once('end', ended)
    client.once('close', ended)
    try {
      await attempt
    } catch (error) {
      client.destroy()
      throw refusal ?? error
    }
    client.setNoDelay(true)
    return client
  }

  async #credentials(): Promise<Partial<Config>> {
    const { identityFile } = this.#settings
    if (identityFile === undefined) {
      const agent = this.#settings.agentSocket ?? process.env.SSH_AUTH_SOCK
      if (agent !== undefined && agent !== '') return { agent }
      throw authFailed(this.#settings, 'there is no ssh-agent (SSH_AUTH_SOCK is not set)')
    }
    try {
      return { privateKey: await readFile(identityFile, 'utf8') }
    } catch (error) {
      throw authFailed(this.#settings, 'the file cannot be read', error)
    }
  }

  // sshd gives the same answer whether the socket is missing, forbidden or not to be forwarded, so the host is asked.
  async #socketError(path: string, error: Error): Promise<UserError> {
    const { host, user } = this.#settings
    if (!('reason' in error)) return connectError(this.#settings, error)
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

  #connectTimeoutMs(): number {
    return this.#settings.connectTimeoutMs ?? 15_000
  }
}

function forward(client: Client, path: string, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(signal.reason)
    signal.addEventListener('abort', giveUp, { once: true })
    client.openssh_forwardOutStreamLocal(path, (error, channel) => {
      signal.removeEventListener('abort', giveUp)
      if (error !== undefined) reject(error)
      else if (signal.aborted) channel.destroy()
      else resolve(channel)
    })
  })
}

function orAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(signal.reason)
    if (signal.aborted) giveUp()
    signal.addEventListener('abort', giveUp, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp))
  })
}
