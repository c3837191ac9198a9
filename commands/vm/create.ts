import { z } from 'zod'
import type { Agent, DeletionPlan, FoundVm, Lease, Ownership } from '../../src/agents/index.js'
import {
  asData,
  chooseHost,
  type Data,
  defineCommand,
  diskSize,
  firstAddress,
  flag,
  hostName,
  imageBlocker,
  imageName,
  isOff,
  leaseBlocker,
  leaseFrom,
  leaseInWords,
  leaseTime,
  list,
  memoryBlocker,
  memorySize,
  memoryWarning,
  nameBlockers,
  networkBlockers,
  networkName,
  ownerId,
  ownerRef,
  planOn,
  poolBlocker,
  poolName,
  profileName,
  type SeenVm,
  shortKey,
  showGiB,
  sshKey,
  text,
  unknownName,
  vmActions,
  vmName,
  vmWord,
  type WorkContext,
  wholeNumber,
  writeDuration,
} from '../../src/command/index.js'
import { UserError } from '../../src/errors.js'
import { vmLock } from '../../src/jobs/index.js'
import { count, type Fact, type Report, showDuration, showMiB, timeInWords } from '../../src/report/index.js'

/** What Qubinode's own tools give a VM when nothing is said. */
const defaults = { cpus: 2, memoryMiB: 2048, diskGiB: 10 } as const
/** Qubinode's limit for one VM. */
const maxCpus = 64

/** Qubinode looks for an address every 5 s for 5 min; cloud images that update themselves at first boot take longer. */
const addressEveryMs = 5_000
const addressWithinMs = 600_000
/** Most guests have their address by then; after it people want to know why there is none. */
const interimAfterMs = 60_000

const noNames: readonly string[] = []

