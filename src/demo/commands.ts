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
  return new Promise((resolve) => {
    const child = execFile(
      program,
      args,
      {
        timeout: timeoutMs,
        killSignal: 'SIGKILL',
        maxBuffer: 16 * 1024 * 1024,
        env: { ...process.env, LC_ALL: 'C', ...env },
        cwd,
      },
      (error, stdout, stderr) => {
        const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : 127
        resolve({ exitCode, output: `${stdout}${stderr}${exitCode === 127 && error ? error.message : ''}` })
      },
    )
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

/** Whether a program is in PATH or where administrators' programs are. */
export async function hasProgram(name: string): Promise<boolean> {
  const places = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin', '/usr/libexec']
  const found = await Promise.all(places.map((place) => exists(join(place, name))))
  return found.includes(true)
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
