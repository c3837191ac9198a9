/** Commands over a fleet in memory: a line goes in, its plan or report comes out, as through the whole house. */
import { fileURLToPath } from 'node:url'
import type { Fleet } from '../../src/agents/index.js'
import {
  type Catalogue,
  type LeaseTerms,
  loadCatalogue,
  type QuotaReading,
  type ReadContext,
} from '../../src/command/index.js'
import { UserError } from '../../src/errors.js'
import type { Job, Jobs, Json, StepRecord } from '../../src/jobs/index.js'
import type { Preferences } from '../../src/preferences/index.js'
import type { Plan, Report } from '../../src/report/index.js'

let loaded: Promise<Catalogue> | undefined

export function theCatalogue(): Promise<Catalogue> {
  loaded ??= loadCatalogue(fileURLToPath(new URL('../../commands', import.meta.url)))
  return loaded
}

export interface Person {
  id: string
  name?: string
  roles?: string[]
  mayAsk?: ReadContext['mayAsk']
  mayApprove?: boolean
  isAdmin?: boolean
}

const ann: Person = { id: 'U1', name: 'ann' }

/** What a read command answers. */
export async function ask(
  line: string,
  {
    fleet,
    jobs,
    by = ann,
    quotas = noQuotas,
    preferences = { mine: () => ({}), set: async () => {} },
    audit = { search: async () => ({ hits: [] }) },
    reload = async () => {
      throw new Error('there is nothing to read again')
    },
    schedules = noSchedules,
  }: {
    fleet: Fleet
    jobs?: Partial<Jobs>
    by?: Person
    quotas?: QuotaReading
    reload?: ReadContext['reload']
    schedules?: ReadContext['schedules']
    audit?: ReadContext['audit']
    preferences?: ReadContext['preferences']
  },
): Promise<Report> {
  const catalogue = await theCatalogue()
  const { command, args } = catalogue.parse(line)
  if (command.risk !== 'read') throw new Error(`"${line}" changes something`)
  // Nothing is archived where the test does not say so.
  const get = jobs?.get
  const find = jobs?.find ?? (get && (async (job: string) => get(job)))
  const { id, name, roles = ['viewer', 'operator'], mayApprove = false, isAdmin = false } = by
  return command.run(args, {
    caller: { id, ...(name === undefined ? {} : { name }), roles },
    fleet,
    jobs: { ...noJobs, ...jobs, ...(find === undefined ? {} : { find }) },
    catalogue,
    quotas,
    schedules,
    held: roles.map((role) => ({ role, why: 'given' })),
    mayAsk: by.mayAsk ?? (() => ({ answer: 'yes' })),
    reload,
    audit,
    preferences,
    explain: async () => {
      throw new Error('nothing can be explained without policy')
    },
    mayApprove,
    mayDecide: () => mayApprove,
    isAdmin,
  })
}

/** The plan of a command that changes something, with what it settled. Went through JSON, as in a journal. */
export async function plan(
  line: string,
  {
    fleet,
    by = ann,
    preferences,
    leases,
  }: { fleet: Fleet; by?: Person; preferences?: Preferences; leases?: LeaseTerms },
): Promise<{ plan: Plan; args: Record<string, unknown>; locks: string[] }> {
  const { command, args } = (await theCatalogue()).parse(line)
  if (command.risk === 'read') throw new Error(`"${line}" changes nothing`)
  const planned = await command.plan(jsonOf(args), {
    caller: by,
    fleet,
    ...(preferences === undefined ? {} : { preferences }),
    ...(leases === undefined ? {} : { leases }),
  })
  return jsonOf({ plan: planned.plan, args: planned.args, locks: planned.locks })
}

/** Codes and sentences of what stands in the way. */
export async function blockers(
  line: string,
  options: { fleet: Fleet; by?: Person; leases?: LeaseTerms },
): Promise<string[]> {
  const { plan: made } = await plan(line, options)
  return made.kind === 'ready' ? [] : made.blockers.map(({ code, message }) => `${code}: ${message}`)
}

export interface Work {
  /** Resolves with the final report. */
  done: Promise<Report>
  /** Interim results, the latest last. */
  published: Report[]
  /** Progress lines of all steps. */
  progress: string[]
  job: Job
  /** As `job cancel` does it. */
  cancel(): void
  /** The same job once more, as after a restart of the bot: finished steps give their journalled result. */
  restart(): Promise<Work>
}

