/** `qnav start`: the bot until SIGINT or SIGTERM. */
import { loadSettings } from './config/index.js'
import { UserError } from './errors.js'
import { createLog, type Logger } from './log.js'
import { type Bot, startBot } from './main.js'

/** How long a stop may take before the process leaves anyway; unfinished jobs go on at the next start. */
const stopWithinMs = 15_000

export async function start(env: NodeJS.ProcessEnv): Promise<number> {
  const warnings: string[] = []
  const { slack, ...settings } = await loadSettings(env, {
    slack: 'required',
    warn: (sentence) => warnings.push(sentence),
  })
  if (slack === undefined) throw new Error('settings for Slack are required and were not loaded')
  const log = createLog({ level: settings.logLevel })
  for (const warning of warnings) log.warn({}, warning)
  const bot = await startBot({ ...settings, slack }, log, (warn) =>
    loadSettings(env, { slack: 'required', warn }),
  )
  log.info({ hosts: settings.hosts.map(({ name }) => name), node: process.version }, 'qnav is up')

  process.on('SIGHUP', () => void readAgain(bot, log))
  const signal = await stopSignal()
  log.info({ signal }, 'qnav stops')
  const hurry = setTimeout(() => {
    log.error({}, 'qnav did not stop in time and leaves; unfinished jobs go on at the next start')
    process.exit(1)
  }, stopWithinMs)
  await bot.stop()
  clearTimeout(hurry)
  return 0
}

/** A file that cannot be used leaves the one before in force, and says why. */
async function readAgain(bot: Bot, log: Logger): Promise<void> {
  try {
    const { file, changed, needRestart, warnings } = await bot.reload()
    for (const warning of warnings) log.warn({}, warning)
    log.info({ file, changed, needRestart }, 'qnav.yml was read again')
  } catch (error) {
    const { message, fix } = error instanceof UserError ? error : { message: String(error), fix: undefined }
    log.error({ err: error, fix }, `qnav.yml was not taken, the one before stays in force: ${message}`)
  }
}

/** The first signal that asks this process to stop. */
export function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    process.once('SIGINT', resolve)
    process.once('SIGTERM', resolve)
  })
}
