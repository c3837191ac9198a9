/** A libvirt daemon of an ordinary user, with a world of its own: it may be killed and started without disturbing others. */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
/** nobody, and nobody's group: neither owns anything. */
const account = { uid: 65_534, gid: 65_534 }

export class SessionDaemon {
  readonly directory = mkdtempSync(join(tmpdir(), 'qnav-session-'))
  readonly socket = join(this.directory, 'run/libvirt/libvirt-sock')
  #process: ChildProcess | undefined

  constructor() {
    for (const part of ['', 'run', 'config', 'config/libvirt', 'cache', 'data']) {
      const path = join(this.directory, part)
      mkdirSync(path, { recursive: true })
      chownSync(path, account.uid, account.gid)
    }
    // Without the logging daemon, which would be one more to start.
    writeFileSync(join(this.directory, 'config/libvirt/qemu.conf'), 'stdio_handler = "file"\n')
  }

  async start(): Promise<void> {
    const at = (part: string) => join(this.directory, part)
    const daemon = spawn('/usr/sbin/libvirtd', [], {
      ...account,
      stdio: 'ignore',
      env: {
        PATH: process.env.PATH,
        HOME: this.directory,
        XDG_RUNTIME_DIR: at('run'),
        XDG_CONFIG_HOME: at('config'),
        XDG_CACHE_HOME: at('cache'),
        XDG_DATA_HOME: at('data'),
      },
    })
    this.#process = daemon
    for (const since = Date.now(); Date.now() - since < 20_000; ) {
      if (existsSync(this.socket) && (await this.virsh('version')) !== '') return
      if (daemon.exitCode !== null) throw new Error(`libvirtd ended with ${daemon.exitCode}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    throw new Error('libvirtd does not answer')
  }

  /** SIGTERM stops it in order, SIGKILL as a crash does. Guests run on. */
  async stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const daemon = this.#process
    if (daemon === undefined || daemon.exitCode !== null) return
    const gone = new Promise((resolve) => daemon.once('exit', resolve))
    daemon.kill(signal)
    await gone
    this.#process = undefined
  }

  /** What it wrote; nothing when it failed. */
  async virsh(...argv: string[]): Promise<string> {
    const uri = `qemu+unix:///session?socket=${this.socket}`
    const { stdout } = await run('virsh', ['-c', uri, ...argv]).catch(() => ({ stdout: '' }))
    return stdout
  }

  /** Defines a guest with nothing in it. */
  async define(name: string): Promise<void> {
    const file = join(this.directory, `${name}.xml`)
    writeFileSync(
      file,
      `<domain type='qemu'><name>${name}</name><memory unit='MiB'>16</memory><vcpu>1</vcpu>
       <os><type arch='x86_64' machine='pc'>hvm</type></os>
       <devices><controller type='usb' model='none'/><memballoon model='none'/></devices></domain>`,
    )
    await this.virsh('define', file)
  }

  /** Gives it a disk of that size in the pool "default", which is made with the first. */
  async giveDisk(name: string, size: string): Promise<void> {
    const pool = join(this.directory, 'pool')
    if (!existsSync(pool)) {
      mkdirSync(pool)
      chownSync(pool, account.uid, account.gid)
      await this.virsh('pool-create-as', 'default', 'dir', '--target', pool)
    }
    await this.virsh('vol-create-as', 'default', `${name}.qcow2`, size, '--format', 'qcow2')
    const how = ['--subdriver', 'qcow2', '--targetbus', 'ide', '--config']
    await this.virsh('attach-disk', name, join(pool, `${name}.qcow2`), 'hda', ...how)
  }

  /** Ends a guest's process, as a crash of the emulator does. */
  killGuest(name: string): void {
    for (const pid of this.#guests(`guest=${name},`)) process.kill(pid, 'SIGKILL')
  }

  /** VMs and their states in virsh's words. */
  async states(): Promise<Record<string, string>> {
    const names = (await this.virsh('list', '--all', '--name')).split('\n').filter(Boolean).sort()
    const states = await Promise.all(
      names.map(async (name) => [name, (await this.virsh('domstate', name)).trim()] as const),
    )
    return Object.fromEntries(states)
  }

  async close(): Promise<void> {
    await this.stop('SIGKILL')
    for (const pid of this.#guests(this.directory)) process.kill(pid, 'SIGKILL')
    rmSync(this.directory, { recursive: true, force: true, maxRetries: 10 })
  }

  /** Processes of its guests whose command line has that. */
  #guests(part: string): number[] {
    const lines = execFileSync('ps', ['-eo', 'pid=,args=']).toString().split('\n')
    return lines
      .filter((line) => line.includes('qemu-system') && line.includes(this.directory) && line.includes(part))
      .map((line) => Number(line.trim().split(' ')[0]))
  }
}
