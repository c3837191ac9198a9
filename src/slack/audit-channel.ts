/** The audit log in a channel: who asked for what, who decided, what came of it. Steps of jobs are on their cards. */
import type { Sink } from '../audit-mirror/index.js'
import type { Outbox } from './outbox/index.js'
import { auditNews } from './views/index.js'

/** Not worth a line: what the cards of jobs tell anyway. */
const untold = /^job\.(?:step-.*|started|planned|approval-asked|undoing)$/

export interface AuditChannelParts {
  /** Undefined until Slack is there. */
  outbox(): Pick<Outbox, 'post'> | undefined
  /** Channel id. */
  channel: string
}

export function auditChannel({ outbox, channel }: AuditChannelParts): Sink {
  return {
    async take(records) {
      const told = records.filter(({ entry }) => !untold.test(entry.event))
      const [first] = told
      const last = told.at(-1)
      if (first === undefined || last === undefined) return
      const now = outbox()
      if (now === undefined) throw new Error('Slack is not there yet')
      // The audit log keeps it until it is posted, so no other disk needs to.
      await now.post({
        key: `audit:${first.seq}-${last.seq}`,
        channel,
        message: auditNews(told, { from: first.seq, to: last.seq }),
        atOnce: true,
      })
    },
    stop: async () => {},
  }
}
