/** What a detached run is asked for, and how that crosses to the host: as data, never as shell text. */

export interface RunRequest {
  /** Names the run for ever, e.g. "j-7k2m9/create". */
  key: string
  argv: readonly [string, ...string[]]
  env?: Readonly<Record<string, string>>
  /** Files written 0600 into the run's own empty working directory, by plain name. */
  files?: Readonly<Record<string, string>>
  /** Milliseconds of wall clock, enforced on the host itself. */
  timeoutMs: number
  /** Runs with the same lock work one after another on this host, also across restarts of the bot. Waiting for the turn
   * takes at most `timeoutMs` as well. */
  lock?: string
  /** Aborted: we stop following. The run goes on unless `cancel` is called. */
  signal: AbortSignal
  /** Output as it comes, stdout and stderr together; from the beginning also when re-attached. */
  onOutput?: (chunk: string) => void
  /** The host does not answer at present; the run goes on there, and is tried to be found again. */
  onLost?: (error: Error) => void
}

const maxWords = 8999

/** A key as one path component: different keys, different names. */
export function directoryNameOf(key: string): string {
  const name = key.replace(/[^A-Za-z0-9-]/g, (char) =>
    char === '/' ? '_' : `=${char.charCodeAt(0).toString(16)}`,
  )
  if (!/^[A-Za-z0-9][\w./ -]{0,120}$/.test(key) || name.length > 200)
    throw new Error(`"${key}" is no key for a run`)
  return name
}

/** Lines "kind name base64", decoded on the host into files and arguments; the last line says that all arrived. */
export function encodeRequest({ argv, env = {}, files = {} }: RunRequest): string {
  if (argv[0] === '' || argv[0].includes('=')) throw new Error(`"${argv[0]}" is no program for a run`)
  const words = Object.keys(env).length + argv.length
  // The host numbers them with four digits, from 1000.
  if (words > maxWords) throw new Error(`a run has ${words} words, more than ${maxWords}`)
  const lines = [
    ...Object.entries(files).map(([name, content]) => `file ${plainName(name)} ${base64(content)}`),
    ...Object.entries(env).map(([name, value]) => `word - ${base64(word(`${variableName(name)}=${value}`))}`),
    ...argv.map((each) => `word - ${base64(word(each))}`),
    'end - -',
  ]
  return `${lines.join('\n')}\n`
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64')
}

/** Text that arrives as it is: no NUL, no half of a surrogate pair. */
function word(text: string): string {
  if (text.includes('\0') || Buffer.from(text, 'utf8').toString('utf8') !== text)
    throw new Error('an argument cannot be passed to a program')
  return text
}

export function plainName(name: string): string {
  if (!/^[A-Za-z0-9][\w.-]{0,100}$/.test(name)) throw new Error(`"${name}" is no plain file name`)
  return name
}

function variableName(name: string): string {
  if (!/^[A-Z_][A-Z0-9_]*$/.test(name)) throw new Error(`"${name}" is no name of an environment variable`)
  return name
}
