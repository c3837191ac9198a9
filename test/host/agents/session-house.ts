/** The way of a request over one real libvirt: catalogue, policy, engine and agent are the product's. What a host needs
 * beside libvirt for `vm create` is shortened: making a VM is defining it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { vi } from 'vitest'
import { type Agent, createFleet, type HostSettings } from '../../../src/agents/index.js'
import { loadCatalogue } from '../../../src/command/index.js'
import { createJobs, createSchedules, isOver, type Job, type Jobs } from '../../../src/jobs/index.js'
import { createLog } from '../../../src/log.js'
import { createPolicy, type PolicySettings, type QuotaSettings } from '../../../src/policy/index.js'
import { createRequests, type Requests } from '../../../src/request/index.js'
import { aFleet, anImage } from '../../fakes/fleet.js'
import { SessionDaemon } from '../inventory/session-daemon.js'

const log = createLog({ level: 'silent' })
const commands = fileURLToPath(new URL('../../../commands', import.meta.url))
const only = (id: string) => ({ users: [id], groups: [] })

export const asker = { id: 'UANN' }
export const approver = { id: 'UBEN' }

/** The settings of a host that is a session daemon on this machine. */
export function sessionHost(daemon: SessionDaemon): HostSettings {
  return {
    name: 'kvm1',
    labels: {},
    connection: { transport: 'local' },
    libvirt: { uri: 'qemu:///session' as HostSettings['libvirt']['uri'], socket: daemon.socket },
    kcli: { sudo: false },
    virtType: 'qemu',
    pool: 'default',
    network: 'default',
  }
}

export interface SessionHouse {
  daemon: SessionDaemon
  agent: Agent
  jobs: Jobs
  requests: Requests
  /** The job that a line starts. */
  ask(text: string, person?: { id: string }): Promise<Job>
  until(job: Pick<Job, 'id'>, isSo: (job: Job) => boolean): Promise<Job>
  over(job: Pick<Job, 'id'>): Promise<Job>
  close(): Promise<void>
}

export async function aSessionHouse({
  approvals = [],
  quotas,
}: {
  approvals?: PolicySettings['approvals']
  quotas?: QuotaSettings
} = {}): Promise<SessionHouse> {
  const path = mkdtempSync(join(tmpdir(), 'qnav-session-house-'))
  const daemon = new SessionDaemon()
  await daemon.start()
  const made = createFleet({ hosts: [sessionHost(daemon)], log })
  const real = made.fleet.agent('kvm1')
  const rest = aFleet({ hosts: [{ name: 'kvm1', images: [anImage({ name: 'tiny.qcow2' })] }] }).host('kvm1')
  const shortened: Partial<Agent> = {
    images: () => rest.images(),
    pools: () => rest.pools(),
    networks: () => rest.networks(),
    capacity: () => rest.capacity(),
    orphansOf: async () => [],
    createVm: async ({ name }) => {
      await daemon.define(name)
      return vi.waitUntil(() => real.find(name), { timeout: 5000 })
    },
  }
  const agent = new Proxy(real, {
    get: (target, key) => {
      const value: unknown = Reflect.get(shortened, key) ?? Reflect.get(target, key)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  const fleet = { ...made.fleet, agents: [agent], agent: () => agent }
  const roles = { operator: only(asker.id), approver: only(approver.id), admin: { users: [], groups: [] } }
  const audit = async () => {}
  const jobs = createJobs({ data: { path }, audit, log })
  const requests = createRequests({
    catalogue: await loadCatalogue(commands),
    policy: createPolicy({ settings: { roles, approvals }, log }),
    fleet,
    jobs,
    schedules: createSchedules({ data: { path }, jobs, audit, log }),
    audit,
    ...(quotas === undefined ? {} : { quotas }),
  })
  await jobs.start()
  const until: SessionHouse['until'] = ({ id }, isSo) =>
    vi.waitUntil(() => [jobs.get(id)].find(isSo), { timeout: 60_000, interval: 20 })
  return {
    daemon,
    agent,
    jobs,
    requests,
    until,
    async ask(text, person = asker) {
      const answer = await requests.handle({ text, person, origin: { surface: 'terminal' } })
      if (answer.kind !== 'job') throw new Error(`${text} was answered at once`)
      return answer.job
    },
    over: (job) => until(job, isOver),
    async close() {
      await jobs.stop()
      await made.close()
      await daemon.close()
      rmSync(path, { recursive: true, force: true })
    },
  }
}
