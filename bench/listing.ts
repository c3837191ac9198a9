/** All VMs with their state: our agent beside spawned virsh and kcli, locally and over SSH, with 5 and 200 VMs. */
import { createFleet, type HostSettings } from '../src/agents/index.js'
import {
  installMissing,
  type Lab,
  type LoopbackSshd,
  prepareLab,
  run,
  startLoopbackSshd,
} from '../src/demo/index.js'
import { createLog } from '../src/log.js'
import { defineDomains, undefineDomains } from './domains.js'
import { atLeast, type Comparison, median, time } from './measure.js'

const user = 'qnav-bench'
const sizes = [5, 200]
const ourRuns = 100
const otherRuns = 8

export async function compareListing(): Promise<Comparison[]> {
  const say = (line: string) => process.stderr.write(`${line}\n`)
  const missing = await installMissing(['hypervisor', 'image', 'ssh'], say)
  if (missing !== undefined)
    throw new Error(`missing: ${missing.names.join(', ')}; install with: ${missing.command}`)
  const lab = await prepareLab({ name: 'qnav-bench', say, vmsAtEnd: 'delete', accounts: true })
  const sshd = await startLoopbackSshd(user)
  const { fleet, close } = createFleet({ hosts: hostsOf(lab, sshd), log: createLog({ level: 'error' }) })
  const rows: Comparison[] = []
  try {
    await undefineDomains()
    for (const size of sizes) {
      await defineDomains(size)
      rows.push(...(await compareAt(size, fleet, lab, sshd)))
    }
  } finally {
    await close()
    await undefineDomains()
    await sshd.stop()
    await lab.stop()
  }
  return rows
}

type Fleet = ReturnType<typeof createFleet>['fleet']

async function compareAt(size: number, fleet: Fleet, lab: Lab, sshd: LoopbackSshd): Promise<Comparison[]> {
  const local = median(await time(ourRuns, () => fleet.agent('local').vms()))
  const overSsh = median(await time(ourRuns, () => fleet.agent('ssh').vms()))
  const first = median(await time(otherRuns, () => firstList(lab, sshd)))
  const virsh = median(await time(otherRuns, () => run('virsh', ['-c', 'qemu:///system', 'list', '--all'])))
  const kcli = median(
    await time(otherRuns, () =>
      run(lab.kcli.path, ['list', 'vm'], { env: { KCLI_CONFIG: lab.kcli.config } }),
    ),
  )
  const sshArgs = [
    '-i',
    sshd.identityFile,
    '-p',
    String(sshd.port),
    '-o',
    `UserKnownHostsFile=${sshd.knownHosts}`,
  ]
  const virshOverSsh = median(
    await time(otherRuns, () =>
      run('ssh', [...sshArgs, `${sshd.user}@${sshd.host}`, 'virsh -c qemu:///system list --all']),
    ),
  )
  const name = (where: string) => `list ${size} VMs with state, ${where}`
  const row = (where: string, ours: number, other: number, against: string, target: number) => {
    const compared = atLeast(target, { name: name(where), ours, other, against, unit: 'ms' })
    return target > 0 ? compared : { ...compared, target: '', met: true }
  }
  // The targets are for five VMs, where starting a program weighs most.
  const wanted = (times: number) => (size === 5 ? times : 0)
  return [
    row('local, connecting anew', first, virsh, 'virsh list --all', 0),
    row('local', local, virsh, 'virsh list --all', wanted(20)),
    row('local', local, kcli, 'kcli list vm', wanted(300)),
    row('over SSH', overSsh, virshOverSsh, 'ssh host virsh list --all', wanted(20)),
  ]
}

/** What virsh does each time: connect, ask, leave. */
async function firstList(lab: Lab, sshd: LoopbackSshd): Promise<void> {
  const hosts = hostsOf(lab, sshd).filter(({ name }) => name === 'local')
  const { fleet, close } = createFleet({ hosts, log: createLog({ level: 'error' }) })
  await fleet.agent('local').vms()
  await close()
}

function hostsOf({ pool, network, kcli }: Lab, sshd: LoopbackSshd): HostSettings[] {
  const common = {
    labels: {},
    libvirt: { uri: 'qemu:///system' as const },
    kcli: { path: kcli.path, config: kcli.config, sudo: false },
    virtType: 'qemu' as const,
    pool,
    network,
  }
  const { user: account, host, port, identityFile, knownHosts } = sshd
  return [
    { ...common, name: 'local', connection: { transport: 'local' } },
    {
      ...common,
      name: 'ssh',
      connection: { transport: 'ssh', user: account, host, port, identityFile, knownHosts },
    },
  ]
}
