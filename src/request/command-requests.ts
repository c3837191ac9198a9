/** Text in, answer out: parse with the command's own schema, ask policy, then read now or start a job. */
import type { Fleet } from '../agents/agent.js'
import {
  type AskedCommand,
  type AuditReading,
  askedOf,
  type Catalogue,
  type Manner,
  type MayAsk,
  type ReadContext,
  type Reloaded,
} from '../command/index.js'
import { UserError } from '../errors.js'
import type { Jobs, Json, Person, Schedules } from '../jobs/index.js'
import type { Policy, Rights } from '../policy/index.js'
import type { PreferenceBook } from '../preferences/index.js'
import type { AuditLog } from '../store/index.js'
import { commandJob, commandJobName, commandJobVersion, foreseenPlan } from './command-job.js'
import { explain } from './explanation.js'
import { withHistory } from './lately.js'
import { QuotaGate } from './quota-gate.js'
import { RateLimits } from './rate-limits.js'
import type { Answer, Limits, Request, Requests } from './request.js'
import { schedulesFor, workSchedules } from './schedules.js'
import { hasSecret, secretTyped } from './typed-secrets.js'

export interface RequestParts extends Limits {
  catalogue: Catalogue
  policy: Policy
  fleet: Fleet
  jobs: Jobs
  schedules: Schedules
  audit: AuditLog['append']
  /** Absent where nobody has any. */
  preferences?: PreferenceBook
  /** Absent where no audit log is kept. */
  auditReading?: AuditReading
  /** Absent where no bot runs: a single line in a terminal. */
  reload?: (by: Person) => Promise<Reloaded>
}

/** Registers the job bodies, asks for what schedules have due, and returns the one entrance for every surface. Call before
 * `jobs.start()`. */
export function createRequests(parts: RequestParts): Requests {
  const rates = new RateLimits(parts.rates)
  let { busy, leases } = parts
  const preferences = parts.preferences ?? noPreferences
  const { catalogue, policy, fleet, jobs, schedules, audit, quotas: settings } = parts
  let timeZone = parts.timeZone ?? 'UTC'
  const quotas = new QuotaGate({ fleet, policy, jobs, ...(settings === undefined ? {} : { settings }) })
  jobs.register(
    commandJobName,
    commandJobVersion,
    commandJob({ catalogue, policy, fleet, quotas, jobs, preferences, leases: () => leases }),
  )

  const requests: Requests = {
    renew(limits) {
      quotas.renew(limits.quotas)
      rates.renew(limits.rates)
      busy = limits.busy
      leases = limits.leases
      timeZone = limits.timeZone ?? 'UTC'
    },

    mayChange(text) {
      try {
        const { command } = catalogue.parse(text)
        if (command.risk === 'read') return command.lasting === true
        // It will be refused, and must not be written down before.
        return !hasSecret(text)
      } catch {
        // Whoever handles it says what is wrong with it.
        return false
      }
    },

    async preview({ person, text }) {
      rates.admit(person, 'commands')
      const rights = await policy.rightsOf(person)
      const { path, command, args, manner, line } = catalogue.parse(text)
      rights.demand(askedOf({ path, command }))
      if (command.risk === 'read') return undefined
      demandManner(rights, manner, line)
      if (hasSecret(text) || hasSecret(line)) throw secretTyped()
      const foreseen = await foreseenPlan(
        { policy, fleet, quotas, jobs, preferences, leases: () => leases },
        { path, command, args, manner, line },
        person,
      )
      return { plan: foreseen.plan, approval: manner.breakGlass ? undefined : foreseen.needs?.rule }
    },

    async handle(request: Request): Promise<Answer> {
      const { person, origin, text, idempotencyKey: key } = request
      rates.admit(person, 'commands', key)
      const rights = await policy.rightsOf(person)
      try {
        const { path, command, args, manner, line } = catalogue.parse(text)
        rights.demand(askedOf({ path, command }))
        if (command.risk === 'read') {
          if (command.audited === true) await audit({ event: 'read', by: person, text: line })
          const context: ReadContext = {
            caller: { ...person, roles: rights.roles },
            held: rights.held,
            fleet,
            jobs,
            catalogue,
            quotas,
            schedules: schedulesFor(request, rights, { catalogue, schedules, timeZone: () => timeZone }),
            mayAsk: (asked) => mayAsk(rights, policy, asked),
            preferences: {
              mine: () => preferences.of(person.id),
              set: (wanted) => preferences.set(person.id, wanted),
            },
            audit: parts.auditReading ?? noAuditLog,
            reload: async () => {
              if (parts.reload === undefined) throw notRunning()
              return parts.reload(person)
            },
            explain: (typed, as = person) => {
              if (hasSecret(typed)) throw secretTyped()
              return explain(
                { catalogue, policy, fleet, quotas, jobs, preferences, leases: () => leases },
                typed,
                as,
              )
            },
            mayApprove: rights.mayApprove,
            mayDecide: ({ approval, breakGlass }) => rights.mayDecide(breakGlass?.rule ?? approval?.rule),
            isAdmin: rights.isAdmin,
          }
          const report = await command.run(args, context).catch((error: unknown) => {
            throw withHistory(error, { command, args, jobs })
          })
          return { kind: 'report', report }
        }
        demandManner(rights, manner, line)
        if (hasSecret(text) || hasSecret(line)) throw secretTyped()
        rates.admit(person, 'changes', key)
        const job = await jobs.submit({
          body: commandJobName,
          title: line,
          input: {
            path,
            args: args as Json,
            ...(manner.breakGlass ? { breakGlass: true } : {}),
            ...((manner.busy ?? busy) === 'refuse' ? { busy: 'refuse' } : {}),
          },
          requester: person,
          ...(manner.reason === undefined ? {} : { reason: manner.reason }),
          origin,
          ...(key === undefined ? {} : { idempotencyKey: key }),
        })
        return { kind: 'job', job }
      } catch (error) {
        if (error instanceof UserError && error.code === 'not-allowed') {
          await audit({ event: 'refused', by: person, text, why: error.message })
        }
        throw error
      }
    },
  }
  workSchedules({ requests, jobs, schedules })
  return requests
}

/** An emergency is declared by those who may, and with a reason. */
function demandManner(rights: Rights, { breakGlass, reason }: Manner, line: string): void {
  if (!breakGlass) return
  rights.demandBreakGlass()
  if (reason !== undefined) return
  throw new UserError(
    'missing-argument',
    '--break-glass needs a reason: everybody will read it, and somebody reviews it.',
    {
      fix: `For example: ${line} --reason "the disk is full and nobody answers"`,
    },
  )
}

function mayAsk(rights: Rights, policy: Policy, asked: AskedCommand): MayAsk {
  if (!rights.mayAsk(asked)) return { answer: 'no' }
  const where = rights.reach(asked)
  return {
    answer: policy.approvalNeed(asked) === 'never' ? 'yes' : 'with approval',
    ...(where === undefined ? {} : { where }),
  }
}

const noPreferences: PreferenceBook = {
  of: () => ({}),
  async set() {
    throw new UserError('unsupported', 'No preferences are kept here.', { fix: 'Ask the running bot.' })
  },
}

const noAuditLog: AuditReading = {
  async search() {
    throw new UserError('unsupported', 'No audit log is kept here.', { fix: 'Ask the running bot.' })
  },
}

function notRunning(): UserError {
  return new UserError('unsupported', 'No bot runs here that could read qnav.yml again.', {
    fix: 'Every `qnav run` reads it anew by itself.',
  })
}
