/** The house without surfaces: real catalogue, policy and job engine over a fleet in memory. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished, vi } from 'vitest'
import { type Catalogue, type LeaseTerms, loadCatalogue } from '../../src/command/index.js'
import {
  type Clock,
  createJobs,
  createSchedules,
  isOver,
  type Job,
  type Jobs,
  type Schedules,
} from '../../src/jobs/index.js'
import { registerLeaseEnd } from '../../src/leases/index.js'
import { createLog } from '../../src/log.js'
import {
  type ApprovalEntry,
  createPolicy,
  type Policy,
  type PolicySettings,
  type QuotaSettings,
} from '../../src/policy/index.js'
import { createRequests, type Requests } from '../../src/request/index.js'
import type { AuditEntry } from '../../src/store/index.js'
import { aFleet, anImage, aVm, type FakeHostOptions } from '../fakes/fleet.js'

export const ann = { id: 'UANN', name: 'Ann' }
export const ben = { id: 'UBEN', name: 'Ben' }
export const vic = { id: 'UVIC', name: 'Vic' }

const commands = fileURLToPath(new URL('../../commands', import.meta.url))
const log = createLog({ level: 'silent' })
const roles = {
  operator: { users: [ann.id], groups: [] },
  approver: { users: [ben.id], groups: [] },
  admin: { users: [], groups: [] },
}

export interface TestHouse {
  requests: Requests
  jobs: Jobs
  audit: AuditEntry[]
  /** As after SIGHUP. */
  renew(approvals: ApprovalEntry[]): void
  policy: Policy
  catalogue: Catalogue
  /** The data directory. */
  path: string
  settings: PolicySettings
  fleet: ReturnType<typeof aFleet>
  /** The same house once more on the same data, as after a restart of the bot. */
  restart(): Promise<void>
  /** Types a line and gives the job it started. */
  ask(text: string, who?: { id: string }): Promise<Job>
  /** Waits until the job is in one of the states. */
  until(job: Job, ...states: Job['state'][]): Promise<Job>
  over(job: Job): Promise<Job>
}

/** One host, kvm1, with a VM web1 that runs. Changes need one approver unless told otherwise. */
export async function aHouse({
  approvals = true,
  rules,
  breakGlass,
  people = {},
  now,
  readOnly = false,
  helper,
  custom = {},
  quotas,
  rates,
  busy,
  hosts,
  clock,
  leases,
}: {
  /** Of schedules. */
  clock?: Clock

  rates?: { commandsPerMinute: number; changesPerHour: number }
  quotas?: QuotaSettings
  leases?: LeaseTerms
  busy?: 'queue' | 'refuse'
  /** Instead of kvm1. */
  hosts?: FakeHostOptions[]
  /** Roles beside the built-in ones. */
  custom?: NonNullable<PolicySettings['custom']>
  /** Somebody who may ask for changes and is no operator. */
  helper?: string
  approvals?: boolean
  /** Instead of one approver for everything. */
  rules?: ApprovalEntry[]
  /** Roles that may break the glass. */
  breakGlass?: string[]
  /** More members of the built-in roles. */
  people?: Partial<Record<'operator' | 'approver' | 'admin', string[]>>
  now?: () => number
  readOnly?: boolean
} = {}): Promise<TestHouse> {
  const path = await mkdtemp(join(tmpdir(), 'qnav-house-'))
  const audit: AuditEntry[] = []
  const append = async (entry: AuditEntry) => void audit.push(entry)
  const fleet = aFleet({
    hosts: hosts ?? [
      {
        name: 'kvm1',
        readOnly,
        vms: [aVm({ name: 'web1', state: 'running' })],
        images: [anImage({ name: 'rocky9.qcow2' })],
      },
    ],
  })
  const settings: PolicySettings = {
    roles: {
      operator: { users: [...roles.operator.users, ...(people.operator ?? [])], groups: [] },
      approver: { users: [...roles.approver.users, ...(people.approver ?? [])], groups: [] },
      admin: { users: people.admin ?? [], groups: [] },
    },
    ...(breakGlass === undefined ? {} : { breakGlass }),
    custom: {
      ...(helper === undefined
        ? {}
        : {
            helper: {
              users: [helper],
              groups: [],
              may: [{ risks: ['change', 'destructive'] }],
              decides: false,
            },
          }),
      ...custom,
    },
    approvals:
      rules ??
      (approvals
        ? [{ risks: ['change', 'destructive', 'host'], rule: { approvers: 1, expiresMs: 3_600_000 } }]
        : []),
  }
  const policy = createPolicy({ settings, log, ...(now === undefined ? {} : { now }) })
  const catalogue = await loadCatalogue(commands)
  const build = async (): Promise<{ jobs: Jobs; requests: Requests; schedules: Schedules }> => {
    const built = createJobs({ data: { path }, audit: append, log })
    const calendar = createSchedules({
      ...{ data: { path }, jobs: built, audit: append, log },
      ...(clock === undefined ? {} : { clock }),
    })
    const entrance = createRequests({
      catalogue,
      policy,
      fleet: fleet.fleet,
      jobs: built,
      schedules: calendar,
      audit: append,
      ...(quotas === undefined ? {} : { quotas }),
      ...(rates === undefined ? {} : { rates }),
      ...(busy === undefined ? {} : { busy }),
      ...(leases === undefined ? {} : { leases }),
    })
    registerLeaseEnd(built, fleet.fleet)
    await built.start()
    await calendar.start()
    return { jobs: built, requests: entrance, schedules: calendar }
  }
  let { jobs, requests, schedules } = await build()
  onTestFinished(async () => {
    await schedules.stop()
    await jobs.stop()
    await rm(path, { recursive: true, force: true })
  })
  const until = (job: Job, ...states: Job['state'][]) =>
    vi.waitFor(
      () => {
        const now = jobs.get(job.id)
        if (!states.includes(now.state))
          throw new Error(`${job.id} is ${now.state}: ${now.error?.message ?? ''}`)
        return now
      },
      { timeout: 10_000, interval: 10 },
    )
  return {
    get requests() {
      return requests
    },
    get jobs() {
      return jobs
    },
    audit,
    renew: (approvals) => policy.renew({ ...settings, approvals }),
    policy,
    catalogue,
    path,
    settings,
    fleet,
    async restart() {
      await schedules.stop()
      await jobs.stop()
      ;({ jobs, requests, schedules } = await build())
    },
    async ask(text, person = ann) {
      const answer = await requests.handle({ text, person, origin: { surface: 'terminal' } })
      if (answer.kind !== 'job')
        throw new Error(`"${text}" was answered with a report: ${answer.report.title}`)
      return answer.job
    },
    until,
    over: (job) =>
      vi.waitFor(
        () => {
          const now = jobs.get(job.id)
          if (!isOver(now)) throw new Error(`${job.id} is ${now.state}`)
          return now
        },
        { timeout: 10_000, interval: 10 },
      ),
  }
}
