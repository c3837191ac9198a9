/** Which process somebody is: pids are used again, but not with the same start time in the same boot. */
import { readFileSync } from 'node:fs'
import { errnoOf } from './store-errors.js'

export interface ProcessIdentity {
  pid: number
  /** Clock ticks after boot at which it started (field 22 of /proc/<pid>/stat, proc(5)). */
  startTicks: string
  bootId: string
}

/** This process. Rejects where there is no /proc (anything but Linux). */
export function ownIdentity(): ProcessIdentity {
  const startTicks = startTicksOf(process.pid)
  if (startTicks === undefined) throw new Error('/proc/self is missing')
  return { pid: process.pid, startTicks, bootId: readBootId() }
}

/** Whether exactly that process still runs on this machine. */
export function isAlive({ pid, startTicks, bootId }: ProcessIdentity): boolean {
  return bootId === readBootId() && startTicksOf(pid) === startTicks
}

function readBootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
}

function startTicksOf(pid: number): string | undefined {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ESRCH') return undefined
    throw error
  }
  // The second field is the command in parentheses and may itself hold spaces and parentheses.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  // A zombie holds nothing any more. Field 3 is the state, field 22 the start time; fields[0] is field 3.
  return fields[0] === 'Z' ? undefined : fields[19]
}
