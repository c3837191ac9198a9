/** What may stand in qnav.yml. Every message says what is allowed; the place is added by load-config.ts. */
import { distance } from 'fastest-levenshtein'
import { z } from 'zod'
import { builtInRoles, isTimeZone, parseWindow } from '../policy/index.js'
import { dayMs, parseDuration } from './duration.js'
import { parseSize } from './size.js'

/** A mapping with exactly these keys; a key that is not among them is answered with the nearest. */
function section<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code === 'unrecognized_keys') return unknownKeys(issue.keys, Object.keys(shape))
      return issue.code === 'invalid_type'
        ? `must be a mapping with ${listOf(Object.keys(shape))}`
        : undefined
    },
  })
}

/** Text that a rule of its own judges: numbers and lists are not taken for it. */
function text(what: string, rule: RegExp) {
  const error = `must be ${what}`
  return z.string({ error }).regex(rule, { error })
}

function list<Item extends z.ZodType>(item: Item, what: string) {
  return z.array(item, { error: `must be a list of ${what}, such as [a, b]` })
}

const yesOrNo = z.boolean({ error: 'must be true or false' })
const absolutePath = text('an absolute path', /^\/[^\0]*$/)
const ownPath = text('an absolute path, or one that begins with ~/', /^(?:\/|~\/)[^\0]*$/)
const objectName = text('a name of letters, digits, ".", "_" and "-"', /^[A-Za-z0-9][\w.-]{0,62}$/)
const account = text('the name of an account', /^[A-Za-z_][\w.-]{0,31}$/)
const channelId = text('a channel id such as C0123ABCD (channel details, at the bottom)', /^[CG][A-Z0-9]+$/)
const userId = text(
  'a Slack user id such as U0123ABCD (profile, "Copy member ID"), not a name',
  /^[UW][A-Z0-9]+$/,
)
const groupId = text('a Slack user group id such as S0123ABCD, not a handle', /^S[A-Z0-9]+$/)
const address = text(
  'user@host or user@host:port, such as qnav@kvm2.example.com:22',
  /^[A-Za-z_][\w.-]{0,31}@(?:[A-Za-z0-9][A-Za-z0-9.-]{0,252}|\[[0-9a-fA-F:.]{2,45}\])(?::\d{1,5})?$/,
).refine((whole) => isPort(/:(\d+)$/.exec(whole)?.[1] ?? '22'), { error: 'must have a port from 1 to 65535' })

const variable = text(
  'the name of an environment variable, such as KVM2_PASSPHRASE: the passphrase itself does not belong here',
  /^[A-Z_][A-Z0-9_]{0,62}$/,
)

const label = z.union([z.string(), z.number(), z.boolean()], { error: 'must be text' }).transform(String)

const everyHost = {
  labels: z.record(z.string(), label, { error: 'must be a mapping such as { site: ams }' }).default({}),
  libvirt: section({
    socket: absolutePath.exactOptional(),
    uri: z
      .enum(['qemu:///system', 'test:///default'], { error: 'must be qemu:///system' })
      .default('qemu:///system'),
    read_only: yesOrNo.default(false),
  }).prefault({}),
  kcli: section({
    path: absolutePath.exactOptional(),
    sudo: yesOrNo.default(false),
    user: account.exactOptional(),
    config: absolutePath.exactOptional(),
  }).prefault({}),
  virttype: z.enum(['auto', 'kvm', 'qemu'], { error: 'must be auto, kvm or qemu' }).default('auto'),
  pool: objectName.default('default'),
  network: objectName.default('default'),
  run_directory: absolutePath.exactOptional(),
}

const host = z.discriminatedUnion(
  'transport',
  [
    section({ transport: z.literal('local'), ...everyHost }),
    section({
      transport: z.literal('ssh'),
      address,
      jump: address.exactOptional(),
      identity_file: ownPath.exactOptional(),
      identity_passphrase: variable.exactOptional(),
      known_hosts: ownPath.default('~/.ssh/known_hosts'),
      ...everyHost,
    }),
  ],
  { error: 'must be local (the bot runs on this host) or ssh' },
)

const roleWord = /^[a-z][a-z0-9_-]{0,31}$/
const hostName = /^[a-z0-9](?:[a-z0-9.-]{0,61}[a-z0-9])?$/

const memberLists = {
  users: list(userId, 'Slack user ids').default([]),
  groups: list(groupId, 'Slack user group ids').default([]),
  channels: list(channelId, 'channel ids').default([]),
}
const members = section(memberLists).prefault({})

const risk = z.enum(['change', 'destructive', 'host'], {
  error: 'must be change, destructive or host (read commands never wait)',
})

const risksAllowed = z.union([risk.transform((one) => [one]), list(risk, 'risks').min(1)], {
  error: 'must be a list of change, destructive and host',
})

