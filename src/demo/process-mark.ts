/** A process as something that can be recognized later: process ids are used again, an id with its start time is not. */
import { readFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'

export interface ProcessMark {
  pid: number
  /** Ticks since boot, and the boot. */
  startedAt: string
}

export async function markOf(pid: number): Promise<ProcessMark> {
  const stat = await statOf(pid)
  if (stat === undefined) throw new Error(`there is no process ${pid}`)
  return { pid, startedAt: stat.startedAt }
}

export async function isAlive({ pid, startedAt }: ProcessMark): Promise<boolean> {
  const stat = await statOf(pid)
  return stat !== undefined && stat.state !== 'Z' && stat.startedAt === startedAt
}

/** Asks a process to end, and ends it when it does not within five seconds. Does nothing to one that is gone. */
export async function endProcess(mark: ProcessMark): Promise<void> {
  for (const [signal, patienceMs] of [
    ['SIGTERM', 5000],
    ['SIGKILL', 2000],
  ] as const) {
    if (!(await isAlive(mark))) return
    kill(mark.pid, signal)
    for (const deadline = Date.now() + patienceMs; Date.now() < deadline; await wait(20)) {
      if (!(await isAlive(mark))) return
    }
  }
  throw new Error(`process ${mark.pid} does not end`)
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    // It ended between the look and the signal.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

/** proc(5): the name stands in parentheses and may hold anything; state is field 3, the start time field 22. */
async function statOf(pid: number): Promise<{ state: string; startedAt: string } | undefined> {
  const [line, boot] = await Promise.all([
    readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined),
    readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
  ])
  if (line === undefined) return undefined
  const [state = '', ...fields] = line.slice(line.lastIndexOf(')') + 2).split(' ')
  return { state, startedAt: `${fields[18] ?? ''}@${boot.trim()}` }
}