/** Plans, refuses what is blocked, then works. `since` happens between the approval and the work. */
export async function begin(
  line: string,
  { fleet, since }: { fleet: Fleet; since?: () => void },
): Promise<Work> {
  const settled = await plan(line, { fleet })
  if (settled.plan.kind === 'blocked') {
    const [{ code, message, fix }] = settled.plan.blockers
    throw new UserError(code, message, { fix })
  }
  since?.()
  const job = aJob({ title: line, state: 'running', plan: settled.plan })
  return run(line, settled.args, job, fleet)
}

async function run(line: string, args: Record<string, unknown>, job: Job, fleet: Fleet): Promise<Work> {
  const { command } = (await theCatalogue()).parse(line)
  if (command.risk === 'read') throw new Error(`"${line}" changes nothing`)
  const ending = new AbortController()
  const published: Report[] = []
  const progress: string[] = []
  const done = command.run(args, {
    job,
    fleet,
    agent: (host) => fleet.agent(host),
    signal: ending.signal,
    publish: (report) => {
      published.push(jsonOf(report))
    },
    step: async (name, work) => {
      const known = job.steps.find((step) => step.name === name && step.state === 'done')
      if (known !== undefined) return known.result as never
      const record: StepRecord = { name, state: 'running', startedAt: new Date().toISOString() }
      job.steps.push(record)
      const result = await work({
        key: `${job.id}/${name}`,
        signal: ending.signal,
        progress: (said) => {
          progress.push(said)
        },
      })
      record.state = 'done'
      record.endedAt = new Date().toISOString()
      if (result !== undefined) record.result = jsonOf<Json>(result)
      return record.result as never
    },
  })
  // Tests look at it when the time they play with has passed.
  done.catch(() => undefined)
  return {
    done,
    published,
    progress,
    job,
    cancel: () => ending.abort(new UserError('cancelled', 'Cancelled by ann.', { fix: 'Ask again.' })),
    async restart() {
      ending.abort(new Error('the bot stops'))
      await done.catch(() => undefined)
      return run(line, args, jsonOf(job), fleet)
    },
  }
}

/** Plans and works to the end. */
export async function work(line: string, options: { fleet: Fleet; since?: () => void }): Promise<Report> {
  return (await begin(line, options)).done
}

export function aJob(job: Partial<Job> = {}): Job {
  return {
    id: 'j-test1',
    body: 'command',
    version: 1,
    title: 'vm start web1',
    input: {},
    requester: ann,
    origin: { surface: 'terminal' },
    state: 'running',
    locks: [],
    steps: [],
    createdAt: '2026-01-02T03:04:05.000Z',
    updatedAt: '2026-01-02T03:04:05.000Z',
    revision: 1,
    ...job,
  }
}

/** Facts by their label. */
export function factsOf(report: Pick<Report, 'facts'>): Record<string, string> {
  return Object.fromEntries((report.facts ?? []).map(({ label, value }) => [label, value]))
}

/** Command lines that the report offers, by label. */
export function offers(report: Report): Record<string, string> {
  return Object.fromEntries((report.actions ?? []).map(({ label, command }) => [label, command]))
}

function jsonOf<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T
}

const noSchedules: ReadContext['schedules'] = {
  timeZone: 'UTC',
  get(id) {
    throw new UserError('unknown-schedule', `There is no schedule ${id}.`, { fix: 'schedule list' })
  },
  list: () => [],
  next: () => '2026-01-03T03:00:00.000Z',
  create: async () => {
    throw new Error('not expected')
  },
  delete: async () => {
    throw new Error('not expected')
  },
}

const noQuotas: QuotaReading = { of: async () => ({ lines: [], notes: [] }) }

const noJobs: ReadContext['jobs'] = {
  get(id) {
    throw new UserError('unknown-job', `There is no job ${id}.`, { fix: 'job list' })
  },
  async find(id) {
    return noJobs.get(id)
  },
  list: () => [],
  history: async () => [],
  locks: () => [],
  decide: async () => {
    throw new Error('not expected')
  },
  review: async () => {
    throw new Error('not expected')
  },
  cancel: async () => {
    throw new Error('not expected')
  },
}
