/** What a definition must keep to, checked when it is loaded: a mistake is found by its author, not by a user. */
import { isDeepStrictEqual } from 'node:util'
import { defaultOf, isOptional, type Slot, slotsOf } from './canonical-line.js'
import type { Command } from './definition.js'

const maxSummary = 80

/** One line each, beginning with the path; none when all is well. */
export function mistakesOf({ path, command }: { path: string; command: Command }): string[] {
  let slots: Map<string, Slot>
  try {
    slots = slotsOf(command)
  } catch (error) {
    return [`${path}: ${error instanceof Error ? error.message : String(error)}`]
  }
  return [
    ...inSummary(command.summary),
    ...[...slots.values()].flatMap(inArgument),
    ...inPositional(command, slots),
    ...inAliases(command, slots),
    ...inFlags([...slots.values()]),
  ].map((mistake) => `${path}: ${mistake}`)
}

function inSummary(summary: string): string[] {
  const mistakes: string[] = []
  if (!/^\p{Lu}/u.test(summary)) mistakes.push('its summary does not begin with a capital')
  if (summary.endsWith('.')) mistakes.push('its summary ends with a full stop')
  if (summary.length > maxSummary) mistakes.push(`its summary has more than ${maxSummary} characters`)
  if (/\n/.test(summary)) mistakes.push('its summary has more than one line')
  return mistakes
}

function inArgument(slot: Slot): string[] {
  const { name, schema, meta } = slot
  const mistakes: string[] = []
  const description = schema.description ?? ''
  if (!/^[a-z][A-Za-z0-9]*$/.test(name)) mistakes.push(`argument ${name} is not in camelCase`)
  if (name === 'help' || name === 'form') mistakes.push(`argument ${name}: --${name} is taken`)
  if (description === '') mistakes.push(`argument ${name} has no description`)
  if (description.endsWith('.')) mistakes.push(`the description of ${name} ends with a full stop`)
  if (meta.kind === 'flag' && defaultOf(schema) === undefined) mistakes.push(`switch ${name} has no default`)
  if (!isReadable(slot)) mistakes.push(`the default of ${name} cannot be typed`)
  return mistakes
}

/** Help shows defaults as they are typed, so typing one must give it back. */
function isReadable({ schema, meta }: Slot): boolean {
  const value = defaultOf(schema)
  if (value === undefined || meta.kind === 'flag') return true
  const typed = Array.isArray(value) ? value.map((item) => meta.show(item)) : meta.show(value)
  const read = schema.safeParse(typed)
  return read.success && isDeepStrictEqual(read.data, value)
}

function inPositional({ positional = [] }: Command, slots: ReadonlyMap<string, Slot>): string[] {
  const mistakes: string[] = []
  let optional: string | undefined
  positional.forEach((name, at) => {
    const slot = slots.get(name)
    if (slot === undefined) {
      mistakes.push(`positional ${name} is not an argument`)
      return
    }
    if (slot.meta.kind === 'flag') mistakes.push(`positional ${name} is a switch`)
    if (slot.meta.many === true && at < positional.length - 1) {
      mistakes.push(`positional ${name} is a list and not the last`)
    }
    if (isOptional(slot.schema)) optional ??= name
    else if (optional !== undefined)
      mistakes.push(`positional ${name} is required and follows optional ${optional}`)
  })
  if (new Set(positional).size < positional.length) mistakes.push('a positional argument is named twice')
  return mistakes
}

function inAliases({ aliases = {} }: Command, slots: ReadonlyMap<string, Slot>): string[] {
  return Object.entries(aliases).flatMap(([letter, name]) => [
    ...(/^[a-zA-Z]$/.test(letter) ? [] : [`alias ${letter} is not one letter`]),
    ...(slots.has(name) ? [] : [`alias ${letter} stands for ${name}, which is not an argument`]),
  ])
}

/** `--no-start` must mean one thing. */
function inFlags(slots: readonly Slot[]): string[] {
  const switches = new Set(slots.filter(({ meta }) => meta.kind === 'flag').map(({ flag }) => `no-${flag}`))
  return slots.flatMap(({ name, flag }) =>
    switches.has(flag) ? [`argument ${name} reads as a switch turned off`] : [],
  )
}
