/** What the verbs of one host share: the way there, its settings, and who may change it right now. */
import { UserError } from '../errors.js'
import type { Connection } from '../libvirt/index.js'
import type { Logger } from '../log.js'
import type { FoundVm } from './agent.js'
import type { GuestAgents } from './guest-agents.js'
import type { HostEvents } from './host-events.js'
import type { HostLink } from './host-link.js'
import { type HostSettings, readOnlyHost } from './host-settings.js'
import type { HostInventory } from './inventory.js'
import { explaining } from './libvirt-errors.js'
import type { MutationLock } from './mutation-lock.js'
import type { PoolRefresher } from './pool-refresher.js'
import type { VolumeQuestions } from './volume-questions.js'

export interface HostContext {
  settings: HostSettings
  link: HostLink
  events: HostEvents
  inventory: HostInventory
  guests: GuestAgents
  pools: PoolRefresher
  volumes: VolumeQuestions
  /** kcli locks nothing itself: one change through it at a time on this host. */
  mutations: MutationLock
  log: Logger
}

/** Work that asks libvirt and answers soon. `what` reads after "could not". */
export function asking<T>(
  { link, settings: { name } }: HostContext,
  what: string,
  work: (libvirt: Connection) => Promise<T>,
): Promise<T> {
  return explaining({ host: name, what }, async () => work(await link.quick()))
}

/** As `asking`, about one VM. */
export function askingOf<T>(
  { link }: HostContext,
  what: string,
  vm: FoundVm,
  work: (libvirt: Connection) => Promise<T>,
): Promise<T> {
  return explaining({ host: vm.host, what: `${what} ${vm.name}`, vm: vm.name }, async () =>
    work(await link.quick()),
  )
}

/** Throws `unsupported` where the bot only looks. */
export function mustBeWritable({ name, libvirt }: Pick<HostSettings, 'name' | 'libvirt'>): void {
  if (!libvirt.readOnly) return
  const { message, fix } = readOnlyHost(name)
  throw new UserError('unsupported', message, { fix })
}

/** Work on one VM that may take minutes: on the slow session, so that nobody's question waits behind it. Whoever reads after
 * it sees what it did, also where it failed half-way. Without a uuid it may have been any VM. */
export function workingOn<T>(
  { link, inventory, log, settings }: HostContext,
  what: string,
  vm: FoundVm,
  work: (libvirt: { slow: Connection; quick: Connection }) => Promise<T>,
): Promise<T> {
  return explaining({ host: vm.host, what: `${what} ${vm.name}`, vm: vm.name }, async () => {
    mustBeWritable(settings)
    const [quick, slow] = await Promise.all([link.quick(), link.slow()])
    try {
      return await work({ quick, slow })
    } finally {
      await inventory
        .changed(vm.uuid === '' ? undefined : vm.uuid)
        // It stays in doubt, and whoever reads next is told; the work itself is done.
        .catch((error: unknown) => log.debug({ vm: vm.name, err: error }, 'a change could not be looked at'))
    }
  })
}
