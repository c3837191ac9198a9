/** From a typed line to a command and its arguments, or to an error that names what is wrong and how to say it right. */
import type { z } from 'zod'
import { UserError } from '../errors.js'
import { metaOf } from './arguments.js'
import type { Catalogue } from './catalogue.js'
import type { Command } from './definition.js'
import { nearest, orList } from './nearest.js'
import { quoteWord, type Word, wordsOf } from './words.js'

export interface ParsedCommand {
  /** "vm create". */
  path: string
  command: Command
  /** Output of the command's own schema. */
  args: Record<string, unknown>
  /** The same command line in its canonical form. */
  line: string
}

const maxLineLength = 8000

export function parseCommandLine(catalogue: Catalogue, text: string): ParsedCommand {
  if (text.length > maxLineLength) {
    throw new UserError(
      'bad-argument',
      `The command line has ${text.length} characters; at most ${maxLineLength} are read.`,
      {
        fix: 'Shorten it.',
      },
    )
  }
  const words = wordsOf(text)
  const { path, command, rest } = findCommand(catalogue, words)
  const raw = collect(path, command, rest)
  return { path, command, ...validate(path, command, raw) }
}

function findCommand(
  catalogue: Catalogue,
  words: readonly Word[],
): { path: string; command: Command; rest: Word[] } {
  const plainWords = words.map((word) => word.text.toLowerCase())
  if (plainWords.length === 0) return findCommand(catalogue, [{ text: 'help', quoted: false }])
  for (const length of [2, 1]) {
    const path = plainWords.slice(0, length).join(' ')
    const command = catalogue.get(path)
    if (command !== undefined && words.length >= length) return { path, command, rest: words.slice(length) }
  }
  const [first = '', second] = plainWords
  if (catalogue.groups().includes(first)) {
    const verbs = catalogue
      .entries()
      .flatMap(({ path }) => (path.startsWith(`${first} `) ? [path.slice(first.length + 1)] : []))
    if (second === undefined) {
      throw new UserError('unknown-command', `"${first}" wants a verb: ${orList(verbs)}.`, {
        fix: `For example: ${first} ${verbs.includes('list') ? 'list' : verbs[0]}. More: help ${first}`,
      })
    }
    const close = nearest(second, verbs)
    throw new UserError('unknown-command', `There is no command "${first} ${second}".`, {
      fix:
        close.length > 0
          ? `Did you mean ${orList(close.map((verb) => `${first} ${verb}`))}?`
          : `There is ${orList(verbs.map((verb) => `${first} ${verb}`))}.`,
    })
  }
  const typed = plainWords.slice(0, 2).join(' ')
  const near = catalogue.nearest(typed)
  const close = near.length > 0 ? near : nearest(first, catalogue.groups())
  throw new UserError('unknown-command', `There is no command "${typed}".`, {
    fix: close.length > 0 ? `Did you mean ${orList(close)}?` : 'Type help for all commands.',
  })
}

type Raw = Map<string, string | boolean | string[]>

/** Sorts the words after the command into arguments, without judging their values. */
function collect(path: string, command: Command, words: readonly Word[]): Raw {
  const raw: Raw = new Map()
  const shape = command.args.shape as Record<string, z.ZodType>
  const free: string[] = []
  let onlyFree = false
  for (let at = 0; at < words.length; at++) {
    const word = words[at] as Word
    if (onlyFree || word.quoted || !word.text.startsWith('-') || word.text === '-') {
      // `--flag="a b"` is one word of which a part is quoted.
      if (onlyFree || !/^--[a-z][\w-]*=/i.test(word.text)) {
        free.push(word.text)
        continue
      }
    }
    if (word.text === '--') {
      onlyFree = true
      continue
    }
    const { name, inline, negated } = flagOf(path, command, word.text)
    const meta = metaOf(shape[name] as z.ZodType)
    if (meta.kind === 'flag' && !meta.many) {
      put(
        path,
        raw,
        name,
        negated ? false : inline === undefined ? true : switchValue(path, name, inline),
        false,
      )
      continue
    }
    const next = words[at + 1]
    if (inline === undefined && (next === undefined || (next.text.startsWith('--') && !next.quoted))) {
      throw new UserError('missing-argument', `--${flagText(name)} wants a value: ${meta.form}.`, {
        fix: `Type: ${path} … --${flagText(name)} <value>`,
      })
    }
    const value = inline ?? next?.text ?? ''
    if (inline === undefined) at++
    put(path, raw, name, meta.many ? splitMany(value, meta.kind) : value, meta.many ?? false)
  }
  place(path, command, free, raw)
  return raw
}

