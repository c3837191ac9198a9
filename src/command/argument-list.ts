/** The arguments of a command as data: for help, the docs page, forms and typeahead. */
import type { z } from 'zod'
import { type ArgumentKind, metaOf } from './argument-meta.js'
import { defaultOf, flagText, isOptional } from './canonical-line.js'
import type { Command } from './definition.js'
import { mannerNames } from './manner.js'

export interface ArgumentDescription {
  /** Key in the command's args. */
  name: string
  /** `<vm>`, `[host]`, `--memory, -m`, `--start / --no-start`. */
  typed: string
  /** Short text for a form field: "SSH key". */
  label: string
  /** One sentence without a full stop. */
  description: string
  kind: ArgumentKind
  /** How values look: "4G, 512M or 4096 (MiB)". */
  form: string
  isList: boolean
  isRequired: boolean
  isPositional: boolean
  /** Every change has it. */
  isCommon: boolean
  /** No form has it. */
  isTypedOnly: boolean
  /** The default as a value of the parsed kind; undefined when there is none. */
  default: unknown
  /** For people: the default with its unit, "optional" or "required". */
  whenLeftOut: string
  /** The words of a `choice`. */
  choices?: readonly string[]
  /** Bounds of a number. */
  min?: number
  max?: number
  /** Values as they are typed: the default, for a form. */
  typedDefault: string | boolean | readonly string[] | undefined
}

export function describeArguments(command: Command): ArgumentDescription[] {
  const shape = command.args.shape as Record<string, z.ZodType>
  const positional: readonly string[] = command.positional ?? []
  const names = [...positional, ...Object.keys(shape).filter((name) => !positional.includes(name))]
  const letters = new Map(Object.entries(command.aliases ?? {}).map(([letter, name]) => [name, letter]))
  return names.map((name) => {
    const schema = shape[name] as z.ZodType
    const meta = metaOf(schema)
    const value = defaultOf(schema)
    const isRequired = !isOptional(schema)
    const isPositional = positional.includes(name)
    return {
      name,
      typed: isPositional
        ? isRequired
          ? `<${flagText(name)}>`
          : `[${flagText(name)}]`
        : flagAs(name, meta.kind, letters.get(name), value),
      label: labelOf(name),
      description: schema.description ?? '',
      kind: meta.kind,
      form: meta.form,
      isList: meta.many ?? false,
      isRequired,
      isPositional,
      isCommon: command.risk !== 'read' && mannerNames.includes(name),
      isTypedOnly: meta.typedOnly === true,
      default: value,
      whenLeftOut: isRequired ? 'required' : shown(value, meta.show),
      ...(meta.choices === undefined ? {} : { choices: meta.choices }),
      ...(meta.min === undefined ? {} : { min: meta.min }),
      ...(meta.max === undefined ? {} : { max: meta.max }),
      typedDefault: asTyped(value, meta.show),
    }
  })
}

function asTyped(value: unknown, show: (value: unknown) => string): ArgumentDescription['typedDefault'] {
  if (value === undefined || typeof value === 'boolean') return value
  return Array.isArray(value) ? value.map(show) : show(value)
}

function flagAs(name: string, kind: ArgumentKind, letter: string | undefined, byDefault: unknown): string {
  const text = flagText(name)
  const short = letter === undefined ? '' : `, -${letter}`
  // What is off anyway needs no word to switch it off.
  return kind === 'flag' && byDefault !== false ? `--${text} / --no-${text}${short}` : `--${text}${short}`
}

function shown(value: unknown, show: (value: unknown) => string): string {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return ''
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return Array.isArray(value) ? value.map(show).join(',') : show(value)
}

function labelOf(name: string): string {
  const words = flagText(name).replaceAll('-', ' ')
  return (words.charAt(0).toUpperCase() + words.slice(1)).replace(/\b(vm|ssh|cpus?)\b/gi, (word) =>
    word.replace(/vm|ssh|cpu/i, (part) => part.toUpperCase()),
  )
}
