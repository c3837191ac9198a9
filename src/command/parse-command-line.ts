/** From a typed line to a command and its arguments, or to an error that names what is wrong and how to say it right. */
import type { z } from 'zod'
import { UserError } from '../errors.js'
import { canonicalLine, positionalSlots, type Slot, slotsOf, usageOf } from './canonical-line.js'
import type { Catalogue } from './catalogue.js'
import type { Command } from './definition.js'
import { findCommand } from './find-command.js'
import { type Manner, splitManner } from './manner.js'
import { nearest, orList } from './nearest.js'
import { cutAtEquals, lineOfWords, looksLikeFlag, shown } from './typed-line.js'
import { quoteWord, type Word, wordsOf } from './words.js'

export interface ParsedCommand {
  /** "vm create". */
  path: string
  command: Command
  /** Output of the command's own schema. */
  args: Record<string, unknown>
  manner: Manner
  /** The same command line in its canonical form. */
  line: string
}

const maxLineLength = 8000
/** Throws a UserError for whatever cannot be understood, and nothing else. */
export function parseCommandLine(catalogue: Catalogue, text: string): ParsedCommand {
  if (text.length > maxLineLength) {
    throw new UserError(
      'bad-argument',
      `The command line has ${text.length} characters; at most ${maxLineLength} are read.`,
      { fix: 'Shorten it.' },
    )
  }
  const words = withoutSlash(wordsOf(text))
  const { path, command, rest } = findCommand(
    catalogue,
    words.filter((word) => !isFormWord(word)),
  )
  const help = catalogue.get('help')
  if (help !== undefined && asksForHelp(command, rest)) {
    const args = { command: path.split(' ') }
    return {
      path: 'help',
      command: help,
      args,
      manner: { breakGlass: false },
      line: canonicalLine('help', help, args),
    }
  }
  if (asksForForm(words)) throw noForm(path, command)
  const given = collect(path, command, rest)
  const args = validate(path, command, given)
  return { path, command, ...splitManner(command, args), line: canonicalLine(path, command, args) }
}

/** People copy whole lines: `/qnav vm list`. */
export function withoutSlash(words: Word[]): Word[] {
  return words[0]?.text.toLowerCase() === '/qnav' ? words.slice(1) : words
}

export function asksForHelp(command: Command, words: readonly Word[]): boolean {
  return words.some(
    ({ text, quoted }) =>
      !quoted && (text === '--help' || (text === '-h' && command.aliases?.h === undefined)),
  )
}

/** `--form` opens the form of any command, where there are forms. */
export function isFormWord({ text, quoted }: Word): boolean {
  return !quoted && text.toLowerCase() === '--form'
}

export function asksForForm(words: readonly Word[]): boolean {
  return words.some(isFormWord)
}

function noForm(path: string, command: Command): UserError {
  if (Object.keys(command.args.shape).length === 0) {
    return new UserError('unsupported', `"${path}" has nothing to fill in.`, { fix: `Type: ${path}` })
  }
  return new UserError('unsupported', 'Forms are opened in Slack only.', {
    fix: `Leave --form out. The form of the line is: ${usageOf(path, command)}`,
  })
}

type Value = string | boolean | string[]
/** What was typed for each argument, by its key, not judged yet. */
type Given = Map<string, Value>

/** Sorts the words after the command into arguments. */
export function collect(path: string, command: Command, words: Word[]): Given {
  const given: Given = new Map()
  const free: Word[] = []
  let onlyFree = false
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] as Word
    if (onlyFree || !looksLikeFlag(word)) {
      free.push(word)
      continue
    }
    if (word.text === '--') {
      onlyFree = true
      continue
    }
    const { slot, inline, isNegated } = flagOf(path, command, words, at)
    if (slot.meta.kind === 'flag') {
      put(path, command, given, slot, switchValue(slot, inline, isNegated))
      continue
    }
    const next = words[at + 1]
    if (inline === undefined) {
      if (next === undefined || looksLikeFlag(next)) throw valueMissing(path, words, at, slot)
      at += 1
    }
    put(path, command, given, slot, typedValue(slot, inline ?? next ?? word))
  }
  place(path, command, free, given)
  return given
}

