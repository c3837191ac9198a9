/**
 * Counting what VMs take against what they may. Pure: the caller brings what hosts say and what jobs have reserved.
 *
 * A reservation says what a VM will be, not what is added to it. So it is laid over what is there: while the work goes on,
 * and the VM or snapshot is already there or not yet, it counts once.
 */
import type { Growth } from '../command/definition.js'
import { type ErrorNote, noteOf, UserError } from '../errors.js'
import { count, showMiB } from '../report/index.js'
import { type Dimension, dimensions, type Limits, type QuotaSettings } from './quota-settings.js'

/** What one VM takes. */
export interface Holding {
  name: string
  host: string
  /** undefined for nobody's. */
  owner?: string
  runs: boolean
  cpus: number
  memoryMiB: number
  diskGiB: number
  snapshots: readonly string[]
}

/** A host as quotas see it. */
export interface QuotaHost {
  name: string
  labels: Readonly<Record<string, string>>
  /** Why what is on it is not known at all; then nothing that it could count may grow. */
  unknown?: string
  /** ISO 8601, when its VMs are counted as they were then. */
  asOf?: string
  /** Needed where a ratio is set. */
  capacity?: { cpus: number; totalMemoryMiB: number }
}

/** What an unfinished job will make of VMs. */
export interface Reservation {
  job: string
  growth: readonly Growth[]
}

export interface QuotaWorld {
  settings: QuotaSettings
  hosts: readonly QuotaHost[]
  holdings: readonly Holding[]
  reserved: readonly Reservation[]
  /** Roles of owners by their ids, as policy says now. */
  rolesOf: ReadonlyMap<string, readonly string[]>
}

/** A limit with what it counts. */
interface Scope {
  /** "the VMs of UANN", "host kvm1", "VM web1@kvm1". */
  of: string
  /** Where the limit stands: "quotas.owners". */
  key: string
  limits: Limits
  counts(holding: Holding): boolean
  /** Hosts that must be known to count. */
  hosts: readonly QuotaHost[]
}

/** One limit of a scope with its use; `limit` is absent where there is none. */
export interface QuotaLine {
  of: string
  what: Dimension
  used: number
  reserved: number
  limit?: number
}

/** Why this job may not make VMs grow so. Only what it makes grow is looked at: whoever is over a limit already may still do
 * what does not add to it. */
export function quotaBlockers(world: QuotaWorld, { job, growth }: Reservation): ErrorNote[] {
  const others = world.reserved.filter((each) => each.job !== job)
  const before = merged(world.holdings, others)
  const after = merged([...before.values()], [{ job, growth }])
  const grown = growth.flatMap(({ vm }) => after.get(keyOf(vm)) ?? [])
  const scopes = grown.flatMap((holding) => scopesOf(world, holding))
  const unique = [...new Map(scopes.map((scope) => [`${scope.key} ${scope.of}`, scope])).values()]
  return unique.flatMap((scope) => {
    const over = dimensions.flatMap((what) => {
      const limit = scope.limits[what]
      if (limit === undefined) return []
      const was = sum(before.values(), scope, what)
      const will = sum(after.values(), scope, what)
      // Sums of sizes in fractions of GiB.
      const slack = 1e-6
      if (will <= was + slack) return []
      const silent = scope.hosts.find(({ unknown }) => unknown !== undefined)
      if (silent !== undefined) return [notKnown(scope, silent)]
      return will > limit + slack ? [exceeded({ scope, what, limit, was, will, world, others })] : []
    })
    return over.filter(({ message }, index) => over.findIndex((each) => each.message === message) === index)
  })
}

