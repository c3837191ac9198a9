/** Where a new VM goes, and whether there is room for it. */
import type {
  Agent,
  Capacity,
  Fleet,
  ImageSummary,
  NetworkSummary,
  PoolSummary,
  VmSummary,
} from '../agents/agent.js'
import { UserError } from '../errors.js'
import { showMiB } from '../report/index.js'
import { askHosts, silence } from './ask-hosts.js'
import { unknownName } from './known-names.js'

/** What must be left on a host beside what a new VM takes (Qubinode's check before it creates a VM: +1024 MB, +10 GB). */
export const keptFree = { memoryMiB: 1024, diskGiB: 10 } as const

/** Names that start special deployments in Qubinode's pipelines (deploy-vm.sh). */
const reservedNames = [
  'freeipa',
  'kcli-openshift4-baremetal',
  'ocp4-disconnected-helper',
  'openshift-agent-install',
  'ceph-cluster',
  'kubernetes',
  'vyos-router',
]

/**
 * The host named, else the only one, else of those that have the image and the profile the one with the most memory
 * available; when none has them, the one with the most memory, so that the plan can say what is missing.
 */
export async function chooseHost(
  fleet: Fleet,
  {
    host,
    image,
    profile,
  }: { host?: string | undefined; image?: string | undefined; profile?: string | undefined },
): Promise<{ agent: Agent; warnings: string[] }> {
  const [only, ...others] = fleet.agents
  if (host !== undefined) return { agent: fleet.agent(host), warnings: [] }
  if (only !== undefined && others.length === 0) return { agent: only, warnings: [] }
  const { answers, silent } = await askHosts(fleet, undefined, async (agent) => ({
    agent,
    availableMemoryMiB: (await agent.capacity()).availableMemoryMiB,
    isFit:
      (image === undefined || (await agent.images()).some(({ name }) => name === image)) &&
      (profile === undefined || (await agent.profiles()).includes(profile)),
  }))
  const [best] = answers
    .map(({ value }) => value)
    .toSorted((a, b) => Number(b.isFit) - Number(a.isFit) || b.availableMemoryMiB - a.availableMemoryMiB)
  if (best === undefined) {
    throw (
      silent[0]?.error ??
      new UserError('unknown-host', 'There is no host to make a VM on.', { fix: 'Name hosts in qnav.yml.' })
    )
  }
  return { agent: best.agent, warnings: silent.map((each) => `${silence(each)} It was not considered.`) }
}

/** Why a new VM cannot have this name. */
export function nameBlockers(
  name: string,
  images: readonly ImageSummary[],
  vms: readonly VmSummary[],
): UserError[] {
  const blockers: UserError[] = []
  const fix = `Choose another name, for example ${name}-1.`
  const taken = vms.find((vm) => vm.name === name)
  if (taken !== undefined) {
    blockers.push(
      new UserError('name-taken', `There is already a VM ${name} on ${taken.host}.`, {
        fix: `${fix} Or look at that one: vm show ${name}@${taken.host}`,
      }),
    )
  }
  if (reservedNames.includes(name)) {
    blockers.push(
      new UserError('name-taken', `The name ${name} is reserved: it starts a deployment of its own.`, {
        fix,
      }),
    )
  }
  // Clean-up scripts in the field delete <name>*.qcow2 from the pool.
  const image = images.find((each) => each.name.startsWith(name))
  if (image !== undefined) {
    blockers.push(
      new UserError(
        'bad-name',
        `The name ${name} begins the name of the image ${image.name}; deleting files of the VM could take the image along.`,
        { fix: `Choose another name, for example vm-${name}.` },
      ),
    )
  }
  return blockers
}

