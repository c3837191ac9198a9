import { readEnvironment, readSlackSettings, withDotEnv } from './environment.js'
import { loadConfig } from './load-config.js'
import type { Settings } from './settings.js'

/**
 * Everything the bot needs to know before it starts. Rejects with `bad-config` or `missing-token`.
 * @param slack `required` for the bot, `none` where no Slack is spoken to.
 * @param warn Hears of files with secrets that others may read.
 */
export async function loadSettings(
  env: NodeJS.ProcessEnv,
  {
    slack,
    cwd = process.cwd(),
    warn = () => {},
  }: { slack: 'required' | 'none'; cwd?: string; warn?: (sentence: string) => void },
): Promise<Settings> {
  const complete = await withDotEnv(env, cwd, warn)
  const environment = readEnvironment(complete, cwd)
  const config = await loadConfig(environment.configPath, complete, warn)
  if (slack === 'none') return { ...config, ...environment }
  return { ...config, ...environment, slack: await readSlackSettings(complete, warn) }
}
