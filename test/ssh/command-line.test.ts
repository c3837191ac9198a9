import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { commandLine } from '../../src/ssh/command-line.js'

const printArguments =
  'process.stdout.write(JSON.stringify(process.argv.slice(1).map((a) => Buffer.from(a).toString("hex"))))'

function whatArrives(shell: string, args: string[]): string[] {
  const line = commandLine([process.execPath, '-e', printArguments, '--', ...args])
  const [, printed = ''] = execFileSync(shell, ['-c', line], { encoding: 'utf8' }).split('\n')
  const hex: string[] = JSON.parse(printed)
  return hex.map((each) => Buffer.from(each, 'hex').toString())
}

const nasty = [
  '',
  '-rf',
  '--',
  "it's",
  '"',
  '$(touch /tmp/x)',
  '`id`',
  'a\nb',
  '\\',
  "\\'",
  '*',
  '~',
  ';',
  '&',
  '|',
  '!1',
  '\t',
  'ü💥',
  '\u007f',
  '\r',
  '$' + '{IFS}',
]

describe('the command line for a shell', () => {
  it.each(['sh', 'bash'])('brings every argument through %s unchanged', (shell) => {
    expect(whatArrives(shell, nasty)).toEqual(nasty)
  })

  it('brings any text through sh unchanged', () => {
    const word = fc.string({ unit: 'binary', maxLength: 60 }).map((text) => text.replaceAll('\0', ''))
    const shellish = fc.string({
      unit: fc.constantFrom(...'\'"\\$`\n;&|<>(){}[]*?~#! \t-=ab'),
      maxLength: 30,
    })
    fc.assert(
      fc.property(fc.array(fc.oneof(word, shellish), { maxLength: 30 }), (args) => {
        expect(whatArrives('sh', args)).toEqual(args)
      }),
      { numRuns: 40 },
    )
  })

  it('writes words that mean the same to fish, which takes backslashes in quotes as escapes', () => {
    expect(commandLine(['echo', "a\\'b"])).toMatch(/ 'echo' 'a'\\\\\\''b'$/)
  })

  it('sets variables through env', () => {
    const line = commandLine(['sh', '-c', 'printf %s "$A"'], { A: "1' 2" })
    expect(execFileSync('sh', ['-c', line], { encoding: 'utf8' })).toMatch(/^\d+\n1' 2$/)
  })

  it.each(['a\0b', '\ud800'])('refuses %j, which no program can receive', (bad) => {
    expect(() => commandLine(['echo', bad])).toThrow(expect.objectContaining({ code: 'bad-argument' }))
  })

  it.each(['', '-c', 'A=1'])(
    'refuses %j as a program, which the shell would take for something else',
    (program) => {
      expect(() => commandLine([program])).toThrow(TypeError)
    },
  )
})
