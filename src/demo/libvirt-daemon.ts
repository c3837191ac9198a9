/** A libvirt daemon on this machine: the one that runs, or one that is started here and in the ledger. */
import { mkdir, readdir } from 'node:fs/promises'
import { attempt, exists, findProgram, run } from './commands.js'
import { accepts, startDaemon } from './daemon.js'
import type { Ledger } from './ledger.js'
import { endProcess } from './process-mark.js'
import { busRuns, startSystemBus } from './system-bus.js'

const socket = '/run/libvirt/libvirt-sock'
const modularSocket = '/run/libvirt/virtqemud-sock'
/** libvirt keeps the state of each running network here. */
const runningNetworks = '/run/libvirt/network'

/** One daemon for everything, or one for each kind of thing; distributions have either. */
const units = {
  monolithic: [
    'libvirtd.service',
    'libvirtd.socket',
    'libvirtd-ro.socket',
    'libvirtd-admin.socket',
    'virtlogd.service',
    'virtlogd.socket',
    'virtlogd-admin.socket',
    'virtlockd.socket',
  ],
  modular: [
    'virtqemud.socket',
    'virtqemud.service',
    'virtnetworkd.socket',
    'virtnetworkd.service',
    'virtstoraged.socket',
    'virtstoraged.service',
    'virtproxyd.socket',
    'virtproxyd.service',
    'virtlogd.socket',
    'virtlogd.service',
  ],
}

export interface LibvirtOptions {
  say(line: string): void
  /** Accounts in the group libvirt will use it too, which needs polkit. */
  accounts: boolean
}

/** Makes sure that libvirt answers. Throws when it does not within half a minute. */
export async function ensureLibvirt(ledger: Ledger, { say, accounts }: LibvirtOptions): Promise<void> {
  if (await answers()) {
    if (accounts && !(await busRuns())) await startBusForOthers(ledger, say)
    return
  }
  if (await exists('/run/systemd/system')) return startUnits(ledger, say)
  await startSystemBus(ledger, say)
  const before = await networksRunning()
  say('Starting libvirtd (no service manager runs here)')
  await mkdir('/run/libvirt', { recursive: true })
  // Behind /var/lock: consoles of guests are locked there.
  await mkdir('/run/lock', { recursive: true })
  const virtlogd = await findProgram('virtlogd')
  if (virtlogd !== undefined && !(await accepts('/run/libvirt/virtlogd-sock'))) {
    const logs = () => accepts('/run/libvirt/virtlogd-sock')
    await startDaemon({ name: 'virtlogd', path: virtlogd, answers: logs }, ledger)
  }
  const libvirtd = (await findProgram('libvirtd')) ?? 'libvirtd'
  await startDaemon({ name: 'libvirtd', path: libvirtd, answers }, ledger)
  // A connection that asks something comes back only after networks with autostart are up.
  await run('virsh', ['-c', 'qemu:///system', 'net-list'])
  const autostarted = (await networksRunning()).filter((name) => !before.includes(name))
  await ledger.change(({ networks }) => networks.push(...autostarted))
}

/** Stops exactly what the ledger has, libvirt's networks first and the bus last. */
export async function stopEverythingStarted(ledger: Ledger, say: (line: string) => void): Promise<void> {
  for (const network of ledger.contents.networks) await stopNetwork(ledger, network)
  for (const { name, process } of ledger.contents.daemons.toReversed()) {
    say(`Stopping ${name}`)
    await endProcess(process)
  }
  const { units: started } = ledger.contents
  if (started.length > 0) {
    say(`Stopping ${started.join(', ')}`)
    await attempt('systemctl', ['stop', ...started])
  }
  await ledger.change((contents) => {
    contents.daemons = []
    contents.units = []
    contents.networks = []
  })
}

/** Stops a network if it was started here. */
export async function stopNetwork(ledger: Ledger, name: string): Promise<void> {
  if (!ledger.contents.networks.includes(name)) return
  await attempt('virsh', ['-c', 'qemu:///system', 'net-destroy', name])
  await ledger.change((contents) => {
    contents.networks = contents.networks.filter((each) => each !== name)
  })
}

/**
 * Not in the ledger on purpose: a libvirtd that we did not start holds on to this bus from its first use, and refuses every
 * account once it is gone.
 */
async function startBusForOthers(ledger: Ledger, say: (line: string) => void): Promise<void> {
  const { length } = ledger.contents.daemons
  await startSystemBus(ledger, say)
  await ledger.change(({ daemons }) => daemons.splice(length))
  say('The system bus and polkit stay when this ends: the libvirtd that ran here before holds on to them')
}

async function startUnits(ledger: Ledger, say: (line: string) => void): Promise<void> {
  const modular = (await attempt('systemctl', ['cat', 'virtqemud.socket'])).exitCode === 0
  const family = modular ? units.modular : units.monolithic
  const active = async (unit: string) => (await attempt('systemctl', ['is-active', unit])).exitCode === 0
  const before = await Promise.all(family.map(active))
  const start = modular ? family.filter((unit) => unit.endsWith('.socket')) : ['libvirtd.service']
  say(`Starting ${start.join(', ')}`)
  await ledger.change((contents) => {
    contents.units.push(...family.filter((_, index) => !before[index]))
  })
  await run('systemctl', ['start', ...start])
}

async function networksRunning(): Promise<string[]> {
  const files = await readdir(runningNetworks).catch(() => [])
  return files.filter((file) => file.endsWith('.xml')).map((file) => file.slice(0, -'.xml'.length))
}

async function answers(): Promise<boolean> {
  return (await accepts(socket)) || (await accepts(modularSocket))
}