/** Not enough memory, with both numbers and what would fit. */
export function memoryBlocker(
  host: string,
  memoryMiB: number,
  { availableMemoryMiB }: Capacity,
): UserError | undefined {
  if (availableMemoryMiB >= memoryMiB + keptFree.memoryMiB) return undefined
  const most = Math.floor(availableMemoryMiB - keptFree.memoryMiB)
  return new UserError(
    'insufficient-memory',
    `${host} has ${showMiB(availableMemoryMiB)} available; ${showMiB(memoryMiB)} for the VM and ${showMiB(keptFree.memoryMiB)} for the host need ${showMiB(memoryMiB + keptFree.memoryMiB)}.`,
    { fix: `${most >= 64 ? `Ask for at most --memory ${most}M, or stop` : 'Stop'} VMs: vm list ${host}` },
  )
}

/** Less than that left for the host itself is worth a word (Qubinode's advice is to reserve 2 GB). */
const advisedFreeMiB = 2048

/** Little memory left beside the new VM. In words that stay the same while numbers move: a new one is a reason to ask those
 * who approved again. */
export function memoryWarning(
  host: string,
  memoryMiB: number,
  { availableMemoryMiB }: Capacity,
): string | undefined {
  if (availableMemoryMiB >= memoryMiB + advisedFreeMiB) return undefined
  return `Less than ${showMiB(advisedFreeMiB)} of memory would be left for ${host} itself.`
}

/** No such pool, it does not run, or has not enough room: with both numbers and what would fit. */
export function poolBlocker(
  host: string,
  wanted: string,
  totalGiB: number,
  pools: readonly PoolSummary[],
): UserError | undefined {
  const pool = pools.find(({ name }) => name === wanted)
  if (pool === undefined) {
    const names = pools.map(({ name }) => name)
    return unknownName('unknown-pool', `${host} has no pool`, wanted, names, 'Its pools are')
  }
  if (pool.state !== 'running') {
    return new UserError('invalid-state', `Pool ${wanted} on ${host} is ${pool.state}.`, {
      fix: `Start it on the host (virsh pool-start ${wanted}), or name another pool: host show ${host}`,
    })
  }
  const { availableGiB } = pool
  if (availableGiB >= totalGiB + keptFree.diskGiB) return undefined
  const most = Math.floor(availableGiB - keptFree.diskGiB)
  return new UserError(
    'insufficient-disk',
    `Pool ${wanted} on ${host} has ${showGiB(availableGiB)} free; ${showGiB(totalGiB)} for the VM and ${showGiB(keptFree.diskGiB)} kept free need ${showGiB(totalGiB + keptFree.diskGiB)}.`,
    {
      fix: `${most >= 1 ? `Ask for at most ${most} GiB of disks, or make` : 'Make'} room, or name another pool: host show ${host}`,
    },
  )
}

/** Networks that do not exist or are not active. */
export function networkBlockers(
  host: string,
  wanted: readonly string[],
  networks: readonly NetworkSummary[],
): UserError[] {
  return wanted.flatMap((each) => {
    const network = networks.find(({ name }) => name === each)
    if (network === undefined) {
      const names = networks.map(({ name }) => name)
      return [unknownName('unknown-network', `${host} has no network`, each, names, 'Its networks are')]
    }
    if (network.active) return []
    return [
      new UserError('invalid-state', `Network ${each} on ${host} is not active.`, {
        fix: `Start it on the host (virsh net-start ${each}), or name another one: host show ${host}`,
      }),
    ]
  })
}

/** No such image, or a root disk that cannot hold it. */
export function imageBlocker(
  host: string,
  wanted: string,
  rootDiskGiB: number,
  images: readonly ImageSummary[],
): UserError | undefined {
  const image = images.find(({ name }) => name === wanted)
  if (image === undefined) {
    const names = images.map(({ name }) => name)
    return unknownName('unknown-image', `${host} has no image`, wanted, names, `The images of ${host} are`)
  }
  if (rootDiskGiB >= image.capacityGiB) return undefined
  return new UserError(
    'bad-argument',
    `A root disk of ${showGiB(rootDiskGiB)} is too small for ${wanted}, which has ${showGiB(image.capacityGiB)}.`,
    { fix: `Give at least --disk ${Math.ceil(image.capacityGiB)}G.` },
  )
}

export function showGiB(gib: number): string {
  return showMiB(gib * 1024)
}