export default defineCommand({
  summary: 'Create a VM from an image or a kcli profile',
  details: [
    'The plan checks name, image, memory, disk space, pool and networks on the host before anybody is asked. The job ends when the VM has an address, or says that it has none yet.',
    'Without --host the VM goes to the only host, else to the reachable one that has the image and the most memory available.',
  ],
  examples: [
    'vm create web1 --image rockylinux9 --memory 4G',
    'vm create db1 --image rockylinux9 --cpus 4 --memory 8G --disk 20G,100G --network default --host kvm1',
    'vm create lab1 --profile rhel9 --no-start',
    'vm create try1 --image rockylinux9 --lease 3d',
  ],
  risk: 'change',
  args: z
    .object({
      name: vmName().describe('Name of the VM; also its host name'),
      image: imageName().optional().describe('The image to start from; see image list'),
      profile: profileName().optional().describe('The kcli profile to start from'),
      cpus: wholeNumber({ min: 1, max: maxCpus }).default(defaults.cpus).describe('Number of virtual CPUs'),
      memory: memorySize().default(defaults.memoryMiB).describe('Memory'),
      disk: list(diskSize())
        .optional()
        .describe('Sizes of the disks, the first is the root disk; 10 GiB, or the size of a larger image'),
      network: list(networkName()).optional().describe("Networks, one NIC each; the host's default network"),
      pool: poolName().optional().describe("Storage pool of the disks; the host's default pool"),
      host: hostName().optional().describe('The host to create it on'),
      sshKey: list(sshKey()).default([]).describe('Public keys that may log in'),
      start: flag().default(true).describe('Start it once it is there'),
      owner: ownerRef().optional().describe('Whose it will be; yours when left out'),
      ticket: text({ max: 100 }).optional().describe('What it is for: a ticket, or a link to one'),
      lease: leaseTime().optional().describe('How long it may run, or until when; then it is shut off'),
    })
    .refine(({ image, profile }) => image !== undefined || profile !== undefined, {
      path: ['image'],
      error: 'needs an image or a profile',
    }),
  positional: ['name'],
  aliases: { i: 'image', p: 'profile', c: 'cpus', m: 'memory', d: 'disk', n: 'network' },

  async plan(args, { fleet, caller, preferences = {}, leases = {} }) {
    const { name, cpus, memory, start, ticket } = args
    const owner = ownerId(args.owner, caller)
    const usualMs = leases.defaultMs ?? leases.longestMs
    const lease = args.lease ?? (usualMs === undefined ? undefined : writeDuration(usualMs))
    const preferred = args.host === undefined ? preferences.host : undefined
    const isPreferred = fleet.agents.some((each) => each.name === preferred)
    const { agent, warnings } = await chooseHost(fleet, isPreferred ? { ...args, host: preferred } : args)
    if (preferred !== undefined && !isPreferred) {
      warnings.push(`Your preferred host ${preferred} is not among the hosts any more.`)
    }
    const ownKey = args.sshKey.length === 0 ? preferences.sshKey : undefined
    const keys = ownKey === undefined ? args.sshKey : [ownKey]
    const host = agent.name
    const [capacity, images, profiles, pools, networks, orphans, everywhere] = await Promise.all([
      agent.capacity(),
      agent.images(),
      args.profile === undefined ? noNames : agent.profiles(),
      agent.pools(),
      agent.networks(),
      agent.orphansOf(name),
      fleet.vms(),
    ])
    const image = images.find((each) => each.name === args.image)
    const disk = args.disk ?? [Math.max(defaults.diskGiB, Math.ceil(image?.capacityGiB ?? 0))]
    const poolWanted = args.pool ?? agent.defaults?.pool ?? 'default'
    const pool = pools.find((each) => each.name === poolWanted)
    const wanted = args.network ?? [agent.defaults?.network ?? 'default']
    const diskTotalGiB = disk.reduce((sum, size) => sum + size, 0)
    const memoryLack = memoryBlocker(host, memory, capacity)

    const plan = planOn(host, `Create VM ${name} on ${host}`).add(
      `VM ${name}`,
      `${count(cpus, 'CPU')}, ${showMiB(memory)} of memory, ${start ? 'started' : 'not started'}`,
    )
    if (args.image !== undefined) plan.fact('Image', args.image)
    if (args.profile !== undefined) plan.fact('Profile', args.profile)
    disk.forEach((size, index) => {
      plan.add(index === 0 ? 'Root disk' : `Disk ${index + 1}`, `${showGiB(size)} in pool ${poolWanted}`)
    })
    for (const network of wanted) plan.add('NIC', `on network ${network}`)
    if (owner !== caller.id) plan.fact('Owner', owner)
    if (ticket !== undefined) plan.fact('Ticket', ticket)
    if (lease !== undefined) plan.fact('Lease', leaseInWords(lease))
    if (isPreferred) plan.fact('Host', `${host}, your preferred one`)
    if (keys.length > 0) {
      const whose = ownKey === undefined ? '' : ', of your preferences'
      plan.fact('SSH keys', `${keys.map(shortKey).join(', ')}${whose}`)
    }
    plan.fact('Memory available', nowAndAfter(capacity.availableMemoryMiB, memory, showMiB))
    if (pool !== undefined) {
      const age =
        pool.asOf === undefined ? '' : `, as it was at ${timeInWords(pool.asOf)}: it does not answer`
      plan.fact(
        `Free in pool ${poolWanted}`,
        `${nowAndAfter(pool.availableGiB, diskTotalGiB, showGiB)}${age}`,
      )
    }
    plan.fact('CPUs of the host', String(capacity.cpus))

    for (const warning of warnings) plan.warn(warning)
    for (const { name: silent } of everywhere.unreachable) {
      plan.warn(`${silent} does not answer: whether it has a VM ${name} is not known.`)
    }
    if (cpus > capacity.cpus) {
      plan.warn(`${count(cpus, 'CPU')} are more than the ${capacity.cpus} of ${host}: the VM will be slow.`)
    }
    if (args.profile !== undefined) {
      plan.warn('CPUs, memory, disks and networks are those shown here, not those of the profile.')
    }
    if (!start)
      plan.warn(memoryLack && `It could not be started now: ${host} has too little memory available.`)
    else if (memoryLack === undefined) plan.warn(memoryWarning(host, memory, capacity))

    if (lease !== undefined) {
      plan.block(
        leaseBlocker(lease, leases, {
          now: Date.now(),
          isAdmin: caller.roles?.includes('admin') === true,
          line: (better) => `vm create ${name} --lease ${better} …`,
        }),
      )
    }
    plan.block(...nameBlockers(name, images, everywhere.vms))
    if (args.image !== undefined) plan.block(imageBlocker(host, args.image, disk[0] ?? 0, images))
    if (args.profile !== undefined && !profiles.includes(args.profile)) {
      const absent = `kcli on ${host} has no profile`
      plan.block(unknownName('unknown-profile', absent, args.profile, profiles, 'Its profiles are'))
    }
    if (start) plan.block(memoryLack)
    plan.block(poolBlocker(host, poolWanted, diskTotalGiB, pools), ...networkBlockers(host, wanted, networks))
    // Files of a VM that is there are its own: nobody is told to delete those.
    if (orphans.length > 0 && !everywhere.vms.some((vm) => vm.host === host && vm.name === name)) {
      plan.block(
        new UserError(
          'orphan-disk',
          `Files of an earlier VM ${name} are on ${host} and would be reused: ${orphans.join(', ')}.`,
          { fix: `Choose another name, or delete them on the host if nobody needs them.` },
        ),
      )
    }
    plan.grows({
      vm: { host, name },
      owner,
      cpus,
      memoryMiB: memory,
      diskGiB: diskTotalGiB,
      ...(start ? { runs: true as const } : {}),
    })
    const settled = {
      ...{ ...args, host, disk, pool: poolWanted, network: wanted, sshKey: keys },
      ...(lease === undefined ? {} : { lease }),
    }
    return plan.done(args.owner === undefined ? settled : { ...settled, owner }, [vmLock({ host, name })])
  },

  async run(args, context) {
    const { name, host = '', image, profile, cpus, memory, disk = [], network = [], pool = '', ticket } = args
    const agent = context.agent(host)
    const owner = ownerId(args.owner, context.job.requester)
    const vm = await context.step(
      'create',
      async (control) => {
        const made = await agent.createVm(
          {
            name,
            ...(image === undefined ? {} : { image }),
            ...(profile === undefined ? {} : { profile }),
            cpus,
            memoryMiB: memory,
            disksGiB: disk,
            networks: network,
            pool,
            sshKeys: args.sshKey,
            start: args.start,
            owner,
          },
          control,
        )
        return { name: made.name, host: made.host, uuid: made.uuid, ...(await wayBack(made, agent)) }
      },
      {
        // One that fails removes what it left.
        onlyWhenDone: true,
        byHand: `vm delete ${name}@${host}`,
        work: (made) => takeBack(made?.deletion, agent),
      },
    )
    const ownership = {
      owner,
      requester: context.job.requester.id,
      ...(ticket === undefined ? {} : { ticket }),
      job: context.job.id,
    }
    // From here on it is somebody's: cancelling only ends the wait.
    const recorded = await context.step(
      'record the owner',
      () => recordOwner(vm, agent, ownership, args.lease),
      'keep',
    )
    const facts: Fact[] = [
      { label: 'Host', value: host },
      { label: 'Made from', value: [image, profile].filter(Boolean).join(', ') },
      { label: 'CPUs', value: String(cpus) },
      { label: 'Memory', value: showMiB(memory) },
      { label: 'Disks', value: disk.map(showGiB).join(', ') },
      { label: 'Networks', value: network.join(', ') },
      ...(recorded.problem === undefined ? [{ label: 'Owner', value: owner }] : []),
      ...(recorded.problem === undefined && ticket !== undefined ? [{ label: 'Ticket', value: ticket }] : []),
      ...(recorded.until === undefined
        ? []
        : [{ label: 'Lease', value: `until ${timeInWords(recorded.until)}` }]),
    ]
    if (!args.start) {
      return withOwner(recorded, vm, owner, {
        title: `${name} is created, not started`,
        tone: 'ok',
        facts,
        actions: vmActions(vm, 'shut off'),
      })
    }
    const seen = await context.step('wait for an address', (control) =>
      waitForAddress(vm, agent, context, control.progress, facts),
    )
    return withOwner(recorded, vm, owner, finalReport(vm, seen, facts))
  },
})

