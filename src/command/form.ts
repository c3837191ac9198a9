/** Forms: which one a typed line asks for, and the line that a filled one stands for. */
import type { z } from 'zod'
import { UserError } from '../errors.js'
import type { ArgumentMeta } from './argument-meta.js'
import { canonicalLine, type Slot, slotsOf } from './canonical-line.js'
import type { Catalogue } from './catalogue.js'
import type { Command } from './definition.js'
import { findCommand } from './find-command.js'
import { asksForForm, asksForHelp, collect, isFormWord, withoutSlash } from './parse-command-line.js'
import { wordsOf } from './words.js'

/** What a field holds, as text: what would be typed. Absent, empty text and empty lists are what is left out. */
export type FormValue = string | boolean | readonly string[]
export type FormValues = Readonly<Record<string, FormValue>>

export interface WantedForm {
  /** "vm create". */
  path: string
  command: Command
  /** What was typed already, right or wrong. */
  values: FormValues
  /** By `--form`; otherwise because something that is needed is missing. */
  isAskedFor: boolean
}

/** The form that a line wants: one with `--form`, or one that lacks a required argument. Undefined for every other line,
 * whether it is right, wrong or asks for help. Never throws. */
export function formWanted(catalogue: Catalogue, text: string): WantedForm | undefined {
  try {
    const words = withoutSlash(wordsOf(text))
    const isAskedFor = asksForForm(words)
    const { path, command, rest } = findCommand(
      catalogue,
      words.filter((word) => !isFormWord(word)),
    )
    if (asksForHelp(command, rest) || Object.keys(command.args.shape).length === 0) return undefined
    const given = collect(path, command, rest)
    const values: FormValues = Object.fromEntries(given)
    if (isAskedFor) return { path, command, values, isAskedFor }
    const outcome = command.args.safeParse(values)
    const isIncomplete =
      !outcome.success && outcome.error.issues.some((issue) => !given.has(String(issue.path[0])))
    return isIncomplete ? { path, command, values, isAskedFor } : undefined
  } catch (error) {
    // Whoever handles the line says what is wrong with it.
    if (error instanceof UserError) return undefined
    throw error
  }
}

/** The command line of a filled form, or what is wrong with which field: one sentence by the name of the argument. */
export type ReadForm =
  | { kind: 'line'; line: string }
  | { kind: 'mistakes'; mistakes: Readonly<Record<string, string>> }

/** Reads a filled form with the command's own schema. The line parses to exactly what is in the form. */
export function readForm(path: string, command: Command, values: FormValues): ReadForm {
  const slots = slotsOf(command)
  const typed = Object.fromEntries(
    [...slots.values()].flatMap(({ name, meta }) => {
      const value = typedValue(meta, values[name])
      return value === undefined ? [] : [[name, value]]
    }),
  )
  const outcome = command.args.safeParse(typed)
  if (outcome.success) {
    return { kind: 'line', line: canonicalLine(path, command, outcome.data as Record<string, unknown>) }
  }
  const mistakes: Record<string, string> = {}
  for (const issue of outcome.error.issues) {
    const name = String(issue.path[0] ?? [...slots.keys()][0])
    mistakes[name] ??= sentence(path, slots.get(name), typed[name], issue)
  }
  return { kind: 'mistakes', mistakes }
}

/** As the parser gives it to the schema; several values by commas, or by lines where a comma is part of a value. */
function typedValue(meta: ArgumentMeta, value: FormValue | undefined): FormValue | undefined {
  if (value === undefined || typeof value === 'boolean') return value
  if (meta.many !== true) return String(value).trim() === '' ? undefined : String(value).trim()
  const separator = meta.keepsCommas === true ? '\n' : /[,\n]/
  const items = (typeof value === 'string' ? [value] : value)
    .flatMap((item) => item.split(separator))
    .map((item) => item.trim())
    .filter((item) => item !== '')
  return items.length === 0 ? undefined : items
}

function sentence(
  path: string,
  slot: Slot | undefined,
  typed: FormValue | undefined,
  { code, message, path: place }: z.core.$ZodIssue,
): string {
  if (typed === undefined) return code === 'custom' ? `"${path}" ${message}.` : `Needed: ${slot?.meta.form}.`
  const item = Array.isArray(typed) && typed.length > 1 ? typed[Number(place[1] ?? 0)] : undefined
  // A wrong key may be a private one: it is not repeated.
  const what = item === undefined || slot?.meta.kind === 'ssh-key' ? 'It' : `"${item}"`
  return `${what} ${message}.`
}
