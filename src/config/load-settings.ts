import { readEnvironment, readSlackSettings, withDotEnv } from './environment.js'
import { loadConfig } from './load-config.js'
import type { Settings } from './settings.js'

/**
 * Everything the bot needs to know before it starts. Rejects with `bad-config` or `missing-token`.
 * @param slack `required` for the bot, `none` where no Slack is spoken to.
 */
export async function loadSettings(
  env: NodeJS.ProcessEnv,
  { slack, cwd = process.cwd() }: { slack: 'required' | 'none'; cwd?: string },
): Promise<Settings> {
  const complete = await withDotEnv(env, cwd)
  const environment = readEnvironment(complete, cwd)
  const config = await loadConfig(environment.configPath, complete)
  if (slack === 'none') return { ...config, ...environment }
  return { ...config, ...environment, slack: await readSlackSettings(complete) }
}
