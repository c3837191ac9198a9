/** `qnav run "<command>"`: through the running bot when there is one, else in this process. */
import { userInfo } from 'node:os'
import { loadSettings } from './config/index.js'
import { UserError } from './errors.js'
import { isOver, type Job, type Person } from './jobs/index.js'
import { createLog, harmlessJson } from './log.js'
import { buildHouse, terminalSocket } from './main.js'
import { stopSignal } from './start.js'
import {
  askRunningBot,
  converse,
  renderError,
  renderJob,
  renderReport,
  type TerminalEvent,
} from './terminal/index.js'

export interface RunOptions {
  /** Slack user id to act as; the terminal's own user, who is an admin, when absent. */
  as: string | undefined
  /** Print the final event as JSON instead of text. */
  json: boolean
}

/** Exit status: 0 when it went well, 1 when the command was refused or failed. */
export async function run(env: NodeJS.ProcessEnv, text: string, { as, json }: RunOptions): Promise<number> {
  if (text.trim() === '') {
    throw new UserError('missing-argument', 'There is no command to run.', {
      fix: 'For example: qnav run "vm list"',
    })
  }
  if (as !== undefined && !/^[UW][A-Z0-9]+$/.test(as)) {
    throw new UserError('bad-argument', `--as "${as}" is not a Slack user id.`, {
      fix: 'Give an id such as U0123ABCD (profile, "Copy member ID"), or leave --as out to act as yourself.',
    })
  }
  const settings = await loadSettings(env, { slack: 'none' })
  const osUser = userInfo().username
  const person: Person = as === undefined ? { id: `terminal:${osUser}`, name: osUser } : { id: as }

  let last: TerminalEvent | undefined
  const shown = new JobLines()
  const hear = (event: TerminalEvent) => {
    last = event
    if (!json) show(event, shown)
  }
  const socket = terminalSocket(settings.dataDirectory)
  if (!(await askRunningBot(socket, { text, person }, hear))) {
    const log = createLog({ level: env.LOG_LEVEL === undefined ? 'error' : settings.logLevel })
    const house = await buildHouse(settings, log)
    try {
      await house.open({ schedules: 'rest' })
      const leaving = new AbortController()
      void stopSignal().then(() => leaving.abort())
      await converse(
        { requests: house.requests, jobs: house.jobs, log },
        { text, person },
        hear,
        leaving.signal,
      )
    } finally {
      await house.close()
    }
  }
  if (json) process.stdout.write(`${harmlessJson(last ?? null, 2)}\n`)
  return last !== undefined && wentWell(last) ? 0 : 1
}

function wentWell(event: TerminalEvent): boolean {
  switch (event.kind) {
    case 'report':
      return event.report.tone !== 'fail'
    case 'job':
      return event.job.state === 'succeeded'
    case 'error':
      return false
  }
}

function show(event: TerminalEvent, shown: JobLines): void {
  switch (event.kind) {
    case 'report':
      process.stdout.write(renderReport(event.report))
      break
    case 'job':
      process.stdout.write(shown.newLines(event.job))
      break
    case 'error':
      process.stderr.write(renderError(event.error))
  }
}

/** A job is told again and again; a terminal shows only what is new since the last time. */
class JobLines {
  readonly #printed = new Set<string>()

  newLines(job: Job): string {
    const lines = renderJob(job).filter((line) => !this.#printed.has(line))
    for (const line of lines) this.#printed.add(line)
    const end = isOver(job) && job.report !== undefined ? `\n${renderReport(job.report)}` : ''
    return lines.map((line) => `${line}\n`).join('') + end
  }
}
