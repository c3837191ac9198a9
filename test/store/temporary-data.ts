import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { createLog, type Logger } from '../../src/log.js'

/** A new directory, removed after the test. */
export async function aDirectory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'qnav-store-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}

/** A log and the lines in it, as one text. */
export function aLog(): { log: Logger; text(): string } {
  const lines: string[] = []
  const log = createLog({ level: 'warn', write: (line) => lines.push(line) })
  return { log, text: () => lines.join('') }
}

/** What the disk says, as Node throws it. */
export function diskError(code: string): Error {
  return Object.assign(new Error(`${code}: as told by the test`), { code })
}
