/** A libvirt daemon on this machine: the one that runs, or one that we start and stop again. */
import { type ChildProcess, spawn } from 'node:child_process'
import { chmod, chown, mkdir, stat } from 'node:fs/promises'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { attempt, exists, run } from './commands.js'

const socket = '/run/libvirt/libvirt-sock'
const modularSocket = '/run/libvirt/virtqemud-sock'
const answerWithinMs = 30_000

export interface StartedDaemons {
  /** What was started, for people; empty when everything ran already. */
  started: string[]
  stop(): Promise<void>
}

/** Makes sure that libvirt answers. Throws when it does not within half a minute. */
export async function ensureLibvirt(say: (line: string) => void): Promise<StartedDaemons> {
  await openKvmDevice(say)
  if (await answers()) return { started: [], stop: async () => {} }
  if (await exists('/run/systemd/system')) {
    say('Starting libvirtd (systemctl)')
    await run('systemctl', ['start', 'libvirtd.service']).catch(() =>
      run('systemctl', ['start', 'virtqemud.socket']),
    )
    return {
      started: ['libvirtd'],
      stop: async () => void (await attempt('systemctl', ['stop', 'libvirtd.service'])),
    }
  }
  say('Starting libvirtd (no service manager runs here)')
  await mkdir('/run/libvirt', { recursive: true })
  const children = [spawnDaemon('/usr/sbin/virtlogd'), spawnDaemon('/usr/sbin/libvirtd')]
  const stop = () => endAll(children)
  for (const deadline = Date.now() + answerWithinMs; Date.now() < deadline; ) {
    if (await answers()) return { started: ['virtlogd', 'libvirtd'], stop }
    await wait(100)
  }
  await stop()
  throw new Error(`libvirtd was started and did not answer on ${socket} within ${answerWithinMs / 1000} s`)
}

/** The system bus and polkit, which let people in the group libvirt use the socket. */
export async function ensurePolkit(say: (line: string) => void): Promise<StartedDaemons> {
  const children: ChildProcess[] = []
  const started: string[] = []
  if (!(await connects('/run/dbus/system_bus_socket'))) {
    await mkdir('/run/dbus', { recursive: true })
    say('Starting the system bus and polkit (for users in the group libvirt)')
    children.push(spawnDaemon('/usr/bin/dbus-daemon', ['--system', '--nofork', '--nopidfile']))
    started.push('dbus-daemon')
    for (
      const deadline = Date.now() + answerWithinMs;
      !(await connects('/run/dbus/system_bus_socket'));
      await wait(50)
    ) {
      if (Date.now() > deadline) throw new Error('the system bus did not come up')
    }
  }
  const running = await attempt('pgrep', ['-x', 'polkitd'])
  if (running.exitCode !== 0) {
    for (const path of [
      '/usr/lib/polkit-1/polkitd',
      '/usr/libexec/polkitd',
      '/usr/lib/policykit-1/polkitd',
    ]) {
      if (!(await exists(path))) continue
      children.push(spawnDaemon(path, ['--no-debug']))
      started.push('polkitd')
      break
    }
  }
  return { started, stop: () => endAll(children) }
}

/**
 * /dev/kvm that only root may open makes libvirt probe QEMU anew at every look at its capabilities, for up to a minute
 * each. Group kvm and 0660 is what udev gives it on ordinary machines.
 */
async function openKvmDevice(say: (line: string) => void): Promise<void> {
  const device = await stat('/dev/kvm').catch(() => undefined)
  if (device === undefined || (device.mode & 0o060) !== 0 || process.getuid?.() !== 0) return
  const group = await attempt('getent', ['group', 'kvm'])
  const gid = Number(group.output.split(':')[2])
  if (group.exitCode !== 0 || !Number.isInteger(gid)) return
  say('Giving /dev/kvm to group kvm, mode 0660, as udev does elsewhere')
  await chown('/dev/kvm', 0, gid)
  await chmod('/dev/kvm', 0o660)
}

async function answers(): Promise<boolean> {
  return (await connects(socket)) || (await connects(modularSocket))
}

function connects(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const stream = connect(path)
    stream.once('connect', () => {
      stream.destroy()
      resolve(true)
    })
    stream.once('error', () => resolve(false))
  })
}

function spawnDaemon(path: string, args: string[] = []): ChildProcess {
  // Its own group: Ctrl-C in the terminal must reach us first, so that VMs are stopped while libvirt still answers.
  const child = spawn(path, args, { stdio: 'ignore', detached: true })
  child.on('error', () => {})
  child.unref()
  return child
}

async function endAll(children: readonly ChildProcess[]): Promise<void> {
  for (const child of children.toReversed()) {
    if (child.exitCode !== null || child.pid === undefined) continue
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGTERM')
    const hurry = setTimeout(() => child.kill('SIGKILL'), 5000)
    await gone
    clearTimeout(hurry)
  }
}
