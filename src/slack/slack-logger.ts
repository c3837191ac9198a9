import { type Logger as LibraryLogger, LogLevel } from '@slack/bolt'
import type { Logger } from '../log.js'

/** Our log for Slack's libraries. Their debug lines repeat whole payloads and are dropped. */
export function slackLogger(log: Logger): LibraryLogger {
  const line = (parts: readonly unknown[]) => parts.map(String).join(' ')
  return {
    debug: () => {},
    info: (...parts) => log.debug({}, line(parts)),
    warn: (...parts) => log.warn({}, line(parts)),
    error: (...parts) => log.error({ err: parts.find((part) => part instanceof Error) }, line(parts)),
    getLevel: () => LogLevel.INFO,
    setLevel: () => {},
    setName: () => {},
  }
}
