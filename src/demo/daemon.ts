/** Daemons that we start where no service manager does: each in a session of its own, its words in a file. */
import { spawn } from 'node:child_process'
import { mkdir, open, readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { UserError } from '../errors.js'
import type { Ledger } from './ledger.js'
import { isAlive, markOf } from './process-mark.js'

const answerWithinMs = 30_000
const logDirectory = '/var/log/qnav'

export interface DaemonProgram {
  /** For messages and the name of its log. */
  name: string
  path: string
  args?: readonly string[]
  /** Whether it does its work. */
  answers(): Promise<boolean>
}

/**
 * Starts it, has it in the ledger, and resolves when it answers. Throws with what it said when it ends or stays silent
 * for half a minute. It outlives this process: others may have come to use it.
 */
export async function startDaemon(
  { name, path, args = [], answers }: DaemonProgram,
  ledger: Ledger,
): Promise<void> {
  await mkdir(logDirectory, { recursive: true })
  const log = join(logDirectory, `${name}.log`)
  const words = await open(log, 'w')
  // A session of its own: Ctrl-C in the terminal must reach us first, so that VMs end while libvirt still answers.
  const child = spawn(path, args, {
    stdio: ['ignore', words.fd, words.fd],
    detached: true,
    cwd: '/',
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
  })
  const failed = new Promise<never>((_, reject) => child.once('error', reject))
  failed.catch(() => {})
  child.unref()
  await words.close()
  if (child.pid === undefined) return await failed
  const mark = await markOf(child.pid)
  await ledger.change(({ daemons }) => daemons.push({ name, process: mark }))
  for (const deadline = Date.now() + answerWithinMs; !(await answers()); await wait(50)) {
    if ((await isAlive(mark)) && Date.now() < deadline) continue
    const end = (await readFile(log, 'utf8')).trim().split('\n').slice(-5).join('\n')
    throw new UserError('libvirt-unavailable', `${name} was started and does not answer.\n${end}`, {
      fix: `Look into ${log}, or start it yourself and try again.`,
    })
  }
}

/** Whether something accepts connections on a unix socket. */
export function accepts(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
