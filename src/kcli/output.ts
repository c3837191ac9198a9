/** Reading what kcli prints: always coloured, progress and JSON on one stream, exit status 0 on many failures. */
import type { z } from 'zod'
import { UserError } from '../errors.js'

const colourCodes = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g')

/** Without colour codes; kcli has no way to turn them off. */
export function withoutColour(text: string): string {
  return text.replace(colourCodes, '')
}

/** The JSON document in kcli's output, which may be preceded by remarks. Throws `kcli-failed`. */
export function jsonIn<T>(output: string, schema: z.ZodType<T>): T {
  const text = withoutColour(output)
  const lines = text.split('\n')
  const first = lines.findIndex((line) => /^\s*[[{]/.test(line))
  try {
    return schema.parse(JSON.parse(lines.slice(first).join('\n')))
  } catch (cause) {
    throw new UserError('kcli-failed', `kcli's answer cannot be read: ${lastLine(text)}`, {
      fix: 'Check kcli on the host: kcli list vm -o json',
      cause,
    })
  }
}

/** What `create vm` came to, by kcli's own words. Its caller asks libvirt whether it is true. */
export type CreateOutcome =
  | { outcome: 'created' }
  | {
      outcome:
        | 'name-taken'
        | 'image-not-found'
        | 'pool-not-found'
        | 'network-invalid'
        | 'no-permission'
        | 'timed-out'
        | 'failed'
      line: string
    }

const complaints: [RegExp, Exclude<CreateOutcome['outcome'], 'created'>][] = [
  [/already exists/i, 'name-taken'],
  [/Image .* not found|you don't have image|Profile .* not found/i, 'image-not-found'],
  [/Pool .* not found/i, 'pool-not-found'],
  [/Invalid network/i, 'network-invalid'],
  [/a password is required|Couldn't connect to client|No configuration found/i, 'no-permission'],
]

export function createOutcome(name: string, exitCode: number, output: string): CreateOutcome {
  const text = withoutColour(output)
  if (exitCode === 124 || exitCode === 137) return { outcome: 'timed-out', line: lastLine(text) }
  for (const [pattern, outcome] of complaints) {
    const line = text.split('\n').find((each) => pattern.test(each))
    if (line !== undefined) return { outcome, line: line.trim() }
  }
  const created = text.split('\n').some((line) => line.trim().startsWith(`${name} created on`))
  return exitCode === 0 && created ? { outcome: 'created' } : { outcome: 'failed', line: lastLine(text) }
}

/** The last line that says something: of a traceback, its cause. */
export function lastLine(text: string): string {
  return (
    text
      .split('\n')
      .map((line) => line.trim())
      .findLast((line) => line !== '') ?? 'kcli said nothing'
  )
}
