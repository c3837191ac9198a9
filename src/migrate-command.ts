/** `qnav migrate`: brings the data directory up to date without starting the bot, or says what that would do. */
import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { readEnvironment, withDotEnv } from './config/index.js'
import { UserError } from './errors.js'
import { createLog } from './log.js'
import { type Migration, migrateStore, openDataDirectory, planMigration } from './store/index.js'

/** `words` are what was typed after "migrate". The exit code: 0; with --check 1 when there is something to do. */
export async function migrateCommand(env: NodeJS.ProcessEnv, words: string[]): Promise<number> {
  const { values } = parseArgs({
    args: words,
    options: { check: { type: 'boolean', default: false } },
    strict: true,
  })
  const cwd = process.cwd()
  const { dataDirectory } = readEnvironment(await withDotEnv(env, cwd), cwd)
  if (!existsSync(dataDirectory)) {
    throw new UserError('bad-config', `There is no data directory ${dataDirectory}.`, {
      fix: 'Set QNAV_DATA_DIR to that of the bot, or run this where the bot runs. A new one needs no migration.',
    })
  }
  const log = createLog({ level: 'warn' })
  if (values.check) {
    const plan = await planMigration({ path: dataDirectory }, { log })
    process.stdout.write(wordsOf(dataDirectory, plan, 'to do'))
    if (plan.steps.length === 0) return 0
    process.stdout.write(
      'The bot does it when it starts. To do it now, stop the bot and type: qnav migrate\n',
    )
    return 1
  }
  const data = await openDataDirectory(dataDirectory, { log })
  try {
    process.stdout.write(wordsOf(data.path, await migrateStore(data, { log }), 'done'))
  } finally {
    await data.close()
  }
  return 0
}

function wordsOf(path: string, { from, to, steps, backups }: Migration, state: string): string {
  if (from === undefined) return `${path} has nothing in it yet; its version will be ${to}.\n`
  if (steps.length === 0) return `${path} has version ${from}, which is that of this qnav.\n`
  return [
    `${path} has version ${from}, this qnav has ${to}.`,
    ...steps.map((step) => `  ${state}: version ${step.to} ${step.what}`),
    ...backups.map((backup) => `  a copy of what was there: ${backup}`),
    '',
  ].join('\n')
}
