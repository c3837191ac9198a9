/** All commands there are: found by path, listed for help, parsed from text. */
import type { Command } from './definition.js'

/** A command and where it is: `vm create` for commands/vm/create.ts, `help` for commands/help.ts. */
export interface CatalogueEntry {
  path: string
  command: Command
}

/** A command line that was understood. */
export interface ParsedLine extends CatalogueEntry {
  args: Record<string, unknown>
  /** The same in one spelling, with every unit shown: what cards, titles and the audit log carry. */
  line: string
}

export interface Catalogue {
  /** The command of that path, e.g. `get('vm create')`. */
  get(path: string): Command | undefined
  /** All of them, sorted by path; those of one group when one is named. */
  list(group?: string): CatalogueEntry[]
  /** Names of groups, sorted. */
  groups(): string[]
  /** Paths that somebody may have meant by `typed`, closest first; none when nothing is close. */
  nearest(typed: string): string[]
  /** Understands one line as typed in Slack or a terminal, without the leading /qnav. Throws UserError. */
  parse(text: string): ParsedLine
  /** The line that parses to exactly these arguments. */
  line(path: string, args: Record<string, unknown>): string
}

/** Finds, imports and checks every command file under the directory. */
export async function loadCatalogue(_directory: string): Promise<Catalogue> {
  throw new Error('not yet')
}

export function createCatalogue(_entries: readonly CatalogueEntry[]): Catalogue {
  throw new Error('not yet')
}
