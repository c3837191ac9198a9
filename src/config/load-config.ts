/** qnav.yml: read, validated, turned into settings. A mistake is named with its file, line, key, value and what is allowed. */
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Document, isMap, isNode, isScalar, LineCounter, type Node, parseDocument } from 'yaml'
import type { z } from 'zod'
import type { HostSettings } from '../agents/host-settings.js'
import { UserError } from '../errors.js'
import type { ApprovalEntry, Limits, QuotaSettings } from '../policy/index.js'
import { redact } from '../redact.js'
import { type ConfigFile, configForm } from './config-form.js'
import type { Env } from './environment.js'
import { readPassphrase, type Warn, warnIfExposed } from './secret.js'
import type { Config } from './settings.js'

/** Mistakes named at once. */
const maxMistakes = 10
const maxValueChars = 60

/** Reads and validates qnav.yml. Rejects with `bad-config`, naming file, line, key, value and what is allowed.
 * @param env Where the secrets are that the file names.
 * @param warn Hears of secrets that others may read. */
export async function loadConfig(path: string, env: Env = {}, warn: Warn = () => {}): Promise<Config> {
  const absolute = resolve(path)
  const text = await readText(absolute)
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const syntax = document.errors.map(
    (error) => `${absolute}:${lines.linePos(error.pos[0]).line}: ${wordsOf(error)}`,
  )
  if (syntax.length > 0) throw badConfig(syntax)
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) {
    throw new UserError('bad-config', `${absolute} is empty.`, { fix: fromExample(absolute) })
  }
  const parsed = configForm.safeParse(dataOf(document, absolute))
  if (!parsed.success) {
    throw badConfig(parsed.error.issues.map((issue) => describe(issue, document, absolute, lines)))
  }
  const problem = contradiction(parsed.data)
  if (problem !== undefined)
    throw badConfig([`${absolute}:${lineOf(document, problem.at, lines)}: ${problem.message}`])
  const keys = Object.values(parsed.data.hosts).flatMap((host) =>
    host.transport === 'ssh' && host.identity_file !== undefined ? [expandHome(host.identity_file)] : [],
  )
  for (const key of new Set(keys)) await warnIfExposed(key, warn)
  const passphrases = new Map<string, string>()
  for (const [name, host] of Object.entries(parsed.data.hosts)) {
    if (host.transport !== 'ssh' || host.identity_passphrase === undefined) continue
    const passphrase = await readPassphrase(env, host.identity_passphrase, warn)
    if (passphrase === undefined) {
      const at = ['hosts', name, 'identity_passphrase']
      throw noPassphrase(host.identity_passphrase, `${absolute}:${lineOf(document, at, lines)}`, at.join('.'))
    }
    passphrases.set(name, passphrase)
  }
  return configOf(parsed.data, absolute, passphrases)
}

function noPassphrase(variable: string, place: string, key: string): UserError {
  return new UserError('bad-config', `${place}: ${key} names ${variable}, which is not set.`, {
    fix: `Put the passphrase into ${variable} (the environment or .env), into a file that ${variable}_FILE names, or into a systemd credential "${variable.toLowerCase()}".`,
  })
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error'
    if (code === 'ENOENT') {
      throw new UserError('bad-config', `There is no configuration file ${path}.`, {
        fix: fromExample(path),
        cause,
      })
    }
    throw new UserError('bad-config', `The configuration file ${path} cannot be read (${code}).`, {
      fix: 'Let the user who runs qnav read it, or name another with QNAV_CONFIG.',
      cause,
    })
  }
}

function fromExample(path: string): string {
  return `Start from the example: cp qnav.example.yml ${path}, then edit it. QNAV_CONFIG names another place.`
}

function badConfig(mistakes: string[]): UserError {
  const more = mistakes.length - maxMistakes
  const shown = mistakes.slice(0, maxMistakes).join('\n') + (more > 0 ? `\nand ${more} more` : '')
  return new UserError('bad-config', redact(shown), {
    fix: 'Correct it; qnav.example.yml shows and explains every key.',
  })
}

