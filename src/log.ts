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
    { write: (line: string) => write(`${harmlessJson(shortened(redactJson(JSON.parse(line))))}\n`) },
  )
}

/** Characters of a text in a line: a host may answer with megabytes. */
const longestText = 8192

function shortened(fields: unknown): unknown {
  return JSON.parse(
    JSON.stringify(fields, (_, each: unknown) =>
      typeof each === 'string' && each.length > longestText
        ? `${each.slice(0, longestText)}… (${each.length} characters)`
        : each,
    ),
  )
}

/** JSON with the signs escaped that a terminal obeys although JSON lets them stand: C1 controls, and those that turn the
 * direction of text. */
export function harmlessJson(data: unknown, indent?: number): string {
  return JSON.stringify(data, null, indent).replace(
    /[\u007f-\u009f\u061c\u2028-\u202e\u2066-\u2069]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
