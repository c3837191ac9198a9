/** All commands, found by their files: `commands/vm/create.ts` is "vm create", `commands/help.ts` is "help". */
import { readdir } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Command } from './definition.js'
import { nearest } from './nearest.js'
import { type ParsedCommand, parseCommandLine } from './parse-command-line.js'

export interface CatalogueEntry {
  /** "vm create". */
  path: string
  command: Command
}

export class Catalogue {
  readonly #commands: ReadonlyMap<string, Command>

  constructor(entries: readonly CatalogueEntry[]) {
    this.#commands = new Map(
      entries
        .toSorted((a, b) => a.path.localeCompare(b.path))
        .map(({ path, command }) => [path, checked(path, command)]),
    )
    for (const { path, command } of this.entries()) {
      for (const example of command.examples) {
        const parsed = this.parse(example)
        if (parsed.path !== path) throw new Error(`example "${example}" of "${path}" is a "${parsed.path}"`)
      }
    }
  }

  get(path: string): Command | undefined {
    return this.#commands.get(path)
  }

  /** Sorted by path. */
  entries(): CatalogueEntry[] {
    return [...this.#commands].map(([path, command]) => ({ path, command }))
  }

  /** Groups such as "vm", sorted. */
  groups(): string[] {
    return [
      ...new Set(
        [...this.#commands.keys()].flatMap((path) => (path.includes(' ') ? [path.split(' ')[0] ?? ''] : [])),
      ),
    ]
  }

  /** Parses a whole command line as typed. Throws a UserError that names what is wrong and a corrected line. */
  parse(text: string): ParsedCommand {
    return parseCommandLine(this, text)
  }

  /** Paths that look like what was typed, best first. */
  nearest(typed: string): string[] {
    return nearest(typed, [...this.#commands.keys()])
  }
}

/** Loads every command file below a directory: sources under a test runner, built files in production. */
export async function loadCatalogue(directory: string): Promise<Catalogue> {
  const files = (await readdir(directory, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && /(?<!\.d)\.[jt]s$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
  const entries = await Promise.all(
    files.map(async (file) => {
      const path = relative(directory, file)
        .replace(/\.[jt]s$/, '')
        .split(sep)
        .join(' ')
      const { default: command } = (await import(pathToFileURL(file).href)) as { default?: Command }
      if (command === undefined) throw new Error(`${file} has no default export`)
      return { path, command }
    }),
  )
  return new Catalogue(entries)
}

function checked(path: string, command: Command): Command {
  const names = Object.keys(command.args.shape)
  const named = [...(command.positional ?? []), ...Object.values(command.aliases ?? {})]
  const unknown = named.find((name) => !names.includes(name))
  if (unknown !== undefined)
    throw new Error(`command "${path}" names an argument "${unknown}" that it does not have`)
  if (command.summary.endsWith('.')) throw new Error(`the summary of command "${path}" ends with a full stop`)
  return command
}