/** `memory` for `--memory`, `--Memory=4G`, `-m`; `--no-start` is `start` negated. */
function flagOf(
  path: string,
  command: Command,
  word: string,
): { name: string; inline?: string; negated: boolean } {
  const names = Object.keys(command.args.shape)
  const cut = word.indexOf('=')
  const written = cut < 0 ? word : word.slice(0, cut)
  const inline = cut < 0 ? {} : { inline: word.slice(cut + 1) }
  if (/^-[^-]$/.test(written)) {
    const name = command.aliases?.[written.slice(1)]
    if (name !== undefined) return { name, ...inline, negated: false }
  }
  const typed = written.replace(/^--?/, '').toLowerCase()
  const byText = new Map(names.map((name) => [flagText(name), name]))
  const exact = byText.get(typed)
  if (exact !== undefined && written.startsWith('--')) return { name: exact, ...inline, negated: false }
  const positive = typed.startsWith('no-') ? byText.get(typed.slice('no-'.length)) : undefined
  if (
    positive !== undefined &&
    metaOf((command.args.shape as Record<string, z.ZodType>)[positive] as z.ZodType).kind === 'flag'
  ) {
    return { name: positive, ...inline, negated: true }
  }
  const close = nearest(typed, [...byText.keys()])
  throw new UserError('unknown-flag', `"${path}" has no flag ${written}.`, {
    fix:
      close.length > 0
        ? `Did you mean ${orList(close.map((each) => `--${each}`))}?`
        : names.length > 0
          ? `It takes ${orList([...byText.keys()].map((each) => `--${each}`))}.`
          : 'It takes none.',
  })
}

function switchValue(path: string, name: string, value: string): boolean {
  if (/^(true|yes|on|1)$/i.test(value)) return true
  if (/^(false|no|off|0)$/i.test(value)) return false
  throw new UserError('bad-argument', `--${flagText(name)}=${value}: this is a switch.`, {
    fix: `Type --${flagText(name)} or --no-${flagText(name)} (in ${path}).`,
  })
}

function put(path: string, raw: Raw, name: string, value: string | boolean | string[], many: boolean): void {
  const before = raw.get(name)
  if (before === undefined) raw.set(name, value)
  else if (many && Array.isArray(before) && Array.isArray(value)) raw.set(name, [...before, ...value])
  else {
    throw new UserError('bad-argument', `${flagText(name)} is given twice in "${path}".`, {
      fix: 'Leave one of them out.',
    })
  }
}

