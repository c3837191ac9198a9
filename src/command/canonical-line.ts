/** How a command is typed: from its arguments back to one line, and its usage. */
import { isDeepStrictEqual } from 'node:util'
import { z } from 'zod'
import { type ArgumentMeta, metaOf } from './argument-meta.js'
import type { Command } from './definition.js'
import { mannerNames } from './manner.js'
import { quoteWord } from './words.js'

/** One argument as parsing and writing need it. */
export interface Slot {
  /** Key in the args. */
  name: string
  /** Without dashes: `ssh-key`. */
  flag: string
  schema: z.ZodType
  meta: ArgumentMeta
}

/** The arguments by key, in the order of the schema. */
export function slotsOf(command: Command): Map<string, Slot> {
  const shape = command.args.shape as Record<string, z.ZodType>
  return new Map(
    Object.entries(shape).map(([name, schema]) => [
      name,
      { name, flag: flagText(name), schema, meta: metaOf(schema) },
    ]),
  )
}

/** The arguments that may be given without their flag, in order. */
export function positionalSlots(command: Command): Slot[] {
  const slots = slotsOf(command)
  return (command.positional ?? []).flatMap((name) => slots.get(name) ?? [])
}

/** `sshKey` is typed `--ssh-key`. */
export function flagText(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

/** What the argument is when it is left out; undefined when it has no default. */
export function defaultOf(schema: z.ZodType): unknown {
  return schema instanceof z.ZodDefault ? schema.def.defaultValue : undefined
}

/** The line that parses to exactly these arguments: positional ones first, then as flags what is not the default. */
export function canonicalLine(path: string, command: Command, args: Record<string, unknown>): string {
  const positional = positionalSlots(command)
  // A gap among the positional ones would shift those after it: from there on they are written as flags.
  const gap = positional.findIndex(({ name }) => args[name] === undefined)
  const free = new Set(gap < 0 ? positional : positional.slice(0, gap))
  const freeNames = new Set([...free].map(({ name }) => name))
  const words = [...free].flatMap(({ name, meta }) =>
    valuesOf(args[name]).map((value) => quoteWord(meta.show(value))),
  )
  for (const slot of slotsOf(command).values()) {
    const value = args[slot.name]
    if (freeNames.has(slot.name) || value === undefined) continue
    if (!isDeepStrictEqual(value, defaultOf(slot.schema))) words.push(...asFlag(slot, value))
  }
  return [path, ...words].join(' ')
}

function asFlag({ flag, meta }: Slot, value: unknown): string[] {
  if (meta.kind === 'flag') return [value === true ? `--${flag}` : `--no-${flag}`]
  const values = valuesOf(value).map((each) => meta.show(each))
  if (values.length === 0) return [`--${flag}`, '""']
  if (meta.keepsCommas === true) return values.flatMap((each) => [`--${flag}`, quoteWord(each)])
  return [`--${flag}`, quoteWord(values.join(','))]
}

function valuesOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [value]
}

/** `vm create <name> [--image …]`, without what every change understands. */
export function usageOf(path: string, command: Command): string {
  const positional = positionalSlots(command)
  const names = new Set(positional.map(({ name }) => name))
  const free = positional.map(({ flag, schema, meta }) => {
    const word = meta.many === true ? `${flag}…` : flag
    return isOptional(schema) ? `[${word}]` : `<${word}>`
  })
  const flags = [...slotsOf(command).values()]
    .filter(({ name }) => !names.has(name) && (command.risk === 'read' || !mannerNames.includes(name)))
    .map(({ flag, schema, meta }) => {
      const isOn = defaultOf(schema) === true
      const text = meta.kind === 'flag' ? `--${isOn ? 'no-' : ''}${flag}` : `--${flag} …`
      return isOptional(schema) ? `[${text}]` : text
    })
  return [path, ...free, ...flags].join(' ')
}

export function isOptional(schema: z.ZodType): boolean {
  return schema.safeParse(undefined).success
}
