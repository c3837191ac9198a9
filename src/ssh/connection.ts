/** One SSH connection, from the first byte to the last: host key and login at its beginning, and an end that always comes. */
import { connect as connectTcp, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { NodeSSH } from 'node-ssh'
import type { AgentAuthMethod, Client, PublicKeyAuthMethod, ServerHostKeyAlgorithm } from 'ssh2'
import { UserError } from '../errors.js'
import type { Logger } from '../log.js'
import { authFailed, connectError, isKeyTypeMismatch } from './connect-errors.js'
import { HostKeys } from './host-keys.js'
import { type IdentityFile, PrivateKeyError, PrivateKeys } from './private-keys.js'

/** What a host can be reached through: another host, over a connection of its own. */
export interface Jump {
  /** The command line that runs something there, for people to copy: `ssh -p 22 user@host`. */
  readonly command: string
  /** A byte stream to a port as that host sees it. */
  openTcp(host: string, port: number): Promise<Duplex>
  /** Told when a connection through it fell silent: it looks whether its own still answers. */
  suspect(): void
}

export interface ConnectionSettings {
  user: string
  host: string
  port: number
  /** Absolute path of a private key; the ssh-agent is used when absent. */
  identityFile?: string
  /** The key's passphrase, when it has one. */
  passphrase?: () => string
  /** Absolute path of the known_hosts file, by which the host's key is verified at every connect. */
  knownHosts: string
  /** Directly when absent. */
  jump?: Jump
  /** Keys that were read already; one for all hosts saves decrypting each time. */
  privateKeys?: PrivateKeys
  log: Logger
  /** Socket of the ssh-agent; SSH_AUTH_SOCK when absent. */
  agentSocket?: string
  /** For TCP, key exchange and authentication together. Default 15 s. */
  connectTimeoutMs?: number
  /** A silent host is given up after four of these. Default 5 s. */
  keepaliveMs?: number
}

export const defaultConnectTimeoutMs = 15_000
/** For the answer to our goodbye. */
const goodbyeMs = 1000

export class SshConnection {
  readonly client: Client
  readonly #stream: Duplex
  readonly #over: Promise<void>
  #finish: () => void = () => undefined
  #isOver = false

  private constructor(client: Client, stream: Duplex, onOver: () => void) {
    this.client = client
    this.#stream = stream
    this.#over = new Promise((resolve) => {
      this.#finish = () => {
        if (this.#isOver) return
        this.#isOver = true
        // A host that says goodbye and never closes would keep the socket.
        stream.destroy()
        onOver()
        resolve()
      }
    })
    client.once('end', this.#finish)
    client.once('close', this.#finish)
  }

  /**
   * Rejects with host-unreachable, host-key-unknown, host-key-changed, ssh-auth-failed or bad-config.
   * @param onOver Called once when the connection has ended, before or after this promise has settled.
   * @param signal Ends the attempt.
   */
  static async open(
    settings: ConnectionSettings,
    onOver: () => void,
    signal: AbortSignal,
  ): Promise<SshConnection> {
    const keys = await HostKeys.read(settings)
    const login = await loginOf(settings)
    try {
      return await SshConnection.#attempt(settings, keys, login, keys.algorithms(), onOver, signal)
    } catch (error) {
      if (!isKeyTypeMismatch(error)) throw connectError(settings, error)
    }
    // The host has lost every key we know. Asked without a limit it shows one that is refused with its fingerprint.
    try {
      return await SshConnection.#attempt(settings, keys, login, undefined, onOver, signal)
    } catch (error) {
      throw connectError(settings, error)
    }
  }

  static async #attempt(
    settings: ConnectionSettings,
    keys: HostKeys,
    login: Login,
    serverHostKey: ServerHostKeyAlgorithm[] | undefined,
    onOver: () => void,
    signal: AbortSignal,
  ): Promise<SshConnection> {
    const { host, port, user, jump, log } = settings
    const stream = jump === undefined ? connectTcp({ host, port }) : await jump.openTcp(host, port)
    const ssh = new NodeSSH()
    let refusal: UserError | undefined
    const connecting = ssh.connect({
      sock: stream,
      username: user,
      authHandler: [{ ...login, username: user }],
      readyTimeout: settings.connectTimeoutMs ?? defaultConnectTimeoutMs,
      keepaliveInterval: settings.keepaliveMs ?? 5000,
      keepaliveCountMax: 3,
      ...(serverHostKey === undefined ? {} : { algorithms: { serverHostKey } }),
      hostVerifier: (key: Buffer): boolean => {
        refusal = keys.refusalOf(key)
        return refusal === undefined
      },
    })
    const client = ssh.connection
    if (client === null) throw new Error('node-ssh made no connection')
    // node-ssh stops listening for errors once it is connected, and an unheard error ends the process.
    client.on('error', (error) => log.debug({ err: error, host }, 'SSH connection failed'))
    const connection = new SshConnection(client, stream, onOver)
    const stop = (): void => connection.destroy()
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
    try {
      await connecting
    } catch (error) {
      connection.destroy()
      throw refusal ?? error
    } finally {
      signal.removeEventListener('abort', stop)
    }
    if (stream instanceof Socket) stream.setNoDelay(true)
    return connection
  }

  /** Also when the end has begun and is not told yet. */
  get isOver(): boolean {
    return this.#isOver || !this.#stream.writable
  }

  /** Whether the host answers within that time to a request that changes nothing; sshd itself does, whatever the load. */
  answers(withinMs: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), withinMs)
      const answered = (): void => {
        clearTimeout(timer)
        resolve(!this.#isOver)
      }
      try {
        // There is no such forwarding, and being told so is the answer.
        this.client.unforwardIn('127.0.0.1', 0, answered)
      } catch {
        answered()
      }
    })
  }

  /** Says goodbye and waits a second at most. */
  async end(): Promise<void> {
    const late = setTimeout(() => this.destroy(), goodbyeMs)
    this.client.end()
    await this.#over
    clearTimeout(late)
  }

  /** At once, whatever state it is in. The SSH client's own way does nothing once its side of the socket was closed. */
  destroy(): void {
    this.#stream.destroy()
    this.#finish()
  }
}

