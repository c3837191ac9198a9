/** All commands, found by their files: `commands/vm/create.ts` is "vm create", `commands/help.ts` is "help". */
import { readdir } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import { UserError } from '../errors.js'
import { canonicalLine } from './canonical-line.js'
import type { Command } from './definition.js'
import { mistakesOf } from './definition-check.js'
import { mannerNames, withManner } from './manner.js'
import { nearest } from './nearest.js'
import { type ParsedCommand, parseCommandLine } from './parse-command-line.js'

export interface CatalogueEntry {
  /** "vm create". */
  path: string
  command: Command
}

export class Catalogue {
  readonly #commands: ReadonlyMap<string, Command>

  /** Throws an Error that lists every mistake in the definitions. */
  constructor(entries: readonly CatalogueEntry[]) {
    const sorted = entries.toSorted((a, b) => a.path.localeCompare(b.path))
    const taken = sorted.flatMap(mistakesInNames)
    if (taken.length > 0) throw new Error(`The commands have mistakes:\n${taken.join('\n')}`)
    this.#commands = new Map(sorted.map(({ path, command }) => [path, withManner(command)]))
    const mistakes = sorted.flatMap((entry) => {
      const own = mistakesOf(entry)
      return own.length > 0 ? own : this.#mistakesInExamples(entry)
    })
    for (const group of this.groups()) {
      if (this.#commands.has(group)) mistakes.push(`${group}: is a group and a command`)
    }
    if (mistakes.length > 0) throw new Error(`The commands have mistakes:\n${mistakes.join('\n')}`)
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

  /** The line that parses to exactly these arguments. Throws on a path that is no command. */
  lineOf(path: string, args: Record<string, unknown>): string {
    const command = this.get(path)
    if (command === undefined) throw new Error(`there is no command "${path}"`)
    return canonicalLine(path, command, args)
  }

  /** Paths that look like what was typed, best first. */
  nearest(typed: string): string[] {
    return nearest(typed, [...this.#commands.keys()])
  }

  #mistakesInExamples({ path, command }: CatalogueEntry): string[] {
    return command.examples.flatMap((example) => {
      try {
        const parsed = this.parse(example)
        return parsed.path === path ? [] : [`${path}: its example "${example}" is a ${parsed.path}`]
      } catch (error) {
        if (!(error instanceof UserError)) throw error
        return [`${path}: its example "${example}" does not parse: ${error.message}`]
      }
    })
  }
}

/** What every change understands is no command's own. */
function mistakesInNames({ path, command }: CatalogueEntry): string[] {
  if (command.risk === 'read') return []
  return mannerNames
    .filter((name) => Object.hasOwn(command.args.shape, name))
    .map((name) => `${path}: argument ${name} is one that every change has`)
}

/** Loads every command file below a directory: sources under a test runner, built files in production. */
export async function loadCatalogue(directory: string): Promise<Catalogue> {
  const files = (await readdir(directory, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && /(?<!\.d)\.[jt]s$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
  return new Catalogue(await Promise.all(files.map((file) => loadCommand(directory, file))))
}

async function loadCommand(directory: string, file: string): Promise<CatalogueEntry> {
  const path = relative(directory, file)
    .replace(/\.[jt]s$/, '')
    .split(sep)
    .join(' ')
  if (!/^[a-z][a-z0-9-]*( [a-z][a-z0-9-]*)?$/.test(path)) {
    throw new Error(`${file}: a command file is <verb>.ts or <group>/<verb>.ts, in small letters`)
  }
  const { default: command } = (await import(pathToFileURL(file).href)) as { default?: Command }
  if (command?.args === undefined) throw new Error(`${file} has no default export made by defineCommand`)
  return { path, command }
}
