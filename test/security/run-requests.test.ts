/** Detached runs take words, variables and files to a host as data; there, real scripts make a command of them again. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRuns } from '../../src/agents/run-directory.js'
import { directoryNameOf, encodeRequest, plainName } from '../../src/agents/run-request.js'
import { LocalTransport } from '../../src/local/index.js'
import { hostileText, isPassable, manyOf, passableText } from './hostile-text.js'

let scratch = ''
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'qnav-sec-runs-'))
})
afterAll(() => rmSync(scratch, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }))

const request = { timeoutMs: 30_000, signal: new AbortController().signal }
/** Prints its words, a variable and its files, each as base64 on a line. */
const show =
  'for each; do printf %s "$each" | base64 -w0; echo; done; printf %s "$QNAV" | base64 -w0; echo; for f in *; do base64 -w0 <"$f"; echo; done'

describe('a detached run', () => {
  it('is given the very words, variables and files that were meant, and leaves nothing outside of its directory', async () => {
    const directory = join(scratch, 'real')
    const runs = createRuns({ transport: new LocalTransport(), directory, pollMs: 20 })
    let number = 0
    await fc.assert(
      fc.asyncProperty(
        manyOf(passableText, 60),
        passableText,
        manyOf(passableText, 30),
        async (words, value, contents) => {
          const { output } = await runs.run({
            ...request,
            key: `j-${++number}/show`,
            argv: ['sh', '-c', show, 'sh', ...words],
            env: { QNAV: value },
            files: Object.fromEntries(contents.map((content, at) => [`f${1000 + at}`, content])),
          })
          const lines = output.split('\n').slice(0, -1)
          const arrived = lines.map((line) => Buffer.from(line, 'base64').toString())
          expect(arrived).toEqual([...words, value, ...contents])
        },
      ),
      { numRuns: 6 },
    )
    expect(readdirSync(scratch)).toEqual(['real'])
    expect(readdirSync(directory).filter((name) => !/^j-\d+_show$/.test(name))).toEqual([])
  }, 120_000)

  it('is put into text that only says what was meant, whatever the words', () => {
    fc.assert(
      fc.property(
        fc.array(hostileText, { minLength: 1, maxLength: 6 }),
        fc.array(hostileText, { maxLength: 4 }),
        (argv, contents) => {
          const [program = 'x', ...words] = argv
          const files = Object.fromEntries(contents.map((content, at) => [`f${at}`, content]))
          const isGood = argv.every(isPassable) && program !== '' && !program.includes('=')
          let text: string
          try {
            text = encodeRequest({ ...request, key: 'j-1/x', argv: [program, ...words], files })
          } catch (error) {
            expect(isGood, String(error)).toBe(false)
            return
          }
          expect(isGood).toBe(true)
          const lines = text.split('\n')
          expect(lines.slice(-2)).toEqual(['end - -', ''])
          for (const line of lines.slice(0, -2)) expect(line).toMatch(/^(file f\d|word -) [A-Za-z0-9+/=]*$/)
          const decoded = lines.slice(0, -2).map((line) => {
            const [kind = '', , value = ''] = line.split(' ')
            return [kind, Buffer.from(value, 'base64').toString()]
          })
          expect(decoded.filter(([kind]) => kind === 'word').map(([, word]) => word)).toEqual(argv)
        },
      ),
      { numRuns: 10_000 },
    )
  })

  it('has a directory of its own below that of all runs, whatever its key', () => {
    fc.assert(
      fc.property(hostileText, hostileText, (left, right) => {
        const names = [left, `j-1/${left}`, `j-1/${right}`].map((key) => {
          try {
            return { key, name: directoryNameOf(key) }
          } catch (error) {
            expect((error as Error).message).toContain('is no key for a run')
            return undefined
          }
        })
        for (const each of names) {
          if (each === undefined) continue
          expect(each.name).toMatch(/^[A-Za-z0-9][\w=-]*$/)
          expect(each.name.length).toBeLessThanOrEqual(200)
        }
        const [, a, b] = names
        if (a !== undefined && b !== undefined && a.key !== b.key) expect(a.name).not.toBe(b.name)
      }),
      { numRuns: 10_000 },
    )
  })

  it('writes files by plain names only', () => {
    fc.assert(
      fc.property(hostileText, (name) => {
        let plain: string
        try {
          plain = plainName(name)
        } catch (error) {
          expect((error as Error).message).toContain('is no plain file name')
          return
        }
        expect(plain).toBe(name)
        expect(name).toMatch(/^[A-Za-z0-9][\w.-]*$/)
      }),
      { numRuns: 5000 },
    )
  })

  it('is refused when it has more words than the host keeps in order', () => {
    const many = (count: number) =>
      encodeRequest({ ...request, key: 'j-1/x', argv: ['echo', ...Array.from({ length: count }, () => 'a')] })
    expect(() => many(8000)).not.toThrow()
    expect(() => many(9000)).toThrow('words')
  })

  it('is a script that every shell here reads', () => {
    const shells = ['dash', 'bash --posix', 'busybox sh']
    const directory = join(scratch, 'real')
    const [first = ''] = readdirSync(directory)
    for (const shell of shells) {
      const [program = '', ...words] = shell.split(' ')
      execFileSync(program, [...words, '-n', join(directory, first, 'run.sh')])
    }
  })
})
