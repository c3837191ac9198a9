/** What of a plan is approved: where it happens, everything that changes, and what was warned of. */
import { createHash } from 'node:crypto'
import type { PlanDifference } from '../jobs/index.js'
import type { Change, Plan } from '../report/index.js'

/** SHA-256 in hexadecimal of what matters. Facts are context that moves by itself (free memory, uptime) and do not count. */
export function planDigest({ host, changes, warnings }: Plan): string {
  return createHash('sha256')
    .update(JSON.stringify([host, changes.map(keyOf).sort(), [...warnings].sort()]))
    .digest('hex')
}

/** What would be otherwise than it was approved. A warning that is no more is none of it. */
export function planDifferences(approved: Plan, now: Plan): PlanDifference[] {
  const gone = without(approved.changes, now.changes)
  const added = without(now.changes, approved.changes)
  return [
    ...(approved.host === now.host ? [] : [{ what: 'Host', approved: approved.host, now: now.host }]),
    ...gone.map((change): PlanDifference => {
      const place = added.findIndex(({ what }) => what === change.what)
      const [instead] = place === -1 ? [] : added.splice(place, 1)
      return {
        what: change.what,
        approved: wordsOf(change),
        ...(instead === undefined ? {} : { now: wordsOf(instead) }),
      }
    }),
    ...added.map((change) => ({ what: change.what, now: wordsOf(change) })),
    ...now.warnings
      .filter((warning) => !approved.warnings.includes(warning))
      .map((warning) => ({ what: 'Warning', now: warning })),
  ]
}

/** Those of the first that the second has not, each as often as it is there more. */
function without(changes: readonly Change[], others: readonly Change[]): Change[] {
  const left = others.map(keyOf)
  return changes.filter((change) => {
    const place = left.indexOf(keyOf(change))
    if (place !== -1) left.splice(place, 1)
    return place === -1
  })
}

function keyOf({ what, from, to }: Change): string {
  return JSON.stringify([what, from, to])
}

function wordsOf({ from, to }: Change): string {
  if (from === undefined) return to ?? 'new'
  return to === undefined ? `${from} is removed` : `${from} → ${to}`
}
