/** kcli on one host: what only kcli knows. Everything it claims is to be verified through libvirt by the caller. */
import { UserError } from '../errors.js'
import { redact } from '../redact.js'
import { RedactingStream } from '../redact-stream.js'
import { accountPrefix, type KcliSettings } from './account.js'
import { type CreateOutcome, createOutcome, type EndedRun } from './create-outcome.js'
import { lastLine, lineReader, linesOf } from './output.js'
import { type CreateParams, createArguments, createParameters } from './params.js'
import { type KcliFound, probeScript, readProbe } from './probe.js'
import { Turns } from './turns.js'

/** The part of a transport that kcli needs. */
export type Exec = (
  argv: readonly [string, ...string[]],
  options: { timeoutMs: number },
) => Promise<{ exitCode: number | null; stdout: string; stderr: string }>

/** The part of detached runs that kcli needs. They work under the account of `accountPrefix`. */
export interface DetachedRuns {
  run(request: {
    key: string
    argv: readonly [string, ...string[]]
    env: Readonly<Record<string, string>>
    files: Readonly<Record<string, string>>
    timeoutMs: number
    lock: string
    signal: AbortSignal
    onOutput: (chunk: string) => void
    onLost: () => void
  }): Promise<EndedRun>
}

export interface KcliParts {
  /** For messages. */
  host: string
  settings: KcliSettings
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
  /** Aborted: we stop following; kcli goes on unless its run is cancelled. */
  signal: AbortSignal
  /** What kcli says, line by line. */
  progress(line: string): void
}

export interface Kcli {
  /** Where it is and what it is, looked up anew. Rejects with `kcli-missing`, saying where was looked. */
  probe(): Promise<KcliFound>
  /**
   * Makes a VM. Resolves with whatever kcli said of it, which is to be verified; rejects with `bad-name` or `bad-argument`
   * before anything reaches the host, with `kcli-missing`, and as the detached run does. One at a time per host.
   */
  createVm(request: CreateRequest): Promise<CreateOutcome>
  /** Names of the profiles, sorted. Nothing else of them: they hold passwords. */
  profiles(): Promise<string[]>
}

const probeTimeoutMs = 15_000
/** A guest with a frozen agent makes kcli's reads wait for ever, so none waits long. */
const readTimeoutMs = 15_000
/** A create takes a second; with the download of an image that kcli knows, minutes. */
const createTimeoutMs = 600_000
/** How much longer than kcli's own limit we wait for the answer. */
const marginMs = 10_000
const progressLength = 200

export function createKcli({ host, settings, exec, runs }: KcliParts): Kcli {
  const turns = new Turns()
  const account = accountPrefix(settings)
  let found: Promise<KcliFound> | undefined

  const environment = {
    // Over a pipe Python keeps back what it prints, and a kcli that is ended would have said nothing.
    PYTHONUNBUFFERED: '1',
    // libvirt's messages, which kcli passes on, would be translated.
    LC_ALL: 'C.UTF-8',
    ...(settings.config === undefined ? {} : { KCLI_CONFIG: settings.config }),
  }

  const asAccount = (program: string, ...words: string[]): [string, ...string[]] => {
    const [first = program, ...rest] = [...account, program, ...words]
    return [first, ...rest]
  }

  function probe(): Promise<KcliFound> {
    const probing = exec(asAccount('/bin/sh', '-c', probeScript, 'qnav-probe', settings.path ?? ''), {
      timeoutMs: probeTimeoutMs,
    }).then((answer) => readProbe(host, settings.path, answer))
    found = probing
    probing.catch(() => {
      if (found === probing) found = undefined
    })
    return probing
  }

  const located = () => found ?? probe()

  function missing(path: string): UserError {
    found = undefined
    return new UserError('kcli-missing', `kcli is not at ${path} on ${host} any more.`, {
      fix: `Install it there again, or set hosts.${host}.kcli.path in qnav.yml, then: host check ${host}`,
    })
  }

  /** stdout of a reading command. It is never quoted in errors: listings hold passwords. */
  async function read(...words: string[]): Promise<string> {
    const { path } = await located()
    const what = `kcli ${words.join(' ')}`
    const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
    const seconds = String(readTimeoutMs / 1000)
    // In a directory where only root writes: kcli takes in a kcli_parameters.yml that lies around.
    const { exitCode, stdout, stderr } = await exec(
      asAccount('env', '-C', '/', ...variables, 'timeout', '-k', '5', seconds, path, ...words),
      { timeoutMs: readTimeoutMs + marginMs },
    )
    if (exitCode === 0) return stdout
    if (exitCode === 124 || exitCode === 137) {
      throw new UserError('timeout', `${what} on ${host} did not end within ${seconds} s.`, {
        fix: `A guest whose agent is frozen, or a pool that cannot be refreshed, holds kcli up: host check ${host}`,
      })
    }
    if (exitCode === 127) throw missing(path)
    throw new UserError('kcli-failed', `${what} failed on ${host}: ${lastLine(redact(stderr))}`, {
      fix: `Run it there to see all of it: ${what}`,
    })
  }

  async function create(
    { key, signal, progress, name }: CreateRequest,
    args: readonly string[],
    parameters: string,
  ): Promise<CreateOutcome> {
    const { path } = await located()
    let said = ''
    const tell = (line: string) => {
      if (line === said) return
      said = line
      progress(line.slice(0, progressLength))
    }
    const safe = new RedactingStream()
    const readLines = lineReader(tell)
    const ended = await runs.run({
      key,
      argv: [path, ...args],
      env: environment,
      files: { [parametersFile]: parameters },
      timeoutMs: createTimeoutMs,
      // kcli locks nothing, and parallel creates fail at random: also when one of them was begun before a restart.
      lock: 'kcli',
      signal,
      // A key or a token that it prints may lie across two pieces, or two lines.
      onOutput: (chunk) => readLines(safe.push(chunk)),
      onLost: () => tell(`${host} does not answer; the work goes on there, trying to reach it again`),
    })
    readLines(safe.end())
    // env(1) found no such program.
    if (ended.end === 'exited' && ended.exitCode === 127) throw missing(path)
    return createOutcome(name, { ...ended, output: redact(ended.output) })
  }

  return {
    probe,
    async createVm(request) {
      const { name, image, profile, signal } = request
      if (image !== undefined && profile !== undefined)
        throw new Error('a VM is made of an image or a profile')
      const source = image !== undefined ? { image } : { profile: profile ?? '' }
      const args = createArguments(name, source, parametersFile)
      const parameters = createParameters(request.params)
      return turns.take(signal, () => create(request, args, parameters))
    },
    async profiles() {
      const output = await read('list', 'profile', '-o', 'name')
      // Remarks between the names have spaces in them.
      return linesOf(output)
        .filter((line) => /^[\w.+-]+$/.test(line))
        .toSorted()
    },
  }
}

const parametersFile = 'params.json'