/** What this person has, and all that limits it. */
export function quotaLines(world: QuotaWorld, owner: string): QuotaLine[] {
  const scopes = [ownerScope(world, owner), ...hostScopes(world)]
  const now = merged(world.holdings, [])
  const then = merged(world.holdings, world.reserved)
  return scopes.flatMap((scope, index) =>
    dimensions.flatMap((what) => {
      const limit = scope.limits[what]
      // Of the person everything is told, of hosts what is limited.
      if (limit === undefined && index > 0) return []
      const used = sum(now.values(), scope, what)
      const reserved = sum(then.values(), scope, what) - used
      return [{ of: scope.of, what, used, reserved, ...(limit === undefined ? {} : { limit }) }]
    }),
  )
}

/** `3 VMs`, `16 CPUs`, `4 GiB of memory`. */
export function showAmount(what: Dimension, amount: number): string {
  const words: Record<Dimension, () => string> = {
    vms: () => count(amount, 'VM'),
    cpus: () => count(Math.round(amount * 100) / 100, 'CPU'),
    memoryMiB: () => `${showMiB(amount)} of memory`,
    diskGiB: () => `${showMiB(amount * 1024)} of disk`,
    snapshots: () => count(amount, 'snapshot'),
  }
  return words[what]()
}

function keyOf({ host, name }: { host: string; name: string }): string {
  return `${host}/${name}`
}

/** What is there with what jobs will make of it. */
function merged(holdings: readonly Holding[], reserved: readonly Reservation[]): Map<string, Holding> {
  const all = new Map(holdings.map((holding) => [keyOf(holding), holding]))
  for (const { vm, ...will } of reserved.flatMap(({ growth }) => growth)) {
    const now = all.get(keyOf(vm)) ?? { ...nothing, name: vm.name, host: vm.host }
    all.set(keyOf(vm), {
      ...now,
      ...(will.owner === undefined ? {} : { owner: will.owner }),
      runs: now.runs || will.runs === true,
      cpus: Math.max(now.cpus, will.cpus ?? 0),
      memoryMiB: Math.max(now.memoryMiB, will.memoryMiB ?? 0),
      diskGiB: Math.max(now.diskGiB, will.diskGiB ?? 0),
      snapshots: [...new Set([...now.snapshots, ...(will.snapshots ?? [])])],
    })
  }
  return all
}

const nothing = { runs: false, cpus: 0, memoryMiB: 0, diskGiB: 0, snapshots: [] } as const

function amountOf(holding: Holding, what: Dimension): number {
  if (what === 'vms') return 1
  return what === 'snapshots' ? holding.snapshots.length : holding[what]
}

function sum(holdings: Iterable<Holding>, scope: Scope, what: Dimension): number {
  let total = 0
  for (const holding of holdings) if (scope.counts(holding)) total += amountOf(holding, what)
  return total
}

function scopesOf(world: QuotaWorld, holding: Holding): Scope[] {
  const { settings, hosts } = world
  const { owner, host, name } = holding
  return [
    ...(owner === undefined ? [] : [ownerScope(world, owner)]),
    ...hostScopes(world).filter((scope) => scope.hosts.some((each) => each.name === host)),
    {
      of: `VM ${name}@${host}`,
      key: 'quotas.vm',
      limits: settings.perVm,
      counts: (other) => other.name === name && other.host === host,
      hosts: hosts.filter((each) => each.name === host),
    },
  ]
}

function ownerScope({ settings, hosts, rolesOf }: QuotaWorld, owner: string): Scope {
  const roles = rolesOf.get(owner) ?? []
  const fits = settings.owners.find((entry) => {
    if (entry.users === undefined && entry.roles === undefined) return true
    return entry.users?.includes(owner) === true || entry.roles?.some((role) => roles.includes(role)) === true
  })
  return {
    of: `the VMs of ${owner}`,
    key: 'quotas.owners',
    limits: fits?.limits ?? {},
    counts: (holding) => holding.owner === owner,
    hosts,
  }
}