interface FlagWord {
  slot: Slot
  /** What follows `=`. */
  inline?: Word
  isNegated: boolean
}

/** `memory` for `--memory`, `--Memory=4G`, `-m`; `--no-start` is `start` negated. */
function flagOf(path: string, command: Command, words: Word[], at: number): FlagWord {
  const word = words[at] as Word
  const slots = [...slotsOf(command).values()]
  const [written, inline] = cutAtEquals(word)
  const value = inline === undefined ? {} : { inline }
  const letter = /^-([a-z])$/i.exec(written)?.[1]
  const alias = letter === undefined ? undefined : command.aliases?.[letter]
  const name = written.replace(/^-+/, '').toLowerCase()
  const slot = slots.find((each) => (written.startsWith('--') ? each.flag === name : each.name === alias))
  if (slot !== undefined) return { slot, ...value, isNegated: false }
  const positive = slots.find(
    ({ flag, meta }) => meta.kind === 'flag' && written.startsWith('--') && name === `no-${flag}`,
  )
  if (positive !== undefined) return { slot: positive, ...value, isNegated: true }
  throw unknownFlag(path, words, at, written, slots)
}

function unknownFlag(path: string, words: Word[], at: number, written: string, slots: Slot[]): UserError {
  const flags = slots.map(({ flag }) => flag)
  const typed = written.replace(/^-+/, '').toLowerCase()
  const [best] = nearest(typed, flags)
  const message = `"${path}" has no flag ${shown(written)}.`
  if (best !== undefined) {
    const meant = words.map((word, index) =>
      index === at ? { ...word, text: word.text.replace(written, `--${best}`) } : word,
    )
    return new UserError('unknown-flag', message, { fix: `Did you mean: ${lineOfWords(path, meant)}` })
  }
  return new UserError('unknown-flag', message, {
    fix: flags.length > 0 ? `It takes ${orList(flags.map((flag) => `--${flag}`))}.` : 'It takes none.',
  })
}

function switchValue({ flag }: Slot, inline: Word | undefined, isNegated: boolean): boolean {
  if (inline === undefined) return !isNegated
  if (/^(true|yes|on|1)$/i.test(inline.text)) return !isNegated
  if (/^(false|no|off|0)$/i.test(inline.text)) return isNegated
  throw new UserError('bad-argument', `--${flag}=${shown(inline.text)}: this is a switch.`, {
    fix: `Type --${flag} or --no-${flag}.`,
  })
}

