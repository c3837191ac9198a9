/**
 * The kinds of arguments: each a zod schema from typed text to a JSON value, with what help, forms and typeahead need in
 * its metadata. Sizes are MiB or GiB as the name says, durations milliseconds.
 */
import { z } from 'zod'
import type { VmRef } from '../agents/agent.js'

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
  | 'user'
  | 'ssh-key'

export interface ArgumentMeta {
  kind: ArgumentKind
  /** How values look, for help and errors: "4G or 4096 (MiB)". */
  form: string
  /** Given several times, or with commas. */
  many?: boolean
  /** The words of a choice. */
  choices?: readonly string[]
  /** From a parsed value back to what is typed. */
  show(value: unknown): string
}

const registry = z.registry<ArgumentMeta>()

/** Metadata of an argument, also below `.optional()`, `.default()` and `.describe()`. */
export function metaOf(schema: z.ZodType): ArgumentMeta {
  const meta = registry.get(schema)
  if (meta !== undefined) return meta
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault)
    return metaOf(schema.unwrap() as z.ZodType)
  throw new Error('an argument was not made by one of the factories in arguments.ts')
}

/** `describe` makes a copy of a schema, so metadata is attached to what the author wrote by this. */
function argument<T extends z.ZodType>(
  schema: T,
  meta: Omit<ArgumentMeta, 'show'> & Partial<ArgumentMeta>,
): T {
  const full: ArgumentMeta = { show: String, ...meta }
  registry.add(schema, full)
  const describe = schema.describe.bind(schema)
  schema.describe = (text: string) => {
    const described = describe(text)
    registry.add(described, full)
    return described
  }
  return schema
}

const dnsLabel = /^[a-z]([a-z0-9-]*[a-z0-9])?$/
/** Names of pools, networks, images, profiles, snapshots: what libvirt and kcli take and a shell does not mind. */
const plainName = /^[A-Za-z0-9][A-Za-z0-9._+-]*$/

function named(kind: ArgumentKind, form: string) {
  return argument(z.string().max(128).regex(plainName, `must be ${form}`), { kind, form })
}

