/** A place to use kcli as people do, beside the product: plain calls of it, programs in its place, and a clean table after. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ProvidedLab } from '../setup.js'

export interface PlainResult {
  /** null when it was ended by its time limit. */
  code: number | null
  output: string
}

export class KcliBench {
  readonly lab: ProvidedLab
  /** Every VM, pool and file of this bench begins so. */
  readonly prefix = `h${process.pid}${Date.now() % 10_000}x`
  /** Readable for every account. */
  readonly scratch: string
  #count = 0

  constructor(lab: ProvidedLab) {
    this.lab = lab
    this.scratch = mkdtempSync('/var/tmp/qnav-kcli-')
    execFileSync('chmod', ['755', this.scratch])
  }

  newName(): string {
    this.#count += 1
    return `${this.prefix}${this.#count}`
  }

  newFolder(): string {
    const path = join(this.scratch, this.newName())
    mkdirSync(path, { mode: 0o755 })
    return path
  }

  /** kcli as somebody at a terminal calls it, in an empty directory and home. */
  plain(
    args: string[],
    options: { cwd?: string; env?: Record<string, string>; timeoutMs?: number } = {},
  ): PlainResult {
    const { cwd = this.newFolder(), env = {}, timeoutMs = 60_000 } = options
    const home = this.newFolder()
    const { status, stdout, stderr } = spawnSync(this.lab.kcli.path, args, {
      cwd,
      env: { PATH: process.env.PATH ?? '', HOME: home, KCLI_CONFIG: this.lab.kcli.config, ...env },
      encoding: 'utf8',
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    })
    return { code: status, output: stdout + stderr }
  }

  /** Arguments of a plain call that makes a small VM. */
  create(name: string, change: Record<string, string> = {}, image = this.lab.image): string[] {
    const { network, pool } = this.lab
    const small = { nets: `[${network}]`, pool, start: 'false', disks: '[1]', numcpus: '1', memory: '128' }
    const words = Object.entries({ ...small, ...change }).flatMap(([key, value]) => ['-P', `${key}=${value}`])
    return ['create', 'vm', '-i', image, ...words, name]
  }

  /** A program for the setting `kcli.path`; "$kcli" in it is the real one. */
  program(script: string): string {
    const path = join(this.newFolder(), 'kcli')
    writeFileSync(path, `#!/bin/sh\nkcli='${this.lab.kcli.path}'\n${script}\n`, { mode: 0o755 })
    return path
  }

  isDefined(vm: string): boolean {
    return virsh('list', '--all', '--name').split('\n').includes(vm)
  }

  /** Names of files in the pool that belong to a VM of that name. */
  filesOf(vm: string): string[] {
    return readdirSync(this.lab.poolPath).filter(
      (file) => file.startsWith(`${vm}_`) || file.startsWith(`${vm}.`),
    )
  }

  clear(): void {
    for (const vm of virsh('list', '--all', '--name').split('\n')) {
      if (!vm.startsWith(this.prefix)) continue
      attempt('destroy', vm)
      attempt('undefine', vm)
    }
    for (const pool of virsh('pool-list', '--all', '--name')
      .split('\n')
      .map((line) => line.trim())) {
      if (!pool.startsWith(this.prefix)) continue
      attempt('pool-destroy', pool)
      attempt('pool-undefine', pool)
    }
    for (const file of readdirSync(this.lab.poolPath))
      if (file.includes(this.prefix)) rmSync(join(this.lab.poolPath, file), { force: true })
    virsh('pool-refresh', this.lab.pool)
  }

  /** Ends what a failed test may have left at work, and removes all files. */
  close(): void {
    for (const pid of readdirSync('/proc')
      .filter((each) => /^\d+$/.test(each))
      .map(Number)) {
      try {
        if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`${this.scratch}/`))
          process.kill(pid, 'SIGKILL')
      } catch {
        // It has ended meanwhile.
      }
    }
    rmSync(this.scratch, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
  }
}

export function virsh(...args: string[]): string {
  return execFileSync('virsh', ['-c', 'qemu:///system', ...args], { encoding: 'utf8', stdio: 'pipe' })
}

function attempt(...args: string[]): void {
  try {
    virsh(...args)
  } catch {
    // It was not there, or not running.
  }
}