const commandGroups = list(
  text(
    'a group of commands such as vm, or a command such as "vm start"',
    /^[a-z][a-z0-9-]*(?: [a-z][a-z0-9-]*)?$/,
  ),
  'groups of commands and commands',
).min(1)

const grant = section({
  risk: risksAllowed,
  commands: commandGroups.exactOptional(),
  hosts: list(text('the name of a host', hostName), 'host names').min(1).exactOptional(),
  labels: z.record(z.string(), label, { error: 'must be a mapping such as { site: ams }' }).exactOptional(),
  vms: z.enum(['own'], { error: 'must be own, or left out' }).exactOptional(),
})

const customRole = section({
  ...memberLists,
  may: list(grant, 'grants such as { risk: [change], commands: [vm] }').default([]),
  decides: yesOrNo.default(false),
})

/** MiB. */
const size = z.unknown().transform((value, context) => {
  const mib = typeof value === 'string' ? parseSize(value) : undefined
  if (mib !== undefined) return mib
  context.addIssue({ code: 'custom', message: 'must be a size such as 512M, 64G or 2T', input: value })
  return z.NEVER
})

const amountError = 'must be a whole number from 0 to 1000000'
const amount = z
  .int({ error: amountError })
  .min(0, { error: amountError })
  .max(1_000_000, { error: amountError })
const hoursError =
  'must be hours of the week such as "mon-fri 08:00-18:00", ending on the day they begin (24:00 at the latest), or a list of them'
const week = z.string().refine((window) => parseWindow(window) !== undefined)
const hours = z.union([week.transform((one) => [one]), z.array(week).min(1)], { error: hoursError })

const roleName = text('the name of a role, such as operator', roleWord)

/** Milliseconds. */
function duration(unlessSaid: string) {
  return z
    .unknown()
    .transform((value, context) => {
      const ms = typeof value === 'string' ? parseDuration(value) : undefined
      if (ms !== undefined) return ms
      const message = 'must be a time from 1m to 30d, such as 30m, 4h or 2d'
      context.addIssue({ code: 'custom', message, input: value })
      return z.NEVER
    })
    .prefault(unlessSaid)
}

const approval = section({
  risk: z.union([risk.transform((one) => [one]), list(risk, 'risks').min(1)], {
    error: 'must be a list of change, destructive and host (read commands never wait)',
  }),
  commands: commandGroups.exactOptional(),
  labels: z.record(z.string(), label, { error: 'must be a mapping such as { env: prod }' }).exactOptional(),
  over: section({
    vcpus: amount.exactOptional(),
    memory: size.exactOptional(),
    disk: size.exactOptional(),
  }).exactOptional(),
  hours: hours.exactOptional(),
  from: list(roleName, 'roles').min(1).max(10).exactOptional(),
  reason: z.literal('required', { error: 'must be required, or left out' }).exactOptional(),
  within: hours.exactOptional(),
  approvers: z.int({ error: 'must be a whole number from 1 to 10' }).min(1).max(10).exactOptional(),
  expires: duration('4h'),
})

const ratioError = 'must be a number above 0, at most 100'
const ratio = z.number({ error: ratioError }).gt(0, { error: ratioError }).max(100, { error: ratioError })
const someError = 'must be a whole number from 1 to 100000'
const some = z.int({ error: someError }).min(1, { error: someError }).max(100_000, { error: someError })

const perVmLimits = {
  vcpus: amount.exactOptional(),
  memory: size.exactOptional(),
  disk: size.exactOptional(),
  snapshots: amount.exactOptional(),
}
const limits = { vms: amount.exactOptional(), ...perVmLimits }
const labels = z.record(z.string(), label, { error: 'must be a mapping such as { site: ams }' })
const quotas = section({
  owners: list(
    section({
      users: list(userId, 'Slack user ids').exactOptional(),
      roles: list(roleName, 'roles').exactOptional(),
      ...limits,
    }),
    'mappings',
  ).default([]),
  hosts: list(
    section({
      labels: labels.default({}),
      ...limits,
      vcpu_ratio: ratio.exactOptional(),
      memory_ratio: ratio.exactOptional(),
    }),
    'mappings',
  ).default([]),
  vm: section(perVmLimits).prefault({}),
})

const rates = section({
  commands_per_minute: some.default(120),
  changes_per_hour: some.default(300),
}).prefault({})

const locks = section({
  busy: z.enum(['queue', 'refuse'], { error: 'must be queue or refuse' }).default('queue'),
}).prefault({})

/** Shorter would be no log for those who ask a quarter later. */
const leastAuditDays = 90

const syslogForm =
  'must be udp://, tcp:// or tls:// with a host and a port, such as tls://logs.example.com:6514'
