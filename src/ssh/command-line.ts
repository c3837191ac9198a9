/** The one place where an argument vector becomes a string for a shell: sshd gives the login shell what we send. */
import { UserError } from '../errors.js'

// `exec` runs the program rather than a builtin of that name, and leaves no shell between sshd and the program.
const announced = ['sh', '-c', 'echo "$$"; exec "$@"', 'sh']

/**
 * A command line that makes sh, bash, dash, ksh, zsh or fish write one line with the process id, which is the id of the
 * process group too, and then run argv[0] with exactly the other arguments. Every word is quoted, so nothing in it is
 * syntax.
 *
 * Rejects what cannot be an argument: a NUL byte, or text that has no UTF-8 form.
 */
export function commandLine(
  argv: readonly [string, ...string[]],
  env: Readonly<Record<string, string>> = {},
): string {
  checkProgram(argv[0])
  const settings = Object.entries(env).map(([name, value]) => {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
      throw new TypeError(`not a variable name: ${JSON.stringify(name)}`)
    return `${name}=${value}`
  })
  const variables = settings.length > 0 ? ['env', ...settings] : []
  return ['exec', ...[...variables, ...announced, ...argv].map(quoteWord)].join(' ')
}

/** As `commandLine`, without the line that it writes first: for a program that speaks a protocol. */
export function plainCommandLine(argv: readonly [string, ...string[]]): string {
  checkProgram(argv[0])
  return ['exec', ...argv.map(quoteWord)].join(' ')
}

/** As the first word these would be an option of exec or an assignment for env. */
function checkProgram(program: string): void {
  if (program === '' || program.startsWith('-') || program.includes('=')) {
    throw new TypeError(`not a program name: ${JSON.stringify(program)}`)
  }
}

/** One word for a POSIX shell or fish. fish takes backslashes inside single quotes as escapes, so those stand outside. */
export function quoteWord(word: string): string {
  if (word.includes('\0')) {
    throw new UserError('bad-argument', 'An argument with a NUL byte cannot be passed to a program.', {
      fix: 'Leave the NUL byte out.',
    })
  }
  if (Buffer.from(word).toString() !== word) {
    throw new UserError(
      'bad-argument',
      'An argument that is not valid Unicode cannot be passed to a program.',
      {
        fix: 'Type the text again without the broken character.',
      },
    )
  }
  return `'${word.replace(/['\\]+/g, (special) => `'${special.replace(/['\\]/g, '\\$&')}'`)}'`
}