function hostScopes({ settings, hosts }: QuotaWorld): Scope[] {
  return settings.hosts.flatMap(({ labels, limits, cpuRatio, memoryRatio }) => {
    const wanted = Object.entries(labels)
    const fitting = hosts.filter((host) => wanted.every(([key, value]) => host.labels[key] === value))
    const names = new Set(fitting.map(({ name }) => name))
    const words = wanted.map(([key, value]) => `${key}=${value}`).join(', ')
    const all: Scope = {
      of: wanted.length === 0 ? 'all hosts' : `the hosts with ${words}`,
      key: 'quotas.hosts',
      limits,
      counts: ({ host }) => names.has(host),
      hosts: fitting,
    }
    const each = fitting.map((host): Scope => {
      const { cpus, totalMemoryMiB } = host.capacity ?? { cpus: 0, totalMemoryMiB: 0 }
      return {
        of: `what runs on ${host.name}`,
        key: `quotas.hosts (${[
          ...(cpuRatio === undefined ? [] : [`${cpuRatio} virtual CPUs for each of its ${cpus}`]),
          ...(memoryRatio === undefined ? [] : [`${memoryRatio} of its ${showMiB(totalMemoryMiB)}`]),
        ].join(', ')})`,
        limits: {
          ...(cpuRatio === undefined ? {} : { cpus: Math.floor(cpus * cpuRatio) }),
          ...(memoryRatio === undefined ? {} : { memoryMiB: Math.floor(totalMemoryMiB * memoryRatio) }),
        },
        counts: (holding) => holding.runs && holding.host === host.name,
        hosts: [host],
      }
    })
    return cpuRatio === undefined && memoryRatio === undefined ? [all] : [all, ...each]
  })
}

function notKnown({ of }: Scope, { name, unknown }: QuotaHost): ErrorNote {
  return noteOf(
    new UserError(
      'quota-exceeded',
      `${capital(of)} cannot be counted: ${name} did not answer since qnav was started. ${unknown ?? ''}`.trim(),
      { fix: `Try again when it answers: host check ${name}` },
    ),
  )
}

/** VMs and jobs named at once. */
const maxNamed = 5

function exceeded(over: {
  scope: Scope
  what: Dimension
  limit: number
  was: number
  will: number
  world: QuotaWorld
  others: readonly Reservation[]
}): ErrorNote {
  const { scope, what, limit, was, will, world, others } = over
  const there = world.holdings.filter((each) => scope.counts(each) && amountOf(each, what) > 0)
  const live = sum(there, scope, what)
  const jobs = others.filter(({ growth }) => {
    const alone = merged(world.holdings, [{ job: '', growth }])
    return sum(alone.values(), scope, what) > live
  })
  const largest = there.toSorted(
    (a, b) => amountOf(b, what) - amountOf(a, what) || a.name.localeCompare(b.name),
  )
  const holders = [
    ...named(largest.map(({ name, host }) => `${name}@${host}`)),
    ...(was > live
      ? [`${showAmount(what, was - live)} reserved by ${named(jobs.map(({ job }) => job)).join(', ')}`]
      : []),
  ]
  const held = holders.length === 0 ? '' : ` (${holders.join(', ')})`
  const old = scope.hosts.filter(({ asOf }) => asOf !== undefined).map(({ name }) => name)
  const age = old.length === 0 ? '' : ` ${old.join(', ')} did not answer and counts as it was last seen.`
  const room = Math.max(0, limit - was)
  return noteOf(
    new UserError(
      'quota-exceeded',
      `${capital(scope.of)} would be ${showAmount(what, will)}; the limit is ${showAmount(what, limit)}, and ${showAmount(what, was)} are taken${held}.${age}`,
      {
        fix: `${room > 0 ? `Ask for at most ${showAmount(what, room)} more, or make room` : 'Make room'}: vm list${whose(scope)}, quota show. The limit stands in qnav.yml, ${scope.key}.`,
      },
    ),
  )
}

function whose({ key, of }: Scope): string {
  return key === 'quotas.owners' ? ` --owner ${of.replace('the VMs of ', '')}` : ''
}

function named(words: readonly string[]): string[] {
  if (words.length <= maxNamed) return [...words]
  return [...words.slice(0, maxNamed), `${words.length - maxNamed} more`]
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
