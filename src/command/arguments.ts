/**
 * The kinds of arguments: each a zod schema from typed text to a JSON value. Sizes are MiB or GiB as the name says,
 * durations milliseconds.
 */
import { z } from 'zod'
import type { VmRef } from '../agents/agent.js'
import { type ArgumentKind, argument, metaOf, readBy } from './argument-meta.js'
import { nearest, orList } from './nearest.js'
import { readDuration, readSize, writeDuration, writeSize } from './quantities.js'

const dnsLabel = /^[a-z]([a-z0-9-]*[a-z0-9])?$/
/** Names of pools, networks, images, profiles, snapshots: what libvirt and kcli take and a shell does not mind. */
const plainName = /^[A-Za-z0-9][A-Za-z0-9._+-]*$/

function named(kind: ArgumentKind, form: string, sample: string) {
  const schema = z
    .string()
    .max(128, 'must have at most 128 characters')
    .regex(plainName, `must be ${form}: letters, digits and . _ + -`)
  const mend = (typed: string) =>
    typed
      .replace(/[^A-Za-z0-9._+-]+/g, '-')
      .replace(/^[^A-Za-z0-9]+|-+$/g, '')
      .slice(0, 128) || undefined
  return argument(schema, { kind, form, sample, mend })
}

/** A VM that exists: `web1`, or `web1@kvm1` where the name is on several hosts. Other tools may have given it any name
 * that libvirt takes. */
export function vmRef() {
  const read = (typed: string): VmRef | undefined => {
    const cut = typed.lastIndexOf('@')
    const name = cut < 0 ? typed : typed.slice(0, cut)
    const host = cut < 0 ? undefined : typed.slice(cut + 1)
    if (!/^[^/\p{C}]{1,255}$/u.test(name) || name.trim() !== name) return undefined
    if (host === undefined) return { name }
    return plainName.test(host) ? { name, host } : undefined
  }
  return argument(readBy(read, 'must be a VM, like web1 or web1@kvm1'), {
    kind: 'vm',
    form: 'a VM, like web1 or web1@kvm1',
    sample: 'web1',
    show: (value) => {
      const { name, host } = value as VmRef
      return host === undefined ? name : `${name}@${host}`
    },
    mend: (typed) => typed.replace(/[/\p{C}]|@$/gu, '').trim() || undefined,
  })
}

/** The name of a VM to be made: a DNS label, because it becomes a host name. */
export function vmName() {
  const schema = z
    .string()
    .max(63, 'must have at most 63 characters')
    .regex(
      dnsLabel,
      'must be small letters, digits and hyphens, beginning with a letter and not ending with a hyphen',
    )
  const mend = (typed: string) =>
    typed
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^[^a-z]+/, '')
      .slice(0, 63)
      .replace(/-+$/, '') || undefined
  return argument(schema, { kind: 'new-vm', form: 'a name like web1 or dev-web-01', sample: 'web1', mend })
}

export const hostName = () => named('host', 'a host as `host list` shows it', 'kvm1')
export const imageName = () => named('image', 'an image as `image list` shows it', 'rockylinux9')
export const profileName = () => named('profile', 'a kcli profile', 'rhel9')
export const networkName = () => named('network', 'a network of the host', 'default')
export const poolName = () => named('pool', 'a storage pool of the host', 'default')
/** A snapshot to be taken. */
export const snapshotName = () => named('new-snapshot', 'a name', 'before-upgrade')

/** A snapshot that exists; other tools may have given it any name. */
export function snapshotRef() {
  const schema = z.string().min(1, 'must not be empty').max(255, 'must have at most 255 characters')
  return argument(schema, { kind: 'snapshot', form: 'a snapshot of the VM', sample: 'before-upgrade' })
}

export function jobRef() {
  const schema = readBy((typed) => {
    const id = typed.toLowerCase()
    return /^j-[a-z0-9]{3,12}$/.test(id) ? id : undefined
  }, 'must be a job, like j-7k2m9')
  return argument(schema, {
    kind: 'job',
    form: 'a job, like j-7k2m9',
    sample: 'j-7k2m9',
    mend: (typed) => (/^[a-z0-9]{3,12}$/i.test(typed) ? `j-${typed.toLowerCase()}` : undefined),
  })
}

/** What nobody types on purpose, and XML cannot hold: control characters, halves of characters. */
const unseen = /[^\P{Cc}\n\t]|[\p{Cs}\uFFFE\uFFFF]/u

/** Free text, e.g. a reason or a description. */
export function text({ max = 500 }: { max?: number } = {}) {
  const schema = z
    .string()
    .max(max, `must have at most ${max} characters`)
    .refine((value) => value.trim() !== '', 'must not be empty')
    .refine((value) => !unseen.test(value), 'must not have control characters or broken ones')
  return argument(schema, {
    kind: 'text',
    form: 'text; quote it when it has blanks',
    sample: '…',
    keepsCommas: true,
    mend: (typed) => typed.replaceAll(new RegExp(unseen, 'gu'), '').trim().slice(0, max) || undefined,
  })
}

/** On or off: `--name`, `--no-name`. Give it a default. */
/** `typedOnly`: no form has it. */
export function flag({ typedOnly = false } = {}) {
  const meta = { kind: 'flag', form: 'on or off', sample: 'on' } as const
  return argument(z.boolean(), typedOnly ? { ...meta, typedOnly: true } : meta)
}

export function wholeNumber({ min, max }: { min: number; max: number }) {
  const read = (typed: string) => {
    const n = /^\d+$/.test(typed) ? Number(typed) : Number.NaN
    return n >= min && n <= max ? n : undefined
  }
  return argument(readBy(read, `must be a whole number from ${min} to ${max}`), {
    kind: 'number',
    form: `${min} to ${max}`,
    sample: String(min),
    min,
    max,
    mend: (typed) => (/\d/.test(typed) ? String(clamp(Number.parseFloat(typed), min, max)) : undefined),
  })
}