/** A key has blanks and may have commas in its comment; everything else splits at commas. */
function splitMany(value: string, kind: string): string[] {
  if (kind === 'ssh-key') return [value]
  return value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

function place(path: string, command: Command, free: readonly string[], raw: Raw): void {
  const shape = command.args.shape as Record<string, z.ZodType>
  const positional = (command.positional ?? []).filter((name) => !raw.has(name))
  const last = positional.at(-1)
  const takesRest = last !== undefined && metaOf(shape[last] as z.ZodType).many === true
  if (free.length > positional.length && !takesRest) {
    const extra = free.slice(positional.length)
    throw new UserError('bad-argument', `"${path}" does not know what to do with: ${extra.join(' ')}`, {
      fix: `Its form is: ${usageOf(path, command)}`,
    })
  }
  free.forEach((value, at) => {
    const name = positional[Math.min(at, positional.length - 1)] as string
    const meta = metaOf(shape[name] as z.ZodType)
    put(path, raw, name, meta.many ? splitMany(value, meta.kind) : value, meta.many ?? false)
  })
}

function validate(path: string, command: Command, raw: Raw): { args: Record<string, unknown>; line: string } {
  const shape = command.args.shape as Record<string, z.ZodType>
  const outcome = command.args.safeParse(Object.fromEntries(raw))
  if (outcome.success) {
    const args = outcome.data as Record<string, unknown>
    return { args, line: canonicalLine(path, command, args) }
  }
  const [issue] = outcome.error.issues
  const name = String(issue?.path[0] ?? '')
  const given = raw.get(name)
  const schema = shape[name]
  if (given === undefined) {
    throw new UserError(
      'missing-argument',
      `"${path}" needs ${flagText(name)}${schema?.description ? `: ${schema.description}` : ''}.`,
      {
        fix: `Its form is: ${usageOf(path, command)}`,
      },
    )
  }
  const index = issue?.path[1]
  const value = Array.isArray(given)
    ? typeof index === 'number'
      ? given[index]
      : given.join(',')
    : String(given)
  const shown = schema !== undefined && metaOf(schema).kind === 'ssh-key' ? '' : ` "${value}"`
  throw new UserError('bad-argument', `${flagText(name)}${shown} ${issue?.message ?? 'is not valid'}.`, {
    fix: `For example: ${command.examples[0]}`,
  })
}

/** The line that parses to these arguments: positional ones first, the rest as flags. */
export function canonicalLine(path: string, command: Command, args: Record<string, unknown>): string {
  const shape = command.args.shape as Record<string, z.ZodType>
  const positional = command.positional ?? []
  const words = [path]
  // A gap among the positional ones would shift those after it: from there on they are written as flags.
  const gap = positional.findIndex((name) => args[name] === undefined)
  const free = gap < 0 ? positional : positional.slice(0, gap)
  for (const name of free) words.push(written(shape, name, args[name]))
  for (const name of Object.keys(shape)) {
    const value = args[name]
    if (free.includes(name) || value === undefined) continue
    const meta = metaOf(shape[name] as z.ZodType)
    if (meta.kind === 'flag') words.push(value === true ? `--${flagText(name)}` : `--no-${flagText(name)}`)
    else if (Array.isArray(value) && meta.kind === 'ssh-key') {
      for (const key of value) words.push(`--${flagText(name)}`, quoteWord(String(key)))
    } else if (!Array.isArray(value) || value.length > 0)
      words.push(`--${flagText(name)}`, written(shape, name, value))
  }
  return words.join(' ')
}

function written(shape: Record<string, z.ZodType>, name: string, value: unknown): string {
  return quoteWord(metaOf(shape[name] as z.ZodType).show(value))
}

/** `vm create <name> [--image …]`: how a command is typed. */
export function usageOf(path: string, command: Command): string {
  const shape = command.args.shape as Record<string, z.ZodType>
  const positional = command.positional ?? []
  const isOptional = (name: string) => shape[name]?.safeParse(undefined).success ?? false
  const free = positional.map((name) => (isOptional(name) ? `[${flagText(name)}]` : `<${flagText(name)}>`))
  const flags = Object.keys(shape)
    .filter((name) => !positional.includes(name))
    .map((name) => {
      const meta = metaOf(shape[name] as z.ZodType)
      const flag = meta.kind === 'flag' ? `--${flagText(name)}` : `--${flagText(name)} …`
      return isOptional(name) ? `[${flag}]` : flag
    })
  return [path, ...free, ...flags].join(' ')
}

/** `sshKey` is typed `--ssh-key`. */
export function flagText(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}