function typedValue({ meta }: Slot, word: Word): string | string[] {
  const value = meta.kind === 'user' ? word.raw : word.text
  if (meta.many !== true) return value
  if (meta.keepsCommas === true) return value === '' ? [] : [value]
  return value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

function put(path: string, command: Command, given: Given, slot: Slot, value: Value): void {
  const before = given.get(slot.name)
  if (before === undefined) given.set(slot.name, value)
  else if (Array.isArray(before) && Array.isArray(value)) before.push(...value)
  else {
    throw new UserError('bad-argument', `${typedName(command, slot)} is given twice.`, {
      fix: `Leave one of them out: ${usageOf(path, command)}`,
    })
  }
}

function place(path: string, command: Command, words: Word[], given: Given): void {
  const open = positionalSlots(command).filter(({ name, meta }) => meta.many === true || !given.has(name))
  const last = open.at(-1)
  if (words.length > open.length && last?.meta.many !== true) {
    const extra = words.slice(open.length).map(({ text }) => text)
    const asOne = last?.meta.kind === 'text' ? ' A value that has blanks is quoted: "…".' : ''
    throw new UserError(
      'bad-argument',
      `"${path}" does not know what to do with: ${shown(extra.join(' '))}`,
      { fix: `Its form is: ${usageOf(path, command)}.${asOne}` },
    )
  }
  words.forEach((word, at) => {
    const slot = open[Math.min(at, open.length - 1)]
    if (slot !== undefined) put(path, command, given, slot, typedValue(slot, word))
  })
}

function validate(path: string, command: Command, given: Given): Record<string, unknown> {
  const outcome = command.args.safeParse(Object.fromEntries(given))
  if (outcome.success) return outcome.data as Record<string, unknown>
  throw notValid(path, command, given, outcome.error.issues)
}

/** Missing arguments first: what is wrong with the others may change with them. */
function notValid(
  path: string,
  command: Command,
  typed: Given,
  issues: readonly z.core.$ZodIssue[],
): UserError {
  const slots = slotsOf(command)
  const nameOf = (issue: z.core.$ZodIssue) => String(issue.path[0] ?? '')
  const missing = issues.filter((issue) => typed.get(nameOf(issue)) === undefined)
  if (missing.length > 0) {
    const wanted = missing.map((issue) => {
      const slot = slots.get(nameOf(issue))
      if (issue.code === 'custom' || slot === undefined) return `"${path}" ${issue.message}.`
      return `"${path}" needs ${typedName(command, slot)}: ${slot.schema.description ?? slot.meta.form}.`
    })
    return new UserError('missing-argument', wanted.join(' '), {
      fix: `Its form is: ${usageOf(path, command)}. For example: ${command.examples[0]}`,
    })
  }
  const corrected = new Map(typed)
  const wrong = issues.map((issue) => {
    const slot = slots.get(nameOf(issue))
    const value = corrected.get(nameOf(issue))
    if (slot === undefined || value === undefined) return `"${path}" ${issue.message}.`
    const index = Number(issue.path[1] ?? 0)
    const item = Array.isArray(value) ? (value[index] ?? '') : String(value)
    // A sample stands for what nobody can guess; checked, so that the line works when it is copied.
    const mended = mendedValue(slot, item)
    corrected.set(slot.name, Array.isArray(value) ? value.with(index, mended) : mended)
    const what = slot.meta.kind === 'ssh-key' ? '' : ` "${shown(item)}"`
    return `${typedName(command, slot)}${what} ${issue.message}.`
  })
  const isName = issues.some((issue) => slots.get(nameOf(issue))?.meta.kind === 'new-vm')
  return new UserError(isName ? 'bad-name' : 'bad-argument', [...new Set(wrong)].join(' '), {
    fix: `For example: ${lineOfTyped(path, command, corrected)}`,
  })
}

function mendedValue({ meta, schema }: Slot, typed: string): string {
  const mended = meta.mend?.(typed)
  if (mended === undefined) return meta.sample
  return schema.safeParse(meta.many === true ? [mended] : mended).success ? mended : meta.sample
}

/** `name` for a positional argument, `--memory` for the others. */
function typedName(command: Command, { name, flag }: Slot): string {
  return command.positional?.includes(name) ? flag : `--${flag}`
}

function lineOfTyped(path: string, command: Command, typed: Given): string {
  const words = [...slotsOf(command).values()].flatMap((slot) => {
    const value = typed.get(slot.name)
    if (value === undefined) return []
    if (typeof value === 'boolean') return [`--${value ? '' : 'no-'}${slot.flag}`]
    const items = Array.isArray(value) && slot.meta.keepsCommas !== true ? [value.join(',')] : [value].flat()
    const isFree = command.positional?.includes(slot.name) ?? false
    return items.flatMap((item) => [...(isFree ? [] : [`--${slot.flag}`]), quoteWord(item)])
  })
  return [path, ...words].join(' ')
}

function valueMissing(path: string, words: Word[], at: number, { flag, meta }: Slot): UserError {
  const before = words.slice(0, at)
  const after = words.slice(at + 1)
  const line = [lineOfWords(path, before), `--${flag}`, quoteWord(meta.sample), lineOfWords('', after).trim()]
  return new UserError('missing-argument', `--${flag} wants a value: ${meta.form}.`, {
    fix: `For example: ${line.filter((part) => part !== '').join(' ')}`,
  })
}