const syslogTarget = z.string({ error: syslogForm }).transform((value, context) => {
  const [, protocol, bracketed, plain, digits = ''] =
    /^(udp|tcp|tls):\/\/(?:\[([0-9a-fA-F:.]{2,45})\]|([A-Za-z0-9][A-Za-z0-9.-]{0,252})):(\d{1,5})$/.exec(
      value,
    ) ?? []
  const host = bracketed ?? plain
  if (host !== undefined && isPort(digits)) {
    return { protocol: protocol as 'udp' | 'tcp' | 'tls', host, port: Number(digits) }
  }
  context.addIssue({ code: 'custom', message: syslogForm, input: value })
  return z.NEVER
})

const audit = section({
  mirror: section({
    channel: channelId.exactOptional(),
    journald: yesOrNo.default(false),
    syslog: syslogTarget.exactOptional(),
  }).prefault({}),
  keep: z
    .unknown()
    .transform((value, context) => {
      const ms = typeof value === 'string' ? parseDuration(value, 3650 * dayMs) : undefined
      if (ms !== undefined && ms >= leastAuditDays * dayMs) return ms
      context.addIssue({
        code: 'custom',
        message: `must be a time from ${leastAuditDays}d to 3650d, such as 400d; leave it out to keep everything`,
        input: value,
      })
      return z.NEVER
    })
    .exactOptional(),
}).prefault({})

const leaseTime = z
  .unknown()
  .transform((value, context) => {
    const ms = typeof value === 'string' ? parseDuration(value, 3650 * dayMs) : undefined
    if (ms !== undefined && ms >= 3_600_000) return ms
    const message = 'must be a time from 1h to 3650d, such as 8h or 14d'
    context.addIssue({ code: 'custom', message, input: value })
    return z.NEVER
  })
  .exactOptional()

const jobs = section({
  keep: some.default(1000),
  archive: z
    .unknown()
    .transform((value, context) => {
      const ms = typeof value === 'string' ? parseDuration(value, 3650 * dayMs) : undefined
      if (ms !== undefined && ms >= dayMs) return ms
      context.addIssue({
        code: 'custom',
        message: 'must be a time from 1d to 3650d, such as 400d',
        input: value,
      })
      return z.NEVER
    })
    .prefault('400d'),
}).prefault({})

export const configForm = section({
  slack: section({
    approvals_channel: channelId.exactOptional(),
    guests: z.enum(['refuse', 'read'], { error: 'must be refuse or read' }).default('refuse'),
  }).prefault({}),
  hosts: z
    .record(z.string(), host, { error: 'must be a mapping from host names to hosts' })
    .check((context) => {
      const names = Object.keys(context.value)
      if (names.length === 0) {
        context.issues.push({ code: 'custom', message: 'must name at least one host', input: context.value })
      }
      for (const name of names.filter((each) => !hostName.test(each))) {
        const message = `"${name}" cannot be the name of a host: lower-case letters, digits, "." and "-", at most 63`
        context.issues.push({ code: 'custom', message, path: [name], input: name })
      }
    }),
  roles: section({ operator: members, approver: members, admin: members }).prefault({}),
  custom_roles: z
    .record(z.string(), customRole, { error: 'must be a mapping from names of roles to roles' })
    .default({})
    .check((context) => {
      for (const name of Object.keys(context.value)) {
        const isTaken = (builtInRoles as readonly string[]).includes(name)
        if (!isTaken && roleWord.test(name)) continue
        const message = isTaken
          ? `"${name}" is built in; its members stand under roles`
          : `"${name}" cannot be the name of a role: small letters, digits, "_" and "-", at most 32`
        context.issues.push({ code: 'custom', message, path: [name], input: name })
      }
    }),
  approvals: list(approval, 'rules').default([]),
  break_glass: section({
    roles: list(roleName, 'roles').min(1),
    channel: channelId.exactOptional(),
    remind: duration('1d'),
  }).exactOptional(),
  time_zone: z
    .string({ error: 'must be a time zone such as Europe/Amsterdam' })
    .refine(isTimeZone, { error: 'must be a time zone such as Europe/Amsterdam' })
    .default('UTC'),
  quotas: quotas.exactOptional(),
  leases: section({ default: leaseTime, longest: leaseTime }).exactOptional(),
  rates,
  locks,
  audit,
  jobs,
})

export type ConfigFile = z.output<typeof configForm>

function isPort(digits: string): boolean {
  return Number(digits) >= 1 && Number(digits) <= 65_535
}

function unknownKeys(keys: readonly string[], allowed: readonly string[]): string {
  return keys
    .map((key) => {
      const nearest = [...allowed].sort((a, b) => distance(key, a) - distance(key, b))[0]
      const isNear = nearest !== undefined && distance(key, nearest) <= Math.max(2, key.length / 3)
      const hint = isNear ? `did you mean "${nearest}"? ` : ''
      return `has no key "${key}"; ${hint}Allowed: ${listOf(allowed)}`
    })
    .join('; ')
}

function listOf(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}