type Login = Omit<PublicKeyAuthMethod, 'username'> | Omit<AgentAuthMethod, 'username'>

async function loginOf(settings: ConnectionSettings): Promise<Login> {
  const { identityFile, passphrase, privateKeys = new PrivateKeys() } = settings
  if (identityFile === undefined) {
    const agent = settings.agentSocket ?? process.env.SSH_AUTH_SOCK
    if (agent !== undefined && agent !== '') return { type: 'agent', agent }
    throw authFailed(settings, 'there is no ssh-agent (SSH_AUTH_SOCK is not set)')
  }
  const identity: IdentityFile = { path: identityFile, ...(passphrase === undefined ? {} : { passphrase }) }
  try {
    return { type: 'publickey', key: await privateKeys.read(identity) }
  } catch (error) {
    if (error instanceof PrivateKeyError) throw keyUnusable(settings, identityFile, error)
    throw error
  }
}

function keyUnusable(
  { user, host, port }: ConnectionSettings,
  path: string,
  error: PrivateKeyError,
): UserError {
  const fixes: Record<PrivateKeyError['problem'], string> = {
    unreadable: `Let the user that runs the bot read it: ls -l ${path}`,
    locked:
      'Set identity_passphrase of this host to the name of the variable that holds the passphrase, or leave identity_file out and load the key into an ssh-agent: ssh-add',
    'wrong-passphrase': `Correct the secret that identity_passphrase names; the right one opens it here: ssh-keygen -y -f ${path}`,
    unsupported: `Check it with: ssh-keygen -y -f ${path}`,
  }
  return new UserError(
    'ssh-auth-failed',
    `${user}@${host}:${port} cannot be logged in to with ${path}: ${error.message}.`,
    { fix: fixes[error.problem], cause: error },
  )
}