/** What would go with the VM, noted while nothing else is on it: so that after a crash in the middle of its deletion the rest of
 * it is still known. */
async function wayBack(vm: FoundVm, agent: Agent): Promise<{ deletion?: Data<DeletionPlan> }> {
  try {
    return { deletion: asData(await agent.deletionOf(vm)) }
  } catch (error) {
    if (error instanceof UserError) return {}
    throw error
  }
}

async function takeBack(deletion: DeletionPlan | undefined, agent: Agent): Promise<void> {
  if (deletion !== undefined) return agent.deleteVm(deletion)
  throw new UserError('invalid-state', 'What belongs to it was not known when it was made.', {
    fix: 'Look at it before you delete it.',
  })
}

/** With a problem, the VM does not say whose it is. */
type Recorded = { problem?: string; until?: string }

/** The VM is there and stays, whatever comes of this: then it is said what is missing. */
async function recordOwner(
  vm: FoundVm,
  agent: Agent,
  ownership: Ownership,
  time = 'none',
): Promise<Recorded> {
  try {
    // Read first: after a crash it may be there, with its own time.
    const known = await agent.ownershipOf(vm)
    if (known?.job === ownership.job) return untilOf(known.lease)
    const now = Date.now()
    const lease = leaseFrom(time, now)
    const createdAt = new Date(now).toISOString()
    await agent.setOwnership(vm, { ...ownership, createdAt, ...(lease === undefined ? {} : { lease }) })
    return untilOf(lease)
  } catch (error) {
    if (error instanceof UserError && error.code !== 'cancelled') return { problem: error.message }
    throw error
  }
}

