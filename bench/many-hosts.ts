/**
 * A hundred SSH hosts of one bot: time until all are connected and have listed their VMs, and resident memory that each
 * costs while nobody asks. All are one sshd and one libvirtd here; the bot cannot tell, each has a connection and a libvirt
 * session of its own. Memory is what a process with 101 hosts has more than one with a single host: each is a process of
 * its own, so that neither finds memory that the other gave back.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createFleet, type HostSettings } from '../src/agents/index.js'
import { installMissing, type LoopbackSshd, prepareLab, startLoopbackSshd } from '../src/demo/index.js'
import { createLog } from '../src/log.js'
import { defineDomains, undefineDomains } from './domains.js'
import type { Comparison } from './measure.js'

const hosts = 100
const vms = 5
const user = 'qnav-bench'
const listWithinMs = 10_000
const memoryLimitMB = 1
/** Keepalives go round once. */
const idleMs = 12_000

type Way = Pick<LoopbackSshd, 'host' | 'port' | 'user' | 'identityFile' | 'knownHosts'>

interface Task {
  way: Way
  hosts: number
}

interface Measured {
  firstListMs: number
  secondListMs: number
  idleMB: number
}

export async function measureManyHosts(): Promise<Comparison[]> {
  const say = (line: string) => process.stderr.write(`${line}\n`)
  const missing = await installMissing(['hypervisor', 'image', 'ssh'], say)
  if (missing !== undefined)
    throw new Error(`missing: ${missing.names.join(', ')}; install with: ${missing.command}`)
  const lab = await prepareLab({ name: 'qnav-bench', say, vmsAtEnd: 'delete', accounts: true })
  const sshd = await startLoopbackSshd(user)
  try {
    await undefineDomains()
    await defineDomains(vms)
    const { host, port, identityFile, knownHosts } = sshd
    const way = { user, host, port, identityFile, knownHosts }
    const one = await inOwnProcess({ way, hosts: 1 })
    const many = await inOwnProcess({ way, hosts: hosts + 1 })
    return rowsOf(many, (many.idleMB - one.idleMB) / hosts)
  } finally {
    await undefineDomains()
    await sshd.stop()
    await lab.stop()
  }
}

function rowsOf({ firstListMs, secondListMs }: Measured, perHostMB: number): Comparison[] {
  const row = (name: string, ours: number, limit: number, unit: Comparison['unit']): Comparison => ({
    name,
    ours,
    other: limit,
    against: 'the limit we set ourselves',
    unit,
    ratio: limit / ours,
    target: '≥ 1',
    met: ours <= limit,
  })
  return [
    row(`connect to ${hosts} SSH hosts and list their VMs`, firstListMs, listWithinMs, 'ms'),
    { ...row(`list ${hosts} SSH hosts again`, secondListMs, listWithinMs, 'ms'), target: '' },
    row('resident memory per idle SSH host', perHostMB, memoryLimitMB, 'MB'),
  ]
}

async function inOwnProcess(task: Task): Promise<Measured> {
  const child = fork(fileURLToPath(import.meta.url), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  child.send(task)
  const exit = once(child, 'exit').then(([code]) => {
    throw new Error(`the process with ${task.hosts} hosts ended with ${code}`)
  })
  try {
    const [measured] = (await Promise.race([once(child, 'message'), exit])) as [Measured]
    return measured
  } finally {
    exit.catch(() => undefined)
    child.kill()
  }
}

async function measure({ way, hosts: count }: Task): Promise<Measured> {
  const { fleet, close } = createFleet({
    hosts: Array.from({ length: count }, (_, n) => hostAt(way, n)),
    log: createLog({ level: 'error' }),
  })
  const list = async (): Promise<number> => {
    const begin = performance.now()
    // Not by the fleet, which leaves out who is late.
    const listed = await Promise.all(fleet.agents.map((agent) => agent.vms()))
    const ms = performance.now() - begin
    if (listed.length !== count || listed.some(({ length }) => length < vms))
      throw new Error('VMs are missing')
    return ms
  }
  const firstListMs = await list()
  const secondListMs = await list()
  await wait(idleMs)
  const idleMB = await residentMB()
  await close()
  return { firstListMs, secondListMs, idleMB }
}

/** After what can be thrown away is. */
async function residentMB(): Promise<number> {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  for (let n = 0; n < 5; n++) {
    collect()
    await wait(100)
  }
  return process.memoryUsage.rss() / 1e6
}

function hostAt(way: Way, n: number): HostSettings {
  return {
    name: `kvm${n}`,
    labels: {},
    connection: { transport: 'ssh', ...way },
    libvirt: { uri: 'qemu:///system' },
    kcli: { sudo: false },
    virtType: 'qemu',
    pool: 'default',
    network: 'default',
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.once('message', (task: Task) => {
    void measure(task).then((measured) => process.send?.(measured))
  })
}
