/** Composition root: builds the parts and connects them. The bot is the house plus Slack; `qnav run` is the house alone. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import { createFleet, type Fleet } from './agents/index.js'
import { openAuditMirrors } from './audit-mirror/index.js'
import { auditReading } from './audit-search.js'
import { type Catalogue, loadCatalogue, type Reloaded } from './command/index.js'
import type { Config, Settings, SlackSettings } from './config/index.js'
import { UserError } from './errors.js'
import { createJobs, createSchedules, type Jobs, type Person, type Schedules } from './jobs/index.js'
import { createLeaseWatch, registerLeaseEnd } from './leases/index.js'
import type { Logger } from './log.js'
import { createPolicy, type GroupDirectory, type PeopleDirectory, type Policy } from './policy/index.js'
import { openPreferences, type PreferenceBook } from './preferences/index.js'
import { createRequests, type Requests } from './request/index.js'
import { createSlackSurface } from './slack/index.js'
import { type AuditLog, migrateStore, openAuditLog, openDataDirectory } from './store/index.js'
import { serveTerminal } from './terminal/index.js'

const dayMs = 24 * 3_600_000

/** Where the command files are: beside this file's folder, as sources and as built files alike. */
const commandsDirectory = fileURLToPath(new URL('../commands', import.meta.url))

/** Everything but Slack. */
export interface House {
  requests: Requests
  catalogue: Catalogue
  fleet: Fleet
  policy: Policy
  jobs: Jobs
  schedules: Schedules
  preferences: PreferenceBook
  audit: Pick<AuditLog, 'follow'>
  /** Where what must survive a restart is kept. */
  dataDirectory: string
  /** Resumes unfinished jobs and opens the terminal's entrance. Call once every surface listens. `schedules: 'rest'` asks for
   * nothing that is due: for a house that is there for one line. */
  open(how?: { schedules: 'rest' }): Promise<void>
  /** Reads qnav.yml again and takes its roles, approvals, quotas and rates. Rejects with what is wrong with it; then the one
   * before stays in force. `by` is absent for a signal. */
  reload(by?: Person): Promise<Reloaded>
  /** Stops in the reverse order; jobs under way go on at the next start. */
  close(): Promise<void>
}

/** Where `qnav run` finds the running bot. */
export function terminalSocket(dataDirectory: string): string {
  return join(dataDirectory, 'qnav.sock')
}

export interface HouseOptions {
  /** Asked only once requests come in, so it may be a surface that starts later. */
  directory?: GroupDirectory & PeopleDirectory
  /** Loads the configuration anew; absent where it is loaded anew each time anyway. */
  readAgain?: (warn: (sentence: string) => void) => Promise<Config>
}

/**
 * Builds the house on its data directory. Rejects with `data-dir-in-use` when another process has it.
 */
