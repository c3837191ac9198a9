/** A real sshd on a loopback port with throwaway keys, for tests that reach "another host". Needs root, as sshd does to
 * let any other user in. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

export interface Sshd {
  host: '127.0.0.1'
  port: number
  user: string
  /** Private key that is let in. */
  identityFile: string
  /** known_hosts that holds the server's key. */
  knownHosts: string
  directory: string
  hostKeyFile(type: HostKeyType): string
  /** The line of known_hosts for a key of the server. */
  knownHostsLine(type: HostKeyType): string
  /** Cuts every connection, as a host that was switched off; the listener stays. */
  dropConnections(): void
  /** How many are let in at present, or on their way in. */
  connections(): number
  /** As a host that boots: every connection ends, and later something listens again. */
  restart(change?: {
    /** Reinstalled: it comes back with other keys, which `knownHosts` does not have. */
    newHostKeys?: boolean
    /** Called while nothing listens. */
    whileDown?: () => Promise<void>
  }): Promise<void>
  /** Writes the present keys into `knownHosts`. */
  trustHostKeys(): void
  /** A known_hosts file for the case that the server is reached at another port. */
  knownHostsAt(port: number): string
  /** A known_hosts file with the keys of both. */
  knownHostsOf(other: Sshd): string
  /** Lets the other's key in as well. */
  letIn(other: Sshd): void
  stop(): Promise<void>
}

export type HostKeyType = 'ed25519' | 'rsa' | 'ecdsa'

export interface SshdOptions {
  user?: string
  port?: number
  hostKeys?: HostKeyType[]
  /** Further lines of sshd_config. */
  config?: string[]
}

export async function startSshd(options: SshdOptions = {}): Promise<Sshd> {
  const { user = userInfo().username, hostKeys = ['ed25519'], config = [] } = options
  const directory = mkdtempSync(join(tmpdir(), 'qnav-sshd-'))
  const file = (name: string): string => join(directory, name)
  const port = options.port ?? (await freePort())
  mkdirSync('/run/sshd', { recursive: true })
  for (const type of hostKeys) keygen(file(`host_${type}`), type)
  keygen(file('user'), 'ed25519')
  // sshd reads it as the user who logs in.
  execFileSync('chmod', ['755', directory])
  writeFileSync(file('authorized_keys'), readFileSync(file('user.pub')), { mode: 0o644 })
  const lines = [
    `Port ${port}`,
    'ListenAddress 127.0.0.1',
    ...hostKeys.map((type) => `HostKey ${file(`host_${type}`)}`),
    `AuthorizedKeysFile ${file('authorized_keys')}`,
    'PermitRootLogin yes',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    'UsePAM no',
    'StrictModes no',
    'PidFile none',
    // A hundred at once are not an attack here.
    'MaxStartups 500',
    ...config,
  ]
  writeFileSync(file('sshd_config'), `${lines.join('\n')}\n`)
  const knownHostsLine = (type: HostKeyType): string => {
    const [keyType = '', key = ''] = readFileSync(file(`host_${type}.pub`), 'utf8').split(' ')
    return `[127.0.0.1]:${port} ${keyType} ${key}`
  }
  const trustHostKeys = (): void =>
    writeFileSync(file('known_hosts'), `${hostKeys.map(knownHostsLine).join('\n')}\n`)
  trustHostKeys()

  const start = async (): Promise<ChildProcess> => {
    const started = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', file('sshd_config')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    await listening(started, port)
    return started
  }
  const end = async (): Promise<void> => {
    const gone = new Promise((resolve) => daemon.once('exit', resolve))
    for (const child of childrenOf(daemon)) process.kill(child, 'SIGKILL')
    daemon.kill('SIGKILL')
    await gone
  }
  let daemon = await start()
  return {
    host: '127.0.0.1',
    port,
    user,
    identityFile: file('user'),
    knownHosts: file('known_hosts'),
    directory,
    hostKeyFile: (type) => file(`host_${type}`),
    knownHostsLine,
    dropConnections: () => {
      for (const child of childrenOf(daemon)) process.kill(child, 'SIGKILL')
    },
    connections: () => childrenOf(daemon).length,
    restart: async ({ newHostKeys = false, whileDown } = {}) => {
      await end()
      for (const type of newHostKeys ? hostKeys : []) {
        rmSync(file(`host_${type}`))
        keygen(file(`host_${type}`), type)
      }
      await whileDown?.()
      daemon = await start()
    },
    trustHostKeys,
    knownHostsAt: (otherPort) => {
      const path = file(`known_hosts-${otherPort}`)
      const lines = hostKeys.map((type) => knownHostsLine(type).replace(/:\d+ /, `:${otherPort} `))
      // Others may be reading it.
      writeFileSync(`${path}.new`, `${lines.join('\n')}\n`)
      renameSync(`${path}.new`, path)
      return path
    },
    knownHostsOf: (other) => {
      const path = file(`known_hosts-with-${other.port}`)
      writeFileSync(path, [file('known_hosts'), other.knownHosts].map((each) => readFileSync(each)).join(''))
      return path
    },
    letIn: (other) => appendFileSync(file('authorized_keys'), readFileSync(`${other.identityFile}.pub`)),
    stop: async () => {
      await end()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

function keygen(path: string, type: HostKeyType): void {
  execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-C', 'test', '-f', path])
}

async function listening(daemon: ChildProcess, port: number): Promise<void> {
  let said = ''
  daemon.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString()).slice(-2000)
  })
  for (let tries = 0; tries < 200; tries += 1) {
    if (daemon.exitCode !== null) throw new Error(`sshd ended: ${said}`)
    if (await accepts(port)) return
    await wait(25)
  }
  throw new Error(`sshd does not listen: ${said}`)
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

function childrenOf({ pid }: ChildProcess): number[] {
  const tasks = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return tasks.split(' ').filter(Boolean).map(Number)
}
