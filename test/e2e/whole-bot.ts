/** The whole bot as a child process, against the sandbox and a real host: what `npm start` runs. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type LoopbackSshd, readAppManifest } from '../../src/demo/index.js'
import { type Sandbox, startSandbox } from '../../src/sandbox/index.js'
import type { ProvidedLab } from '../host/setup.js'

const cli = fileURLToPath(new URL('../../dist/src/cli.js', import.meta.url))
const killer = new URL('./kill-at-write.mjs', import.meta.url).href

export type WholeBotOptions =
  | {
      lab: ProvidedLab
      /** Reach the host over SSH; directly when absent. */
      sshd?: LoopbackSshd
    }
  /** libvirt's own mock on this machine: one VM called test, at once there. */
  | 'test driver'

export class WholeBot {
  readonly sandbox: Sandbox
  readonly #directory: string
  #process: ChildProcess | undefined
  #said = ''

  private constructor(sandbox: Sandbox, directory: string) {
    this.sandbox = sandbox
    this.#directory = directory
  }

  /** People and channels are those of the sandbox: Ann asks, Ben approves, Olu is the admin. */
  static async start(options: WholeBotOptions): Promise<WholeBot> {
    const directory = await mkdtemp(join(tmpdir(), 'qnav-e2e-'))
    const bot = new WholeBot(await startSandbox({ port: 0, manifest: await readAppManifest() }), directory)
    await writeFile(
      join(directory, 'qnav.yml'),
      configuration(options === 'test driver' ? mockHost : realHost(options)),
    )
    await bot.run()
    return bot
  }

  /** Starts the process; resolves when Slack has both connections. With `killAtWrite` it dies at so many points of making
   * something durable from then on. */
  async run({ killAtWrite }: { killAtWrite?: number } = {}): Promise<void> {
    const before = killAtWrite === undefined ? [] : ['--import', killer]
    this.#said = ''
    const child = spawn(process.execPath, [...before, cli, 'start'], {
      cwd: this.#directory,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        SLACK_BOT_TOKEN: this.sandbox.botToken,
        SLACK_APP_TOKEN: this.sandbox.appToken,
        SLACK_API_URL: this.sandbox.apiUrl,
        LOG_LEVEL: 'info',
        ...(killAtWrite === undefined ? {} : { KILL_AT_WRITE: String(killAtWrite) }),
      },
    })
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#said = (this.#said + chunk.toString()).slice(-20_000)
    })
    this.#process = child
    await this.sandbox.control.waitForConnections(2, 20_000).catch((error: unknown) => {
      throw new Error(`the bot did not connect: ${String(error)}\n${this.#said}`)
    })
    if (killAtWrite === undefined) return
    child.kill('SIGUSR2')
    while (!this.#said.includes('armed')) await once(child.stderr, 'data')
  }

  /** Changes qnav.yml and has it read again; what the bot logs of it. */
  async configure(change: (text: string) => string): Promise<string> {
    await this.write(change)
    const before = this.#said.length
    const child = this.#process
    if (child?.stderr == null) throw new Error('the bot does not run')
    child.kill('SIGHUP')
    while (!/read again|not taken/.test(this.#said.slice(before))) await once(child.stderr, 'data')
    return this.#said.slice(before)
  }

  /** Changes qnav.yml, and tells nobody. */
  async write(change: (text: string) => string): Promise<void> {
    const file = join(this.#directory, 'qnav.yml')
    await writeFile(file, change(await readFile(file, 'utf8')))
  }

  /** Whether the process is there. */
  get isAlive(): boolean {
    const child = this.#process
    return child !== undefined && child.exitCode === null && child.signalCode === null
  }

  /** What the process logged. */
  get log(): string {
    return this.#said
  }

  /** Ends the process: politely, or as a crash does. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#process
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
    await this.sandbox.control.waitForConnections(0, 10_000)
  }

  async stop(): Promise<void> {
    await this.end('SIGTERM')
    await this.sandbox.stop()
    await rm(this.#directory, { recursive: true, force: true })
  }
}

const mockHost = `transport: local
    libvirt: { uri: 'test:///default', socket: /run/libvirt/libvirt-sock }`

function realHost({ lab, sshd }: Exclude<WholeBotOptions, string>): string {
  const { kcli, pool, network, virtType } = lab
  const connection =
    sshd === undefined
      ? 'transport: local'
      : `transport: ssh
    address: ${sshd.user}@${sshd.host}:${sshd.port}
    identity_file: ${sshd.identityFile}
    known_hosts: ${sshd.knownHosts}`
  return `${connection}
    virttype: ${virtType}
    pool: ${pool}
    network: ${network}
    kcli: { path: ${kcli.path}, config: ${kcli.config} }`
}

function configuration(host: string): string {
  return `slack:
  approvals_channel: C0APPROVE
hosts:
  kvm1:
    ${host}
roles:
  operator: { users: [U0ANN] }
  approver: { users: [U0BEN] }
  admin: { users: [U0OLU] }
approvals:
  - { risk: [change, destructive, host], approvers: 1, expires: 4h }
rates: { commands_per_minute: 100000, changes_per_hour: 100000 }
`
}
