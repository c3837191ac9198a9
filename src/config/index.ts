export { readEnvironment, readSlackSettings, withDotEnv } from './environment.js'
export { loadConfig } from './load-config.js'
export { loadSettings } from './load-settings.js'
export type { Config, Settings, SlackSettings } from './settings.js'
