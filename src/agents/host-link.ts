/**
 * The way to one host: its transport, and five libvirt sessions over it. The quick one answers questions; the slow one is
 * for work that may take minutes (snapshots with memory, volumes) and so never holds up an answer; the guest one asks
 * agents inside guests, the storage one asks single pools, and the volumes one what waits for all pools: these may never
 * answer. Each opens when first used and again after it ended; a lost quick session
 * is also reopened in the background.
 */
import type { Duplex } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import { UserError } from '../errors.js'
import { Connection, LibvirtError } from '../libvirt/index.js'
import type { Logger } from '../log.js'
import { Backoff, type BackoffOptions } from './backoff.js'
import type { HostSettings } from './host-settings.js'
import { explained } from './libvirt-errors.js'
import type { HostTransport } from './transport.js'

export interface HostLinkOptions {
  settings: Pick<HostSettings, 'name' | 'libvirt'>
  transport: HostTransport
  log: Logger
  backoff?: BackoffOptions
  /** Called with each new quick session, before anybody uses it: for subscriptions, which end with a session. */
  onQuickOpen?: (connection: Connection) => Promise<void>
}

/** Modular daemons (Fedora, RHEL 9 and later) first, as libvirt's own client does. */
const usualSockets = [
  '/run/libvirt/virtqemud-sock',
  '/run/libvirt/libvirt-sock',
  '/var/run/libvirt/libvirt-sock',
] as const
/** Comes with the daemon (since 6.8), finds its socket by itself, and needs nothing of sshd but to run commands. */
const socketHelper = 'virt-ssh-helper'
const openTimeoutMs = 10_000

/** How a session's bytes get to the daemon. */
type Way = { socket: string } | { program: [string, ...string[]] }

type SessionKind = 'quick' | 'slow' | 'guest' | 'storage' | 'volumes'

export class HostLink {
  readonly transport: HostTransport
  readonly #options: HostLinkOptions
  readonly #backoff: Backoff
  readonly #stopping = new AbortController()
  readonly #sessions = new Map<SessionKind, Promise<Connection>>()
  /** The one that worked last. */
  #way: Way | undefined
  #reopening = false

  constructor(options: HostLinkOptions) {
    this.#options = options
    this.transport = options.transport
    this.#backoff = new Backoff(options.backoff)
  }

  /** For answers within milliseconds to seconds. Rejects with a UserError when the host or its libvirt is not there. */
  quick(): Promise<Connection> {
    return this.#session('quick')
  }

  /** For work that may take minutes. */
  slow(): Promise<Connection> {
    return this.#session('slow')
  }

  /** For questions to agents inside guests. */
  guest(): Promise<Connection> {
    return this.#session('guest')
  }

  /** For questions about one pool, where libvirt may wait for a file server. */
  storage(): Promise<Connection> {
    return this.#session('storage')
  }

  /** For questions that libvirt answers only when every pool does: lists of pools, look-ups of volumes. */
  volumes(): Promise<Connection> {
    return this.#session('volumes')
  }

