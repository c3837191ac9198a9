/** The few pieces that the descriptions of blocks are made of. A check looks at one JSON value and notes what is wrong. */

/** One finding, in the shape of Slack's `blocks.validate`. */
export interface BlockError {
  /** JSON pointer to the offending value, e.g. `/blocks/0/text/text`. */
  pointer: string
  code: 'failed_constraint' | 'missing_field' | 'unknown_field'
  message: string
  constraint?: { type: string; expected: string[]; got: string }
}

export type Check = (value: unknown, at: string, errors: BlockError[]) => void
/** A condition between the fields of one object. */
export type Rule = (value: Record<string, unknown>, at: string, errors: BlockError[]) => void

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function fail(
  errors: BlockError[],
  pointer: string,
  message: string,
  constraint: { type: string; expected: readonly string[]; got: string },
): void {
  errors.push({
    pointer,
    code: 'failed_constraint',
    message,
    constraint: { ...constraint, expected: [...constraint.expected] },
  })
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

function wrongType(errors: BlockError[], at: string, expected: string, value: unknown): void {
  fail(errors, at, `must provide ${/^[aeio]/.test(expected) ? 'an' : 'a'} ${expected}`, {
    type: 'type',
    expected: [expected],
    got: kindOf(value),
  })
}

/** A string of `min` to `max` characters. */
export function text({ min = 0, max }: { min?: number; max?: number } = {}): Check {
  return (value, at, errors) => {
    if (typeof value !== 'string') return wrongType(errors, at, 'string', value)
    const length = [...value].length
    if (max !== undefined && length > max) {
      fail(errors, at, `must be less than ${max + 1} characters`, {
        type: 'max_length',
        expected: [String(max)],
        got: String(length),
      })
    }
    if (length < min) {
      fail(errors, at, `must be more than ${min - 1} characters`, {
        type: 'min_length',
        expected: [String(min)],
        got: String(length),
      })
    }
  }
}

/** A string of a form that `expected` names. */
export function form(pattern: RegExp, expected: string): Check {
  return (value, at, errors) => {
    if (typeof value !== 'string') return wrongType(errors, at, 'string', value)
    if (!pattern.test(value))
      fail(errors, at, `must be ${expected}`, { type: 'format', expected: [expected], got: value })
  }
}

export const flag: Check = (value, at, errors) => {
  if (typeof value !== 'boolean') wrongType(errors, at, 'boolean', value)
}

export function number({
  min,
  max,
  whole = true,
}: {
  min?: number
  max?: number
  whole?: boolean
} = {}): Check {
  return (value, at, errors) => {
    if (typeof value !== 'number' || !Number.isFinite(value) || (whole && !Number.isInteger(value))) {
      return wrongType(errors, at, whole ? 'integer' : 'number', value)
    }
    if ((min !== undefined && value < min) || (max !== undefined && value > max)) {
      const range = `${min ?? '-∞'}..${max ?? '∞'}`
      fail(errors, at, `must be in ${range}`, { type: 'range', expected: [range], got: String(value) })
    }
  }
}

export function oneOf(...allowed: readonly (string | number)[]): Check {
  return (value, at, errors) => {
    if (allowed.some((each) => each === value)) return
    fail(errors, at, `must be one of ${allowed.join(', ')}`, {
      type: 'enum',
      expected: allowed.map(String),
      got: typeof value === 'string' ? value : kindOf(value),
    })
  }
}

export function list(item: Check, { min = 0, max }: { min?: number; max?: number } = {}): Check {
  return (value, at, errors) => {
    if (!Array.isArray(value)) return wrongType(errors, at, 'array', value)
    if (max !== undefined && value.length > max) {
      fail(errors, at, `no more than ${max} items allowed`, {
        type: 'max_items',
        expected: [String(max)],
        got: String(value.length),
      })
    }
    if (value.length < min) {
      fail(errors, at, `no less than ${min} items allowed`, {
        type: 'min_items',
        expected: [String(min)],
        got: String(value.length),
      })
    }
    value.forEach((each, index) => {
      item(each, `${at}/${index}`, errors)
    })
  }
}

export const anything: Check = () => {}

/** An object with exactly these fields; names ending in `?` may be missing. */
export function record(fields: Record<string, Check>, ...rules: Rule[]): Check {
  const known = new Map(
    Object.entries(fields).map(([name, check]) => {
      const optional = name.endsWith('?')
      return [optional ? name.slice(0, -1) : name, { check, optional }] as const
    }),
  )
  return (value, at, errors) => {
    if (!isObject(value)) return wrongType(errors, at, 'object', value)
    for (const [name, { check, optional }] of known) {
      // Slack takes null for absent, and so do the clients that serialise it.
      if (value[name] === undefined || value[name] === null) {
        if (!optional)
          errors.push({ pointer: at, code: 'missing_field', message: `missing required field: ${name}` })
      } else {
        check(value[name], `${at}/${escapePointer(name)}`, errors)
      }
    }
    for (const name of Object.keys(value)) {
      if (!known.has(name))
        errors.push({ pointer: at, code: 'unknown_field', message: `invalid additional property: ${name}` })
    }
    for (const rule of rules) rule(value, at, errors)
  }
}

/** Chooses the check by the value's `type`; other types are refused with the list of what is allowed here. */
export function byType(kinds: Record<string, Check>, refuse?: (type: string) => string | undefined): Check {
  return (value, at, errors) => {
    if (!isObject(value)) return wrongType(errors, at, 'object', value)
    const type = value.type
    if (typeof type !== 'string') {
      errors.push({ pointer: at, code: 'missing_field', message: 'missing required field: type' })
      return
    }
    const refusal = refuse?.(type)
    const check = Object.hasOwn(kinds, type) ? kinds[type] : undefined
    if (check === undefined || refusal !== undefined) {
      fail(errors, `${at}/type`, refusal ?? `unsupported type: ${type}`, {
        type: 'enum',
        expected: Object.keys(kinds).filter((each) => refuse?.(each) === undefined),
        got: type,
      })
      return
    }
    check(value, at, errors)
  }
}

/** For descriptions that refer to each other. */
export function later(make: () => Check): Check {
  return (value, at, errors) => make()(value, at, errors)
}

/** Exactly one of these fields, or at least one when `atLeast`. */
export function needsOneOf(names: readonly string[], { atLeast = false } = {}): Rule {
  return (value, at, errors) => {
    const present = names.filter((name) => value[name] !== undefined && value[name] !== null)
    if (present.length === 1 || (atLeast && present.length > 1)) return
    const wanted = `${atLeast ? 'at least one' : 'exactly one'} of ${names.join(', ')}`
    fail(errors, at, `must define ${wanted}`, {
      type: 'one_of',
      expected: names,
      got: present.join(', ') || 'none',
    })
  }
}

function escapePointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}
