/** How something is asked for, the same for every command that changes anything: why, and whether it cannot wait. */

import type { Busy } from '../jobs/job.js'
import { choice, flag, text } from './arguments.js'
import type { Command } from './definition.js'

export interface Manner {
  /** In the words of whoever asks. */
  reason?: string
  /** Without the approval that it needs. */
  breakGlass: boolean
  /** While others work on it; as qnav.yml says when absent. */
  busy?: Busy
}

const mannerArguments = {
  busy: choice('queue', 'refuse')
    .optional()
    .describe(
      'While another job works on it: wait for that, or be refused at once; as qnav.yml says when left out',
    ),
  breakGlass: flag({ typedOnly: true })
    .default(false)
    .describe('In an emergency: run it without the approval it needs, announced and reviewed afterwards'),
  reason: text({ max: 300 }).optional().describe('Why, for those who approve it and for the audit log'),
}

/** Keys that no command may have for itself. */
export const mannerNames: readonly string[] = Object.keys(mannerArguments)

/** The command with these arguments beside its own; a command that only reads has none of them. */
export function withManner(command: Command): Command {
  return command.risk === 'read' ? command : { ...command, args: command.args.safeExtend(mannerArguments) }
}

/** What was read, taken apart: the command gets its own arguments only. */
export function splitManner(
  command: Command,
  args: Record<string, unknown>,
): { args: Record<string, unknown>; manner: Manner } {
  if (command.risk === 'read') return { args, manner: { breakGlass: false } }
  const { reason, breakGlass, busy, ...own } = args
  const why = typeof reason === 'string' ? { reason } : {}
  const wait: Pick<Manner, 'busy'> = busy === 'queue' || busy === 'refuse' ? { busy } : {}
  return { args: own, manner: { breakGlass: breakGlass === true, ...why, ...wait } }
}