function wordsOf({ code, message }: { code: string; message: string }): string {
  if (code === 'TAB_AS_INDENT') return 'a tab; YAML indents with spaces only'
  // The parser repeats the place and draws the line below its first sentence.
  const [sentence = message] = message.split(/ at line \d+|\n/)
  return code === 'DUPLICATE_KEY' ? 'this key stands twice in the same mapping; which one counts?' : sentence
}

function dataOf(document: Document, path: string): unknown {
  try {
    return document.toJS()
  } catch (cause) {
    // Aliases to nothing, or so many that the document would explode.
    throw new UserError('bad-config', `${path}: ${cause instanceof Error ? cause.message : String(cause)}.`, {
      fix: 'Write it without anchors and aliases.',
      cause,
    })
  }
}

type Path = readonly PropertyKey[]

function describe(issue: z.core.$ZodIssue, document: Document, file: string, lines: LineCounter): string {
  const inner = innermost(issue)
  const key = inner.path.map(String).join('.') || 'the file'
  if (inner.code === 'unrecognized_keys') {
    const line = lineOf(document, [...inner.path, inner.keys[0] ?? ''], lines)
    return `${file}:${line}: ${key} ${inner.message}.`
  }
  const node = document.getIn(inner.path, true)
  const line = lineOf(document, inner.path, lines)
  if (node === undefined) return `${file}:${line}: ${key} is missing; it ${inner.message}.`
  const value = isScalar(node) ? shown(node.value) : isMap(node) ? 'this mapping' : 'this list'
  return `${file}:${line}: ${key}: ${value} ${inner.message}.`
}

/** Of a choice that nothing fitted, what was wrong with the nearest one is more use than "invalid". */
function innermost(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== 'invalid_union') return issue
  const deeper = issue.errors.flat().find(({ path }) => path.length > 0)
  return deeper === undefined ? issue : { ...deeper, path: [...issue.path, ...deeper.path] }
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value)
  return text.length <= maxValueChars ? text : `${text.slice(0, maxValueChars)}…`
}

/** The line of the key at the path, or of the nearest thing around it. */
function lineOf(document: Document, path: Path, lines: LineCounter): number {
  for (let length = path.length; length > 0; length -= 1) {
    const at = keyNode(document, path.slice(0, length)) ?? document.getIn(path.slice(0, length), true)
    const offset = isNode(at) ? at.range?.[0] : undefined
    if (offset !== undefined) return lines.linePos(offset).line
  }
  return 1
}

function keyNode(document: Document, path: Path): Node | undefined {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true)
  if (!isMap(parent)) return undefined
  const pair = parent.items.find(({ key }) => isScalar(key) && String(key.value) === String(path.at(-1)))
  return isNode(pair?.key) ? pair.key : undefined
}

/** What is well-formed and still cannot work. */
function contradiction({
  approvals,
  break_glass: breakGlass,
  custom_roles: custom,
  hosts,
  leases: { default: lease, longest } = {},
  roles,
  slack,
}: ConfigFile): { at: Path; message: string } | undefined {
  const keyless = Object.entries(hosts).find(
    ([, host]) =>
      host.transport === 'ssh' && host.identity_passphrase !== undefined && host.identity_file === undefined,
  )?.[0]
  if (keyless !== undefined) {
    const at = ['hosts', keyless, 'identity_passphrase']
    return { at, message: `${at.join('.')} needs identity_file, the key that it opens.` }
  }
  if (approvals.length > 0 && slack.approvals_channel === undefined) {
    return { at: ['approvals'], message: 'approvals need slack.approvals_channel, where the cards go.' }
  }
  for (const [role, { may }] of Object.entries(custom)) {
    for (const [index, grant] of may.entries()) {
      const unknown = grant.hosts?.find((name) => !Object.hasOwn(hosts, name))
      if (unknown === undefined) continue
      const at = ['custom_roles', role, 'may', index, 'hosts']
      return { at, message: `${at.join('.')} names "${unknown}", which is none of the hosts.` }
    }
  }
  if (lease !== undefined && longest !== undefined && lease > longest) {
    return { at: ['leases', 'default'], message: 'leases.default is longer than leases.longest allows.' }
  }
  const unknown = breakGlass?.roles.find((role) => !Object.hasOwn({ ...roles, ...custom }, role))
  if (unknown !== undefined) {
    return {
      at: ['break_glass', 'roles'],
      message: `break_glass.roles names "${unknown}", which is none of the roles.`,
    }
  }
  const deciders = [roles.approver, roles.admin, ...Object.values(custom).filter(({ decides }) => decides)]
  for (const [index, rule] of approvals.entries()) {
    const problem = unsatisfiable(rule, deciders, { ...roles, ...custom })
    if (problem !== undefined) return { at: ['approvals', index], message: problem }
  }
  return undefined
}