  async close(): Promise<void> {
    this.#stopping.abort()
    const open = await Promise.allSettled(this.#sessions.values())
    await Promise.all(
      open.map((session) => (session.status === 'fulfilled' ? session.value.close() : undefined)),
    )
    await this.transport.close()
  }

  #session(kind: SessionKind): Promise<Connection> {
    const known = this.#sessions.get(kind)
    if (known !== undefined) return known
    const opening = this.#open(kind)
    this.#sessions.set(kind, opening)
    const forget = (): void => {
      if (this.#sessions.get(kind) === opening) this.#sessions.delete(kind)
    }
    opening.then((connection) => {
      connection.onClosed((why) => {
        forget()
        this.#lost(kind, why)
      })
    }, forget)
    return opening
  }

  async #open(kind: SessionKind): Promise<Connection> {
    const { settings, log, onQuickOpen } = this.#options
    if (this.#stopping.signal.aborted) {
      throw new UserError('host-unreachable', `The connection to ${settings.name} was closed.`, {
        fix: 'Start the bot again.',
      })
    }
    try {
      await this.transport.connect()
      const connection = await this.#openSession()
      if (kind === 'quick') await prepared(connection, onQuickOpen)
      this.#backoff.reset()
      log.debug({ host: settings.name, kind, ...this.#way }, 'libvirt session open')
      return connection
    } catch (error) {
      throw explained(error, { host: settings.name, what: 'open a libvirt session' })
    }
  }

  /** The way that worked last time, else all of them in turn. */
  async #openSession(): Promise<Connection> {
    const { uri, readOnly = false } = this.#options.settings.libvirt
    const ways = this.#way === undefined ? this.#ways() : [this.#way]
    const failures: UserError[] = []
    for (const way of ways) {
      try {
        const stream = await this.#streamBy(way)
        const connection = await Connection.open({
          ...{ stream, uri, readOnly, openTimeoutMs },
          onLate: () => this.transport.suspect?.(),
        })
        this.#way = way
        return connection
      } catch (error) {
        this.#way = undefined
        failures.push(this.#refusalOf(error, way))
      }
    }
    throw this.#noSession(ways, failures)
  }

  /** The configured socket, or the usual ones and then what also goes where sshd forwards no sockets. */
  #ways(): Way[] {
    const { uri, socket, readOnly = false } = this.#options.settings.libvirt
    if (socket !== undefined) return [{ socket }]
    const sockets = usualSockets.map((path) => ({ socket: readOnly ? `${path}-ro` : path }))
    if (this.transport.openProgram === undefined) return sockets
    return [...sockets, { program: [socketHelper, ...(readOnly ? ['-r'] : []), uri] }]
  }

  async #streamBy(way: Way): Promise<Duplex> {
    if ('socket' in way) return this.transport.openSocket(way.socket)
    if (this.transport.openProgram !== undefined) return this.transport.openProgram(way.program)
    throw new Error(`there is no way to speak to ${nameOf(way)}`)
  }

  #refusalOf(error: unknown, way: Way): UserError {
    // A socket file may outlive its daemon, and a modular daemon may be there without running: try the next way.
    if (error instanceof LibvirtError && error.kind === 'transport') {
      return new UserError(
        'libvirt-unavailable',
        `Nothing speaks libvirt's protocol on ${nameOf(way)}: ${error.message}.`,
        {
          fix: '',
          cause: error,
        },
      )
    }
    if (error instanceof UserError && error.code === 'libvirt-unavailable') return error
    throw error
  }

  #noSession(ways: readonly Way[], failures: UserError[]): UserError {
    const { name } = this.#options.settings
    const [first] = failures
    const where =
      ways.length === 1
        ? (first?.message ?? '')
        : `no libvirt socket is open (tried ${ways.map(nameOf).join(', ')}).`
    return new UserError('libvirt-unavailable', `libvirt does not answer on ${name}: ${where}`, {
      fix: `Start it there: systemctl start libvirtd (or virtqemud.socket on Fedora and RHEL 9), then: host check ${name}`,
      cause: new AggregateError(failures),
    })
  }

  #lost(kind: SessionKind, why: LibvirtError): void {
    const { settings, log } = this.#options
    if (this.#stopping.signal.aborted) return
    log.info({ host: settings.name, kind, err: why }, 'libvirt session ended')
    if (kind === 'quick' && !this.#reopening) void this.#reopen()
  }

  /** Tries until it works or the link is closed; people who ask meanwhile do not wait for its turn. */
  async #reopen(): Promise<void> {
    const { signal } = this.#stopping
    this.#reopening = true
    while (!signal.aborted) {
      const waited = await wait(this.#backoff.nextMs(), true, { signal, ref: false }).catch(() => false)
      if (!waited) break
      const open = await this.quick().then(
        () => true,
        (error: unknown) => {
          this.#options.log.debug({ host: this.#options.settings.name, err: error }, 'host still unreachable')
          return false
        },
      )
      // It may have ended again before this was told of it.
      if (open && this.#sessions.has('quick')) break
    }
    this.#reopening = false
  }
}

function nameOf(way: Way): string {
  return 'socket' in way ? way.socket : way.program[0]
}

async function prepared(connection: Connection, prepare: HostLinkOptions['onQuickOpen']): Promise<void> {
  try {
    await prepare?.(connection)
  } catch (error) {
    // Nobody will know of it, so nobody else could.
    await connection.close()
    throw error
  }
}