/** One of a few words. */
export function choice<const C extends readonly [string, ...string[]]>(...choices: C) {
  const form = orList(choices)
  return argument(z.enum(choices, `must be ${form}`), {
    kind: 'choice',
    form,
    sample: choices[0],
    choices,
    mend: (typed) => nearest(typed, choices)[0],
  })
}

/** MiB. The upper bound is Qubinode's; small test images need less than its 512 MiB. */
export const memorySize = () => size('memory', { min: 64, max: 262_144 })
/** Whole GiB, because kcli takes no less; a bare number is GiB. */
export const diskSize = () => size('disk', { min: 1, max: 65_536 })

function size(kind: 'memory' | 'disk', { min, max }: { min: number; max: number }) {
  const perUnit = kind === 'memory' ? 1 : 1024
  const form = kind === 'memory' ? '4G, 512M or 4096 (MiB)' : '20G, 1T or 20 (GiB)'
  const write = (value: number) => writeSize(value * perUnit)
  const read = (typed: string) => {
    const value = (readSize(typed, perUnit) ?? Number.NaN) / perUnit
    return Number.isInteger(value) && value >= min && value <= max ? value : undefined
  }
  return argument(readBy(read, `must be a size like ${form}, from ${write(min)} to ${write(max)}`), {
    kind,
    form,
    sample: kind === 'memory' ? '4G' : '20G',
    min,
    max,
    show: (value) => write(Number(value)),
    mend: (typed) => {
      const [, number, unit = ''] = /(\d+(?:[.,]\d+)?)\s*([mgt]?)/i.exec(typed) ?? []
      const value = (readSize(`${number?.replace(',', '.')}${unit}`, perUnit) ?? Number.NaN) / perUnit
      return Number.isNaN(value) ? undefined : write(clamp(Math.ceil(value), min, max))
    },
  })
}

/** Milliseconds, from `30m`, `7d`, `1h30m`. Never without a unit. */
export function duration({ maxMs = 90 * 86_400_000 }: { maxMs?: number } = {}) {
  const form = '30s, 10m, 1h30m or 7d'
  const read = (typed: string) => {
    const ms = readDuration(typed)
    return ms !== undefined && ms > 0 && ms <= maxMs ? ms : undefined
  }
  return argument(readBy(read, `must be a duration like ${form}, at most ${writeDuration(maxMs)}`), {
    kind: 'duration',
    form,
    sample: '10m',
    min: 1000,
    max: maxMs,
    show: (value) => writeDuration(Number(value)),
    mend: (typed) => {
      const ms = readDuration(/^\d+$/.test(typed) ? `${typed}m` : typed)
      return ms === undefined || ms === 0 ? undefined : writeDuration(Math.min(ms, maxMs))
    },
  })
}

/** A Slack user, as `@ann` arrives: `<@U123>`. The value is the user id. */
export function userRef() {
  const read = (typed: string) =>
    /^<@([UW][A-Z0-9]+)>$|^([UW][A-Z0-9]{2,})$/.exec(typed)?.slice(1).find(Boolean)
  return argument(readBy(read, 'must be a person, picked from the list that Slack offers after @'), {
    kind: 'user',
    form: '@person',
    sample: '@person',
  })
}

/** Whose something is: a Slack user, `me`, or `terminal:<OS user>` for what was made at the bot's own machine. See
 * {@link ownerId} for `me`. */
export function ownerRef() {
  const read = (typed: string) =>
    /^(me|terminal:[a-z_][a-z0-9_.-]{0,31})$|^<@([UW][A-Z0-9]+)>$|^([UW][A-Z0-9]{2,})$/
      .exec(typed)
      ?.slice(1)
      .find(Boolean)
  return argument(readBy(read, 'must be me, or a person picked from the list that Slack offers after @'), {
    kind: 'user',
    form: 'me or @person',
    sample: 'me',
    mend: (typed) => (/^(my|mine|self|myself)$/i.test(typed) ? 'me' : undefined),
  })
}

/** The id that an {@link ownerRef} stands for; whoever asks when nothing is given. */
export function ownerId(owner: string | undefined, asker: { id: string }): string {
  return owner === undefined || owner === 'me' ? asker.id : owner
}

const publicKey =
  /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521)|sk-ssh-ed25519@openssh\.com|sk-ecdsa-sha2-nistp256@openssh\.com) ([A-Za-z0-9+/]+={0,3})( [\w@.,:+()-]+)*$/

/** A public key as it stands in authorized_keys. A wrong value is never repeated: it may be the private one. */
export function sshKey() {
  const read = (typed: string) => {
    const [, type = '', body = ''] = typed.length <= 8192 ? (publicKey.exec(typed) ?? []) : []
    // The body says its own type first, after four bytes of length (RFC 4253 §6.6).
    const said = Buffer.from(body, 'base64')
      .subarray(4, 4 + type.length)
      .toString('latin1')
    return type !== '' && said === type ? typed : undefined
  }
  return argument(readBy(read, 'must be one public SSH key, quoted: "ssh-ed25519 AAAA… comment"'), {
    kind: 'ssh-key',
    form: '"ssh-ed25519 AAAA… comment"',
    sample: 'ssh-ed25519 AAAA… comment',
    keepsCommas: true,
  })
}

/** Several values: the flag given several times, or one value with commas. */
export function list<T extends z.ZodType>(of: T) {
  const meta = metaOf(of)
  return argument(z.array(of), {
    ...meta,
    form: `${meta.form}; several ${meta.keepsCommas ? 'by repeating it' : 'with commas'}`,
    many: true,
  })
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, Math.trunc(value)))
}
