/** What help, errors, forms and typeahead need to know of an argument, kept beside its schema. */
import { z } from 'zod'

/** What an argument stands for; decides help text, form element and typeahead. */
export type ArgumentKind =
  | 'text'
  | 'flag'
  | 'number'
  | 'memory'
  | 'disk'
  | 'duration'
  | 'choice'
  | 'vm'
  | 'new-vm'
  | 'host'
  | 'image'
  | 'profile'
  | 'network'
  | 'pool'
  | 'snapshot'
  | 'new-snapshot'
  | 'job'
  | 'schedule'
  | 'date-time'
  | 'time-ago'
  | 'lease'
  | 'week-days'
  | 'day-time'
  | 'time-zone'
  | 'quiet-hours'
  | 'user'
  | 'ssh-key'

export interface ArgumentMeta {
  kind: ArgumentKind
  /** How values look, for help and errors: "4G or 4096 (MiB)". */
  form: string
  /** A value that is always right, for corrected lines. */
  sample: string
  /** Given several times; with commas too unless `keepsCommas`. */
  many?: boolean
  /** A comma is part of the value. */
  keepsCommas?: boolean
  /** No form has it: it must not be set by a finger that slips. */
  typedOnly?: true
  /** The words of a choice. */
  choices?: readonly string[]
  /** Bounds of a number, in the unit of the value. */
  min?: number
  max?: number
  /** From a parsed value back to what is typed. For `many`, one item. */
  show(value: unknown): string
  /** What may have been meant by a wrong value. */
  mend?(typed: string): string | undefined
}

const registry = z.registry<ArgumentMeta>()

/** Metadata of an argument, also below `.optional()`, `.default()`, `.refine()` and `.describe()`. */
export function metaOf(schema: z.ZodType): ArgumentMeta {
  const meta = registry.get(schema)
  if (meta !== undefined) return meta
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) {
    return metaOf(schema.unwrap() as z.ZodType)
  }
  throw new Error('an argument was not made by one of the factories in arguments.ts')
}

/** A schema that carries the metadata. */
export function argument<T extends z.ZodType>(
  schema: T,
  meta: Omit<ArgumentMeta, 'show'> & Partial<ArgumentMeta>,
): T {
  registry.add(schema, { show: String, ...meta })
  return schema
}

/** A schema from text by a function that gives undefined for what it does not understand. */
export function readBy<T>(read: (typed: string) => T | undefined, complaint: string) {
  return z.string().transform((typed, context): T => {
    const value = read(typed.trim())
    if (value !== undefined) return value
    context.addIssue({ code: 'custom', message: complaint })
    return z.NEVER
  })
}