export async function buildHouse(
  settings: Settings,
  log: Logger,
  { directory, readAgain }: HouseOptions = {},
): Promise<House> {
  const closers: (() => Promise<void>)[] = []
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) {
      await closer().catch((error: unknown) => log.error({ err: error }, 'a part did not close'))
    }
  }
  try {
    const data = await openDataDirectory(settings.dataDirectory, { log })
    closers.push(() => data.close())
    const { from, to, steps } = await migrateStore(data, { log })
    const auditLog = await openAuditLog(data, { log })
    closers.push(() => auditLog.close())
    const audit = auditLog.append.bind(auditLog)
    let { auditKeepMs } = settings
    const cutAudit = async () => {
      if (auditKeepMs === undefined) return
      const entries = await auditLog.retain(auditKeepMs)
      if (entries > 0) log.info({ entries }, 'old entries of the audit log were cut off')
    }
    const cutDaily = () =>
      void cutAudit().catch((error: unknown) => log.error({ err: error }, 'the audit log was not cut'))
    const cutting = setInterval(cutDaily, dayMs)
    closers.push(async () => clearInterval(cutting))
    if (steps.length > 0) await audit({ event: 'store.migrated', from, to })

    const { fleet, close: closeFleet } = createFleet({ hosts: settings.hosts, log })
    closers.push(closeFleet)
    const policy = createPolicy({
      settings: settings.policy,
      log,
      ...(directory ? { groups: directory, people: directory } : {}),
    })
    const jobs = createJobs({
      ...{ data, audit, log },
      keepFinished: settings.jobs.keep,
      keepArchivedMs: settings.jobs.archiveMs,
    })
    closers.push(() => jobs.stop())
    registerLeaseEnd(jobs, fleet)
    const preferences = await openPreferences(data, { log })
    const schedules = createSchedules({ data, jobs, audit, log })
    closers.push(() => schedules.stop())
    const catalogue = await loadCatalogue(commandsDirectory)
    const { quotas, rates, busy, leases } = settings
    let current: Config = settings
    const take = async (by: Person | undefined): Promise<Reloaded> => {
      if (readAgain === undefined) throw new Error('this house has no configuration to read again')
      const asked = by === undefined ? {} : { by }
      try {
        const warnings: string[] = []
        const config = await readAgain((sentence) => warnings.push(sentence))
        const changed = differing(current, config, takenAtOnce)
        const needRestart = differing(settings, config, takenAtStart)
        policy.renew(config.policy)
        requests.renew(config)
        current = config
        auditKeepMs = config.auditKeepMs
        await audit({ event: 'config.read', ...asked, changed, needRestart })
        return { file: config.path, changed, needRestart, warnings }
      } catch (error) {
        if (error instanceof UserError) await audit({ event: 'config.refused', ...asked, why: error.message })
        throw error
      }
    }
    // One after the other: the file that was read last counts.
    let taking: Promise<unknown> = Promise.resolve()
    const reload = (by?: Person) => {
      const mine = taking.then(() => take(by))
      taking = mine.catch(() => {})
      return mine
    }
    const requests = createRequests({
      ...{ catalogue, policy, fleet, jobs, schedules, audit, rates, busy },
      auditReading: auditReading(data),
      preferences,
      ...(readAgain === undefined ? {} : { reload }),
      timeZone: settings.timeZone,
      ...(quotas === undefined ? {} : { quotas }),
      ...(leases === undefined ? {} : { leases }),
    })

    return {
      requests,
      catalogue,
      fleet,
      policy,
      jobs,
      schedules,
      preferences,
      audit: auditLog,
      dataDirectory: data.path,
      async open(how) {
        await jobs.start()
        cutDaily()
        await schedules.start({ atRest: how?.schedules === 'rest' })
        const terminal = await serveTerminal(terminalSocket(data.path), { requests, jobs, log })
        closers.push(() => terminal.stop())
      },
      reload,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

type Part = (config: Config) => unknown

/** What is taken while the bot runs, by its key in qnav.yml. */
const takenAtOnce: Readonly<Record<string, Part>> = {
  roles: ({ policy }) => policy.roles,
  custom_roles: ({ policy }) => policy.custom,
  'slack.guests': ({ policy }) => policy.guests,
  approvals: ({ policy }) => policy.approvals,
  'break_glass.roles': ({ policy }) => policy.breakGlass,
  quotas: ({ quotas }) => quotas,
  leases: ({ leases }) => leases,
  rates: ({ rates }) => rates,
  locks: ({ busy }) => busy,
  'audit.keep': ({ auditKeepMs }) => auditKeepMs,
  time_zone: ({ timeZone }) => timeZone,
}

const takenAtStart: Readonly<Record<string, Part>> = {
  jobs: ({ jobs }) => jobs,
  'audit.mirror': ({ auditMirror }) => auditMirror,
  // Without what cannot be compared: passphrases are functions.
  hosts: ({ hosts }) => JSON.parse(JSON.stringify(hosts)),
  'slack.approvals_channel': ({ approvalsChannel }) => approvalsChannel,
  break_glass: ({ breakGlass }) => breakGlass,
}

function differing(before: Config, now: Config, parts: Readonly<Record<string, Part>>): string[] {
  return Object.entries(parts)
    .filter(([, part]) => !isDeepStrictEqual(part(before), part(now)))
    .map(([key]) => key)
}

export interface Bot {
  /** As {@link House.reload}. */
  reload: House['reload']
  stop(): Promise<void>
}

/** Starts the whole bot. Resolves when Slack is connected. Rejects with a UserError when a part cannot start. */
export async function startBot(
  settings: Settings & { slack: SlackSettings },
  log: Logger,
  readAgain?: HouseOptions['readAgain'],
): Promise<Bot> {
  // Policy asks Slack for group members and who somebody is, Slack hands requests to the house: the directory is bound
  // before it is asked.
  let slackDirectory: (GroupDirectory & PeopleDirectory) | undefined
  const directory = () => {
    if (slackDirectory === undefined) throw new Error('Slack is not there yet')
    return slackDirectory
  }
  const house = await buildHouse(settings, log, {
    directory: {
      membersOf: async (id) => directory().membersOf(id),
      standingOf: async (id) => directory().standingOf(id),
    },
    ...(readAgain === undefined ? {} : { readAgain }),
  })
  try {
    const slack = createSlackSurface({
      settings: settings.slack,
      requests: house.requests,
      catalogue: house.catalogue,
      fleet: house.fleet,
      policy: house.policy,
      jobs: house.jobs,
      schedules: house.schedules,
      dataDirectory: house.dataDirectory,
      preferences: house.preferences,
      log,
      ...(settings.approvalsChannel ? { approvalsChannel: settings.approvalsChannel } : {}),
      ...(settings.breakGlass ? { breakGlass: settings.breakGlass } : {}),
    })
    slackDirectory = { ...slack.groups, ...slack.people }
    const mirrors = await openAuditMirrors(settings.auditMirror, {
      audit: house.audit,
      data: { path: house.dataDirectory },
      channelSink: (channel) => slack.auditChannel(channel),
      log,
    })
    const leases = createLeaseWatch({
      ...{ fleet: house.fleet, jobs: house.jobs, news: slack.leases, log },
      data: { path: house.dataDirectory },
    })
    // Jobs first: what Slack delivers in its first second must find them loaded.
    await house.open()
    await slack.start()
    await slack.catchUp()
    mirrors.start()
    await leases.start()
    return {
      reload: (by) => house.reload(by),
      async stop() {
        await leases.stop()
        await mirrors.stop()
        await slack.stop()
        await house.close()
      },
    }
  } catch (error) {
    await house.close()
    throw error
  }
}
