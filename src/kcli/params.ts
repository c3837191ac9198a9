/** What may be said to kcli: an allow-list of typed keys. kcli ignores unknown keys in silence and runs others as code. */
import { z } from 'zod'
import { UserError } from '../errors.js'

/** Values end up in XML unescaped inside kcli, names also in a shell (its genisoimage call): so neither gets through. */
const safeText = (longest: number) =>
  z
    .string()
    .min(1)
    .max(longest)
    .regex(/^[^<>&\p{Cc}\p{Cs}\p{Zl}\p{Zp}\uFFFE\uFFFF]+$/u, 'must not contain <, >, & or control characters')

const plainName = z
  .string()
  .max(128)
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._+-]*$/,
    'must be letters, digits, dots, underscores, plus signs and hyphens',
  )

/** A DNS label. kcli itself only refuses a slash and puts the rest into a shell command. */
const vmName = z
  .string()
  .max(63)
  .regex(
    /^[a-z]([a-z0-9-]*[a-z0-9])?$/,
    'must be small letters, digits and hyphens, a letter first, no hyphen last',
  )

/** A file in a pool, by name or by path; kcli takes http… for an address to download from. */
const imageName = z
  .string()
  .max(1024)
  .regex(
    /^(?!http)[A-Za-z0-9][A-Za-z0-9._+-]*$|^(\/[A-Za-z0-9_][A-Za-z0-9._+-]*)+$/,
    'must be the name or the path of a file in a pool, of letters, digits, dots, underscores, plus signs and hyphens',
  )

/** kcli takes a name that ends so for a file. */
const profileName = plainName.refine((name) => !/\.ya?ml$/.test(name), 'must be the name of a profile')

/**
 * kcli opens a "key" that is the path of a file, skips kinds that it does not know with a warning, and writes the rest as
 * one line of YAML, which ": " would break.
 */
const publicKey = safeText(8192)
  .regex(
    /^(ssh-(ed25519|rsa|dss)|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]+={0,3}( .*)?$/,
    'must be a public key that begins with ssh-ed25519, ssh-rsa or ecdsa-sha2-…; kcli skips others',
  )
  .refine((key) => !/:(\s|$)| #/.test(key), 'must have no colon before a space, and no " #", in its comment')

export const createParams = z.strictObject({
  /** MiB. */
  memory: z.int().min(1),
  numcpus: z.int().min(1),
  /** GiB each; kcli takes whole numbers. */
  disks: z.array(z.strictObject({ size: z.int().min(1) })).min(1),
  nets: z.array(z.strictObject({ name: plainName })),
  pool: plainName,
  /** kcli plan that the VM is counted to; kcli's own is "kvirt". */
  plan: plainName.optional(),
  owner: safeText(256).optional(),
  keys: z.array(publicKey).optional(),
  start: z.boolean(),
  virttype: z.enum(['kvm', 'qemu']),
})

/** Parameters of `kcli create vm`, by kcli's own names. */
export type CreateParams = z.infer<typeof createParams>

/** From what the VM is made. */
export type Source = { image: string } | { profile: string }

/** The arguments behind `kcli`, checked right here: this is the last place before they leave. Throws `bad-name` and
 * `bad-argument`. */
export function createArguments(name: string, source: Source, parametersFile: string): string[] {
  checkedVmName(name)
  const from =
    'image' in source
      ? ['-i', checked('image', imageName, source.image)]
      : ['-p', checked('profile', profileName, source.profile)]
  return ['create', 'vm', ...from, '--pf', parametersFile, name]
}

/** The parameter file's content. Throws `bad-argument`. */
export function createParameters(params: CreateParams): string {
  return JSON.stringify(checked('parameters', createParams, params))
}

function checkedVmName(name: string): void {
  const { success, error } = vmName.safeParse(name)
  if (success) return
  throw new UserError('bad-name', `${JSON.stringify(name)} cannot be the name of a VM.`, {
    fix: 'Use at most 63 small letters, digits and hyphens, a letter first and no hyphen last.',
    cause: error,
  })
}

function checked<T>(what: string, schema: z.ZodType<T>, value: unknown): T {
  const { success, data, error } = schema.safeParse(value)
  if (success) return data
  const problems = error.issues.map(
    ({ path, message }) => `${[what, ...path.map(String)].join('.')}: ${shownAt(value, path)}${message}`,
  )
  throw new UserError('bad-argument', `kcli is not given this: ${problems.join('; ')}.`, {
    fix: 'Change the value and ask again.',
    cause: error,
  })
}

/** The wrong value, cut. What was given for a public key is not repeated: it may be the private one. */
function shownAt(value: unknown, path: readonly PropertyKey[]): string {
  if (path[0] === 'keys') return ''
  const wrong = path.reduce<unknown>(
    (of, key) => (of as Record<PropertyKey, unknown> | undefined)?.[key],
    value,
  )
  return typeof wrong === 'string' ? `${JSON.stringify(wrong).slice(0, 80)} ` : ''
}
