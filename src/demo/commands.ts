/** Running programs of this machine for the lab: no shell, a time limit, output kept for the message when it fails. */
import { execFile } from 'node:child_process'
import { access } from 'node:fs/promises'
import { delimiter, join } from 'node:path'

export interface ProgramResult {
  exitCode: number
  output: string
}

export interface ProgramOptions {
  /** Milliseconds. Default two minutes. */
  timeoutMs?: number
  env?: Readonly<Record<string, string>>
  stdin?: string
  cwd?: string
}

/** Runs a program and gives its exit status and output (stdout, then stderr), whatever they are. */
export function attempt(
  program: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  const { timeoutMs = 120_000, env = {}, stdin, cwd } = options
  const settings = {
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    maxBuffer: 16 * 1024 * 1024,
    env: { ...process.env, LC_ALL: 'C', ...env },
    cwd,
  } as const
  return new Promise((resolve) => {
    const child = execFile(program, args, settings, (error, stdout, stderr) => {
      const output = `${stdout}${stderr}`
      if (error === null) resolve({ exitCode: 0, output })
      else if (typeof error.code === 'number') resolve({ exitCode: error.code, output })
      else if (error.killed)
        resolve({ exitCode: 124, output: `${output}took more than ${timeoutMs / 1000} s` })
      else resolve({ exitCode: 127, output: `${output}${error.message}` })
    })
    // A program may end without reading its input; its exit status says what that means.
    child.stdin?.on('error', () => {})
    child.stdin?.end(stdin ?? '')
  })
}

/** Runs a program and gives its output. Throws with the end of it when it fails. */
export async function run(
  program: string,
  args: readonly string[],
  options?: ProgramOptions,
): Promise<string> {
  const { exitCode, output } = await attempt(program, args, options)
  if (exitCode === 0) return output
  const end = output.trim().split('\n').slice(-8).join('\n')
  throw new Error(`${[program, ...args].join(' ')} ended with ${exitCode}:\n${end}`)
}

/** Where the first of these programs is: in PATH, or where administrators' programs and daemons are. */
export async function findProgram(...names: readonly string[]): Promise<string | undefined> {
  const path = (process.env.PATH ?? '').split(delimiter).filter((place) => place !== '')
  const places = [...path, '/usr/sbin', '/sbin', '/usr/libexec']
  for (const name of names) {
    for (const place of places) if (await exists(join(place, name))) return join(place, name)
  }
  return undefined
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
