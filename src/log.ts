/** The bot's log: JSON lines on stderr, secrets removed before they are written. */
import { pino } from 'pino'
import { redactJson } from './redact.js'

export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
  child(fields: Record<string, unknown>): Logger
}

export interface LogOptions {
  level: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  /** Where lines go; stderr when absent. */
  write?: (line: string) => void
}

export function createLog({ level, write = (line) => process.stderr.write(line) }: LogOptions): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: pino.stdSerializers.errWithCause },
    },
    // As data and not as text, so that a line stays JSON and secrets are seen without JSON's escapes.
    { write: (line: string) => write(`${JSON.stringify(redactJson(JSON.parse(line)))}\n`) },
  )
}