function untilOf(lease: Lease | undefined): Recorded {
  return lease === undefined ? {} : { until: lease.until }
}

function withOwner({ problem }: Recorded, vm: FoundVm, owner: string, report: Report): Report {
  if (problem === undefined) return report
  const fix = `vm adopt ${vmWord(vm)} --owner ${owner}`
  return {
    ...report,
    tone: report.tone === 'ok' ? 'warn' : report.tone,
    notes: [
      `Whose it is could not be recorded: ${problem} Until it is, it is nobody's: ${fix}`,
      ...(report.notes ?? []),
    ],
    actions: [{ label: 'Record the owner', command: fix }, ...(report.actions ?? [])],
  }
}

async function waitForAddress(
  vm: FoundVm,
  agent: Agent,
  { job, signal, publish }: WorkContext,
  progress: (line: string) => void,
  facts: Fact[],
): Promise<SeenVm> {
  // Counted from the creation, so that a restart of the bot does not begin the wait anew.
  const created = job.steps.find(({ name }) => name === 'create')?.endedAt
  const waitedMs = created === undefined ? 0 : Math.max(0, Date.now() - Date.parse(created))
  const forMs = Math.max(0, addressWithinMs - waitedMs)
  let isTold = false
  try {
    return await firstAddress(vm, agent, { everyMs: addressEveryMs, forMs, signal }, (elapsedMs) => {
      progress(`runs, no address yet (${showDuration(waitedMs + elapsedMs)})`)
      if (isTold || waitedMs + elapsedMs < interimAfterMs) return
      isTold = true
      publish(interimReport(vm, facts, job.id))
    })
  } catch (error) {
    if (!(error instanceof UserError && error.code === 'cancelled')) throw error
    throw new UserError(
      'invalid-state',
      `${vm.name} on ${vm.host} was created and runs; only the wait for its address was given up.`,
      { fix: `Look at it: vm show ${vmWord(vm)}`, cause: error },
    )
  }
}

function interimReport(vm: FoundVm, facts: Fact[], job: string): Report {
  return {
    title: `${vm.name} runs, no address yet`,
    tone: 'working',
    facts,
    notes: [
      `It is watched until ${showDuration(addressWithinMs)} after its creation; other jobs on ${vm.name} wait until then.`,
    ],
    actions: [
      { label: 'Show', command: `vm show ${vmWord(vm)}` },
      { label: 'Stop waiting', command: `job cancel ${job}` },
    ],
  }
}

function finalReport(vm: FoundVm, { state, addresses }: SeenVm, facts: Fact[]): Report {
  const actions = vmActions(vm, state)
  if (isOff(state)) {
    return {
      title: `${vm.name} is created and is ${state}`,
      tone: 'warn',
      summary: 'It was started and did not stay up.',
      facts,
      notes: ['Does the image boot on this host, and is its root disk large enough?'],
      actions,
    }
  }
  if (addresses.length > 0) {
    return {
      title: `${vm.name} runs at ${addresses[0]}`,
      tone: 'ok',
      facts: [...facts, { label: 'Addresses', value: addresses.join(', ') }],
      actions,
    }
  }
  return {
    title: `${vm.name} is created, no address yet`,
    tone: 'warn',
    summary: `It runs, and within ${showDuration(addressWithinMs)} no address was seen.`,
    facts,
    notes: [
      `A slow first boot may still bring one; look again: vm show ${vmWord(vm)}`,
      'On a bridged network the address is seen only through the guest agent: install qemu-guest-agent in the guest.',
      'Does the network hand out addresses (DHCP), and does the guest ask for one?',
    ],
    actions,
  }
}

function nowAndAfter(now: number, taken: number, show: (value: number) => string): string {
  return `${show(now)} now, ${now >= taken ? show(now - taken) : 'less than nothing'} after`
}
