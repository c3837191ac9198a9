/** kcli on one host: what only kcli knows. Everything it claims is to be verified through libvirt by the caller. */
import { z } from 'zod'
import { UserError } from '../errors.js'
import { type CreateOutcome, createOutcome, jsonIn, withoutColour } from './output.js'
import { type CreateParams, createParams, kcliVmName } from './params.js'

/** The part of a transport that kcli needs. */
export type Exec = (
  argv: readonly [string, ...string[]],
  options: { timeoutMs: number; env?: Readonly<Record<string, string>> },
) => Promise<{ exitCode: number | null; stdout: string; stderr: string }>

/** The part of detached runs that kcli needs. */
export interface DetachedRuns {
  run(request: {
    key: string
    argv: readonly [string, ...string[]]
    env: Readonly<Record<string, string>>
    files: Readonly<Record<string, string>>
    timeoutMs: number
    signal: AbortSignal
    onOutput: (chunk: string) => void
  }): Promise<{ exitCode: number; output: string }>
}

export interface KcliParts {
  /** For messages. */
  host: string
  settings: { path?: string; sudo: boolean; user?: string; config?: string }
  exec: Exec
  runs: DetachedRuns
}

export interface CreateRequest {
  /** Names the run across restarts. */
  key: string
  name: string
  /** Exactly one of image and profile. */
  image?: string
  profile?: string
  params: CreateParams
  signal: AbortSignal
  progress(line: string): void
}

export interface Kcli {
  /** Where it is and what it is. Rejects with `kcli-missing`, saying where was looked. */
  probe(): Promise<{ path: string; version: string }>
  /** Makes a VM. Never throws for what kcli said; throws `bad-name` or `kcli-missing`. One at a time per host. */
  createVm(request: CreateRequest): Promise<CreateOutcome>
  /** Names only: the full listing holds passwords. */
  profiles(): Promise<string[]>
}

const probeTimeoutMs = 15_000
/** Reads that hang do so for ever when a guest's agent is frozen, so none waits long. */
const readTimeoutMs = 15_000
/** A create takes a second; with an image download in it, minutes. */
const createTimeoutMs = 600_000

/** $1: configured path or empty. Prints path and version; 127 when there is none. Reads the version without the network. */
const probeScript = `
for p in "$1" "$(command -v kcli 2>/dev/null)" /usr/bin/kcli /usr/local/bin/kcli "$HOME/.local/bin/kcli"; do
  [ -n "$p" ] && [ -x "$p" ] || continue
  echo "$p"
  py=$(sed -n '1s/^#! *//p' "$p" 2>/dev/null)
  case $py in /*python*) $py -c 'from importlib.metadata import version; print(version("kcli"))' 2>/dev/null || echo unknown ;; *) echo unknown ;; esac
  exit 0
done
exit 127
`

export function createKcli({ host, settings, exec, runs }: KcliParts): Kcli {
  let found: Promise<{ path: string; version: string }> | undefined
  let turn: Promise<unknown> = Promise.resolve()

  const environment = {
    PYTHONUNBUFFERED: '1',
    ...(settings.config === undefined ? {} : { KCLI_CONFIG: settings.config }),
  }

  async function probe() {
    const { exitCode, stdout } = await exec(
      ['/bin/sh', '-c', probeScript, 'qnav-probe', settings.path ?? ''],
      {
        timeoutMs: probeTimeoutMs,
      },
    )
    const [path, version] = stdout.trim().split('\n')
    if (exitCode === 0 && path) return { path, version: version ?? 'unknown' }
    const where =
      settings.path === undefined
        ? 'in PATH, /usr/bin, /usr/local/bin and ~/.local/bin'
        : `at ${settings.path}, in PATH, /usr/bin, /usr/local/bin and ~/.local/bin`
    throw new UserError('kcli-missing', `kcli was not found on ${host} (looked ${where}).`, {
      fix: `Install kcli there, or set hosts.${host}.kcli.path in qnav.yml.`,
    })
  }

  const located = () => {
    found ??= probe().catch((error: unknown) => {
      found = undefined
      throw error
    })
    return found
  }

  /** sudo drops the environment, so variables are set behind it. */
  const asConfiguredUser = (argv: readonly [string, ...string[]]): [string, ...string[]] => {
    if (!settings.sudo && settings.user === undefined) return [...argv]
    const user = settings.user === undefined ? [] : ['-u', settings.user, '-H']
    const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
    return ['sudo', '-n', ...user, 'env', ...variables, ...argv]
  }

  async function read(words: readonly string[]): Promise<string> {
    const { path } = await located()
    const argv = asConfiguredUser(['timeout', '-k', '5', String(readTimeoutMs / 1000), path, ...words])
    const { exitCode, stdout, stderr } = await exec(argv, {
      timeoutMs: readTimeoutMs + 10_000,
      env: environment,
    })
    if (exitCode !== 0) {
      throw new UserError(
        'kcli-failed',
        `kcli ${words.join(' ')} on ${host}: ${
          withoutColour(stderr || stdout)
            .trim()
            .split('\n')
            .at(-1) ?? ''
        }`,
        {
          fix: `Run it on the host to see all of it: kcli ${words.join(' ')}`,
        },
      )
    }
    return stdout
  }

  async function create({
    key,
    name,
    image,
    profile,
    params,
    signal,
    progress,
  }: CreateRequest): Promise<CreateOutcome> {
    const { path } = await located()
    const source = image !== undefined ? ['-i', image] : ['-p', profile ?? '']
    // The file is 0600 of the bot's account; sudo reads it as root, another user could not.
    const { exitCode, output } = await runs.run({
      key,
      argv: asConfiguredUser([path, 'create', 'vm', ...source, '--pf', 'params.json', name]),
      env: environment,
      files: { 'params.json': JSON.stringify(params) },
      timeoutMs: createTimeoutMs,
      signal,
      onOutput: (chunk) => {
        const line = withoutColour(chunk)
          .split('\n')
          .map((each) => each.trim())
          .findLast((each) => each !== '')
        if (line !== undefined) progress(line.slice(0, 200))
      },
    })
    return createOutcome(name, exitCode, output)
  }

  return {
    probe: located,
    createVm(request) {
      // Checked here, right before it becomes an argument: a name reaches a shell inside kcli.
      const name = kcliVmName.safeParse(request.name)
      if (!name.success) {
        throw new UserError('bad-name', `"${request.name}" cannot be a VM's name.`, {
          fix: 'Use small letters, digits and hyphens, beginning with a letter, at most 63.',
        })
      }
      if ((request.image === undefined) === (request.profile === undefined))
        throw new Error('one of image and profile')
      const params = createParams.parse(request.params)
      // kcli has no locks of its own; parallel creates on one host fail at random.
      const mine = turn.then(() => create({ ...request, params }))
      turn = mine.catch(() => {})
      return mine
    },
    async profiles() {
      const listed = jsonIn(await read(['list', 'profile', '-o', 'json']), z.unknown())
      return profileNames(listed)
    },
  }
}

/** Rows whose first cell is the name, or an object by name, depending on the version. */
function profileNames(listed: unknown): string[] {
  const rows = z.array(z.tuple([z.string()], z.unknown())).safeParse(listed)
  if (rows.success) return rows.data.map(([name]) => name).toSorted()
  const named = z.array(z.looseObject({ name: z.string() })).safeParse(listed)
  if (named.success) return named.data.map(({ name }) => name).toSorted()
  const byName = z.record(z.string(), z.unknown()).safeParse(listed)
  return byName.success ? Object.keys(byName.data).toSorted() : []
}