/** A VM that exists: `web1`, or `web1@kvm1` where the name is on several hosts. */
export function vmRef() {
  const schema = z
    .string()
    .regex(/^[^@\s/;<>&|`$'"\\]+(@[A-Za-z0-9][\w.-]*)?$/, 'must be a VM name, or vm@host')
    .transform((typed): VmRef => {
      const cut = typed.lastIndexOf('@')
      return cut < 0 ? { name: typed } : { name: typed.slice(0, cut), host: typed.slice(cut + 1) }
    })
  return argument(schema, {
    kind: 'vm',
    form: 'vm or vm@host',
    show: (value) => {
      const { name, host } = value as VmRef
      return host === undefined ? name : `${name}@${host}`
    },
  })
}

/** The name of a VM to be made: a DNS label, because it becomes a host name. */
export function vmName() {
  return argument(
    z
      .string()
      .max(63, 'must have at most 63 characters')
      .regex(
        dnsLabel,
        'must be small letters, digits and hyphens, beginning with a letter and not ending with a hyphen',
      ),
    { kind: 'new-vm', form: 'a name like web1 or dev-web-01' },
  )
}

export const hostName = () => named('host', 'a host of qnav.yml')
export const imageName = () => named('image', 'an image as `image list` shows it')
export const profileName = () => named('profile', 'a kcli profile')
export const networkName = () => named('network', 'a network of the host')
export const poolName = () => named('pool', 'a storage pool of the host')
/** A snapshot to be taken. */
export const snapshotName = () => named('new-snapshot', 'letters, digits, dots, hyphens and underscores')
/** A snapshot that exists; other tools may have given it any name. */
export const snapshotRef = () =>
  argument(z.string().min(1, 'must not be empty').max(255), {
    kind: 'snapshot',
    form: 'a snapshot of the VM',
  })

export function jobRef() {
  return argument(z.string().regex(/^j-[a-z0-9]{3,12}$/, 'must look like j-7k2m9'), {
    kind: 'job',
    form: 'j-7k2m9',
  })
}

/** Free text of one line, e.g. a reason or a description. */
export function text({ max = 500 }: { max?: number } = {}) {
  return argument(
    z
      .string()
      .max(max, `must have at most ${max} characters`)
      .refine((value) => value.trim() !== '', 'must not be empty'),
    { kind: 'text', form: 'text; quote it when it has blanks' },
  )
}

export function flag() {
  return argument(z.boolean(), { kind: 'flag', form: 'on or off' })
}

export function wholeNumber({ min, max }: { min: number; max: number }) {
  return argument(
    z
      .string()
      .regex(/^\d+$/, `must be a whole number from ${min} to ${max}`)
      .transform(Number)
      .refine((n) => n >= min && n <= max, `must be a whole number from ${min} to ${max}`),
    { kind: 'number', form: `${min} to ${max}` },
  )
}

/** One of a few words. */
export function choice<const C extends readonly [string, ...string[]]>(...choices: C) {
  return argument(z.enum(choices), { kind: 'choice', form: choices.join(' or '), choices })
}

const sizeUnits: Readonly<Record<string, number>> = {
  m: 1,
  mb: 1,
  mib: 1,
  g: 1024,
  gb: 1024,
  gib: 1024,
  t: 1024 ** 2,
  tb: 1024 ** 2,
  tib: 1024 ** 2,
}

/** A size in MiB, from `4G`, `512M`, `1.5GiB` or a bare number in `bareUnit`. */
function size(kind: 'memory' | 'disk', { min, max }: { min: number; max: number }) {
  const perUnit = kind === 'memory' ? 1 : 1024
  const form = kind === 'memory' ? '4G, 512M or 4096 (MiB)' : '20G, 500M or 20 (GiB)'
  const unit = kind === 'memory' ? 'MiB' : 'GiB'
  const complaint = `must be a size like ${form}, from ${min} to ${max} ${unit}`
  const schema = z.string().transform((typed, context) => {
    const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(typed)
    const suffix = match?.[2]?.toLowerCase() ?? ''
    const factor = suffix === '' ? perUnit : sizeUnits[suffix]
    const value = match === null || factor === undefined ? Number.NaN : (Number(match[1]) * factor) / perUnit
    const rounded = kind === 'memory' ? Math.round(value) : Math.round(value * 100) / 100
    if (rounded >= min && rounded <= max) return rounded
    context.addIssue({ code: 'custom', message: complaint })
    return z.NEVER
  })
  return argument(schema, { kind, form, show: (value) => `${value}${kind === 'memory' ? 'M' : 'G'}` })
}

/** MiB. The bounds are those of Qubinode's own VM configuration; small test images need less than its 512. */
export const memorySize = () => size('memory', { min: 64, max: 262_144 })
/** GiB. */
export const diskSize = () => size('disk', { min: 0.05, max: 65_536 })

const durationUnits: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

/** Milliseconds, from `30m`, `7d`, `1h30m`. */
export function duration({ maxMs = 90 * 86_400_000 }: { maxMs?: number } = {}) {
  const complaint = 'must be a duration like 30s, 30m, 1h30m or 7d'
  const schema = z.string().transform((typed, context) => {
    const compact = typed.toLowerCase().replaceAll(' ', '')
    const parts = [...compact.matchAll(/(\d+(?:\.\d+)?)(min|[smhdw])/g)]
    const ms = parts.reduce(
      (sum, [, n, unit]) => sum + Number(n) * (durationUnits[unit ?? ''] ?? Number.NaN),
      0,
    )
    const whole = parts.map(([part]) => part).join('') === compact
    if (whole && ms > 0 && ms <= maxMs) return ms
    context.addIssue({ code: 'custom', message: complaint })
    return z.NEVER
  })
  return argument(schema, {
    kind: 'duration',
    form: '30s, 30m, 1h30m or 7d',
    show: (value) => `${Number(value) / 1000}s`,
  })
}

/** A Slack user, as `@ann` arrives: `<@U123>`. The value is the user id. */
export function userRef() {
  const schema = z
    .string()
    .regex(/^(<@[UW][A-Z0-9]+>|[UW][A-Z0-9]{2,})$/, 'must be a person, like @ann')
    .transform((typed) => typed.replace(/[<@>]/g, ''))
  return argument(schema, { kind: 'user', form: '@person', show: (value) => `<@${value}>` })
}

/** A public key as it stands in authorized_keys; a private key is refused without repeating it. */
export function sshKey() {
  const schema = z
    .string()
    .max(8192)
    .regex(
      /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)|sk-ssh-ed25519@openssh\.com) [A-Za-z0-9+/]+={0,3}( [\w@.+ -]*)?$/,
      'must be one public SSH key: "ssh-ed25519 AAAA… comment"',
    )
  return argument(schema, { kind: 'ssh-key', form: '"ssh-ed25519 AAAA…"' })
}

/** Several values: the flag given several times, or one value with commas. */
export function list<T extends z.ZodType>(of: T) {
  const meta = metaOf(of)
  return argument(z.array(of), {
    kind: meta.kind,
    form: `${meta.form}; several with commas`,
    many: true,
    show: (value) => (value as unknown[]).map((item) => meta.show(item)).join(','),
  })
}
