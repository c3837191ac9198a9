/** Names that tie what is sent to what comes back: action ids, callback ids, and what a modal carries. */
import { z } from 'zod'

const runPrefix = 'run:'

/** A button whose value is a command line; the number keeps ids unique within a block. */
export function runAction(index: number): string {
  return `${runPrefix}${index}`
}

export function isRunAction(actionId: string): boolean {
  return actionId.startsWith(runPrefix)
}

/** The button that asks for a reason first; its value is the job's id. */
export const denyAction = 'deny'

export const denyCallback = 'deny'
export const reasonBlock = 'reason'
export const reasonInput = 'reason'

/** What the deny form needs to know when it comes back. */
export const denyMetadata = z.object({
  job: z.string(),
  channel: z.string(),
  responseUrl: z.url().optional(),
})
export type DenyMetadata = z.output<typeof denyMetadata>