type Members = ConfigFile['roles']['operator']

/** Why nobody can ever satisfy it. Members of groups and channels are not known here: there may be enough. */
function unsatisfiable(
  rule: Approvals,
  deciders: readonly Members[],
  roles: Readonly<Record<string, Members>>,
): string | undefined {
  const { from = [] } = rule
  const wanted = approversOf(rule)
  if (from.length > wanted)
    return `this rule names ${from.length} roles in from, and asks for ${wanted} approvers.`
  const unknown = from.find((role) => !Object.hasOwn(roles, role))
  if (unknown !== undefined) return `this rule names the role "${unknown}", which is none of the roles.`
  const empty = from.find((role) => peopleIn(roles[role] === undefined ? [] : [roles[role]]) === 0)
  if (empty !== undefined) return `this rule asks somebody of ${empty}, and nobody has that role.`
  const named = from.flatMap((role) => roles[role] ?? [])
  const all = from.length < wanted ? [...named, ...deciders] : named
  const people = peopleIn(all)
  if (people >= wanted) return undefined
  const whom =
    from.length === 0
      ? 'the approvers and admins'
      : `${from.join(' and ')}${all === named ? '' : ', approvers and admins'}`
  return `this rule asks for ${wanted} of ${whom}, and roles names ${people}.`
}

function peopleIn(members: readonly Members[]): number {
  if (members.some(({ groups, channels }) => groups.length > 0 || channels.length > 0))
    return Number.POSITIVE_INFINITY
  return new Set(members.flatMap(({ users }) => users)).size
}

function configOf(file: ConfigFile, path: string, passphrases: ReadonlyMap<string, string>): Config {
  const { operator, approver, admin } = file.roles
  const { commands_per_minute: commandsPerMinute, changes_per_hour: changesPerHour } = file.rates
  return {
    path,
    ...(file.quotas === undefined ? {} : { quotas: quotaSettings(file.quotas) }),
    ...(file.leases === undefined ? {} : { leases: leasesOf(file.leases) }),
    rates: { commandsPerMinute, changesPerHour },
    busy: file.locks.busy,
    timeZone: file.time_zone,
    ...(file.audit.keep === undefined ? {} : { auditKeepMs: file.audit.keep }),
    auditMirror: file.audit.mirror,
    jobs: { keep: file.jobs.keep, archiveMs: file.jobs.archive },
    ...(file.slack.approvals_channel === undefined ? {} : { approvalsChannel: file.slack.approvals_channel }),
    ...(file.break_glass === undefined
      ? {}
      : {
          breakGlass: {
            ...(file.break_glass.channel === undefined ? {} : { channel: file.break_glass.channel }),
            remindMs: file.break_glass.remind,
          },
        }),
    hosts: Object.entries(file.hosts).map(([name, host]) => hostSettings(name, host, passphrases.get(name))),
    policy: {
      ...(file.slack.guests === 'read' ? { guests: 'read' } : {}),
      roles: { operator, approver, admin },
      custom: Object.fromEntries(
        Object.entries(file.custom_roles).map(([name, { may, ...role }]) => [
          name,
          { ...role, may: may.map(({ risk, ...scope }) => ({ risks: risk, ...scope })) },
        ]),
      ),
      ...(file.break_glass === undefined ? {} : { breakGlass: file.break_glass.roles }),
      approvals: file.approvals.map((entry) => approvalEntry(entry, file.time_zone)),
    },
  }
}

type Approvals = ConfigFile['approvals'][number]

