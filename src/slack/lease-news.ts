/** What is said about leases: to the owner in a direct message, and to those who approve where that cannot be. */
import type { LeaseNews } from '../leases/index.js'
import type { Logger } from '../log.js'
import type { PeopleDirectory } from '../policy/index.js'
import type { Preferences } from '../preferences/index.js'
import { quietUntil } from '../preferences/index.js'
import { type Report, reportIn } from '../report/index.js'
import { type Outbox, PostFailed } from './outbox/index.js'
import { reportMessage } from './views/index.js'

export interface LeaseNewsParts {
  /** Undefined until Slack is there. */
  outbox(): Pick<Outbox, 'post'> | undefined
  people: PeopleDirectory
  approvalsChannel: string | undefined
  preferences: { of(person: string): Preferences }
  now(): number
  log: Logger
}

const slackUser = /^[UW][A-Z0-9]+$/

export function leaseNews(parts: LeaseNewsParts): LeaseNews {
  const { outbox, people, approvalsChannel, preferences, now, log } = parts

  /** `false` when Slack says no. Rejects when Slack was not reached: it is tried again. */
  async function post(key: string, channel: string, report: Report): Promise<boolean> {
    const sending = outbox()
    if (sending === undefined) throw new Error('Slack is not there yet')
    const { text, blocks } = reportMessage(report)
    try {
      await sending.post({ key, channel, message: { text, blocks }, mayExist: true, worth: 'card' })
      return true
    } catch (error) {
      if (error instanceof PostFailed && error.refused) return false
      throw error
    }
  }

  async function tellOwner(key: string, owner: string, report: Report): Promise<boolean> {
    if (!slackUser.test(owner)) return false
    // Slack takes messages to people who left, and nobody reads them.
    const standing = await people.standingOf(owner).catch(() => undefined)
    if (standing === 'deactivated') return false
    const { timeZone } = preferences.of(owner)
    return post(key, owner, timeZone === undefined ? report : reportIn(timeZone, report))
  }

  return {
    quietUntil: (person) => quietUntil(preferences.of(person), now()),
    async tell({ key, owner, report, toApprovers }) {
      const isTold = await tellOwner(key, owner, report)
      if (isTold && !toApprovers) return
      const unheard = isTold ? [] : [`Its owner, ${owner}, cannot be told.`]
      const words = { ...report, notes: [...unheard, ...(report.notes ?? [])] }
      const isSaid =
        approvalsChannel !== undefined && (await post(`${key}:approvers`, approvalsChannel, words))
      if (!isSaid && !isTold) log.error({ owner, title: report.title }, 'nobody could be told about a lease')
    },
  }
}
