/** Every word that crosses to a host over SSH goes through a shell there: it must arrive as it was, whichever shell. */
import { execFileSync, spawnSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UserError } from '../../src/errors.js'
import { commandLine, plainCommandLine, quoteWord } from '../../src/ssh/command-line.js'
import { hostileText, isPassable, manyOf, passableText } from './hostile-text.js'

/** Those that are installed; sh is what no host is without. */
const shells = (['sh', 'dash', 'bash', 'bash --posix', 'busybox sh', 'ksh', 'zsh'] as const)
  .map((words) => words.split(' '))
  .filter(([program = '']) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0)

const locales = ['C', 'C.UTF-8']

/** What a script printed. */
function output([program = '', ...words]: readonly string[], script: string, locale: string): Buffer {
  return execFileSync(program, words, {
    input: script,
    env: { PATH: process.env.PATH, LC_ALL: locale },
    maxBuffer: 256 * 1024 * 1024,
  })
}

/** `show` prints what it was given, each word ended by a NUL; the number of words comes first. */
const show = `show() { printf '%s\\0' "$#" "$@"; }\n`

function wordsIn(printed: Buffer): string[][] {
  const all = printed.toString().split('\0').slice(0, -1)
  const calls: string[][] = []
  for (let at = 0; at < all.length; ) {
    const count = Number(all[at])
    calls.push(all.slice(at + 1, at + 1 + count))
    at += 1 + count
  }
  return calls
}

const calls = manyOf(fc.array(passableText, { minLength: 1, maxLength: 4 }), 400)

describe('quoting', () => {
  // 400 calls × 12 runs, each with two or three words, in each shell and locale.
  it.each(shells.flatMap((shell) => locales.map((locale) => [shell.join(' '), locale, shell] as const)))(
    'brings every word through %s unchanged, in locale %s',
    (_, locale, shell) => {
      fc.assert(
        fc.property(calls, (given) => {
          const script = given.map((words) => `show ${words.map(quoteWord).join(' ')}\n`).join('')
          expect(wordsIn(output(shell, show + script, locale))).toEqual(given)
        }),
        { numRuns: 12 },
      )
    },
  )

  it.each(shells.map((shell) => [shell.join(' '), shell] as const))(
    'brings whole command lines with their variables through %s to the program',
    (_, shell) => {
      const values = fc.record({ args: manyOf(passableText, 60), value: passableText })
      fc.assert(
        fc.property(manyOf(values, 12), (given) => {
          const script = given
            .map(({ args, value }) => {
              const line = commandLine(['sh', '-c', 'printf "%s\\0" "$QNAV" "$@"', 'sh', ...args], {
                QNAV: value,
              })
              return `(${line})\n`
            })
            .join('')
          const printed = output(shell, script, 'C.UTF-8').toString()
          // Each begins with a line that names the process group.
          const arrived = printed.split('\0').slice(0, -1)
          const wanted = given.flatMap(({ args, value }) => [value, ...args])
          expect(arrived.length).toBe(wanted.length)
          const words = arrived.map((word, at) => (at % 61 === 0 ? word.replace(/^\d+\n/, '') : word))
          expect(words).toEqual(wanted)
        }),
        { numRuns: 4 },
      )
    },
  )

  it('refuses what no program can be given, and says so with a code', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        if (isPassable(text)) {
          expect(quoteWord(text)).toMatch(/^'.*'$/s)
          return
        }
        for (const write of [
          () => quoteWord(text),
          () => commandLine(['echo', text]),
          () => plainCommandLine(['echo', text]),
        ]) {
          expect(write).toThrow(UserError)
          expect(write).toThrow(expect.objectContaining({ code: 'bad-argument' }))
        }
      }),
      { numRuns: 5000 },
    )
  })
})