function approvalEntry(entry: Approvals, timeZone: string): ApprovalEntry {
  const { risk, commands, labels, over, hours, from, reason, within } = entry
  return {
    risks: risk,
    ...(commands === undefined ? {} : { commands }),
    ...(labels === undefined ? {} : { labels }),
    ...(over === undefined ? {} : { over: limitsOf(over) }),
    ...(hours === undefined ? {} : { hours: { windows: hours, timeZone } }),
    rule: {
      approvers: approversOf(entry),
      ...(from === undefined ? {} : { from }),
      ...(reason === undefined ? {} : { reason }),
      ...(within === undefined ? {} : { within: { windows: within, timeZone } }),
      expiresMs: entry.expires,
    },
  }
}

function approversOf({ approvers, from = [] }: Approvals): number {
  return approvers ?? Math.max(1, from.length)
}

type Quotas = NonNullable<ConfigFile['quotas']>

function quotaSettings({ owners, hosts, vm }: Quotas): QuotaSettings {
  return {
    owners: owners.map(({ users, roles, ...limits }) => ({
      ...(users === undefined ? {} : { users }),
      ...(roles === undefined ? {} : { roles }),
      limits: limitsOf(limits),
    })),
    hosts: hosts.map(({ labels, vcpu_ratio: cpuRatio, memory_ratio: memoryRatio, ...limits }) => ({
      labels,
      ...(cpuRatio === undefined ? {} : { cpuRatio }),
      ...(memoryRatio === undefined ? {} : { memoryRatio }),
      limits: limitsOf(limits),
    })),
    perVm: limitsOf(vm),
  }
}

function limitsOf({ vms, vcpus, memory, disk, snapshots }: Quotas['vm'] & { vms?: number }): Limits {
  return {
    ...(vms === undefined ? {} : { vms }),
    ...(vcpus === undefined ? {} : { cpus: vcpus }),
    ...(memory === undefined ? {} : { memoryMiB: memory }),
    ...(disk === undefined ? {} : { diskGiB: disk / 1024 }),
    ...(snapshots === undefined ? {} : { snapshots }),
  }
}

function leasesOf({ default: defaultMs, longest: longestMs }: NonNullable<ConfigFile['leases']>) {
  return {
    ...(defaultMs === undefined ? {} : { defaultMs }),
    ...(longestMs === undefined ? {} : { longestMs }),
  }
}

function hostSettings(
  name: string,
  host: ConfigFile['hosts'][string],
  passphrase: string | undefined,
): HostSettings {
  const { read_only: readOnly, ...libvirt } = host.libvirt
  return {
    name,
    labels: host.labels,
    connection: host.transport === 'local' ? { transport: 'local' } : sshConnection(host, passphrase),
    libvirt: { ...libvirt, readOnly },
    kcli: host.kcli,
    virtType: host.virttype,
    pool: host.pool,
    network: host.network,
    ...(host.run_directory === undefined ? {} : { runDirectory: host.run_directory }),
  }
}

type SshHost = Extract<ConfigFile['hosts'][string], { transport: 'ssh' }>

function sshConnection(host: SshHost, passphrase: string | undefined): HostSettings['connection'] {
  return {
    transport: 'ssh',
    ...placeOf(host.address),
    ...(host.jump === undefined ? {} : { jump: placeOf(host.jump) }),
    ...(host.identity_file === undefined ? {} : { identityFile: expandHome(host.identity_file) }),
    ...(passphrase === undefined ? {} : { passphrase: () => passphrase }),
    knownHosts: expandHome(host.known_hosts),
  }
}

function placeOf(address: string): { user: string; host: string; port: number } {
  const at = address.indexOf('@')
  const place = /^(?:\[(?<v6>.+)\]|(?<plain>[^:]+))(?::(?<port>\d+))?$/.exec(address.slice(at + 1))?.groups
  return {
    user: address.slice(0, at),
    host: place?.v6 ?? place?.plain ?? '',
    port: Number(place?.port ?? 22),
  }
}

function expandHome(path: string): string {
  return path.startsWith('~/') ? join(homedir(), path.slice(2)) : path
}
