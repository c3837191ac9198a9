import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeArguments, loadCatalogue, quoteWord, wordsOf } from '../../src/command/index.js'
import { readDuration, readSize, writeDuration, writeSize } from '../../src/command/quantities.js'
import { UserError } from '../../src/errors.js'
import { anyLine, anyRequest } from './any-line.js'

const catalogue = await loadCatalogue(fileURLToPath(new URL('../../commands', import.meta.url)))
const entries = catalogue.entries()

/** What Slack makes of a line on its way. */
function escapedBySlack(line: string): string {
  return line.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** The same line as a phone writes it: quotes of other shapes, a long dash for two hyphens. */
function typedOnPhone(line: string, [open, close]: readonly [string, string], dash: string): string {
  return wordsOf(line)
    .map(({ text, quoted }) =>
      quoted ? `${open}${quoteWord(`${text} `).slice(1, -2)}${close}` : text.replace(/^--(?=[a-z])/, dash),
    )
    .join(' ')
}

/** Everything that was read, its own arguments and what every change understands. */
function readFrom(line: string): Record<string, unknown> {
  const { command, args, manner } = catalogue.parse(line)
  return command.risk === 'read' ? args : { ...args, ...manner }
}

function mistakeIn(line: string): UserError | undefined {
  try {
    catalogue.parse(line)
    return undefined
  } catch (error) {
    if (error instanceof UserError) return error
    throw error
  }
}

describe('the one spelling of a request', () => {
  it('means the same request, whatever the command and its values', () => {
    fc.assert(
      fc.property(anyRequest(catalogue), ({ path, args }) => {
        const line = catalogue.lineOf(path, args)
        expect(catalogue.parse(line)).toMatchObject({ path, line })
        expect(readFrom(line)).toEqual(args)
      }),
      { numRuns: 2000 },
    )
  })

  it('means the same when it is copied into Slack, which escapes it', () => {
    fc.assert(
      fc.property(anyRequest(catalogue), ({ path, args }) => {
        const line = escapedBySlack(catalogue.lineOf(path, args))
        expect(catalogue.parse(line)).toMatchObject({ path })
        expect(readFrom(line)).toEqual(args)
      }),
      { numRuns: 2000 },
    )
  })

  it('means the same when a phone mends its quotes and dashes', () => {
    const quotes = fc.constantFrom<(readonly [string, string])[]>(
      ['\u201c', '\u201d'],
      ['\u201d', '\u201d'],
      ['\u201e', '\u201c'],
      ['\u00ab', '\u00bb'],
    )
    const dashes = fc.constantFrom('\u2014', '\u2013', '-\u2014', '\u2014-', '\u2010\u2010')
    fc.assert(
      fc.property(anyRequest(catalogue), quotes, dashes, ({ path, args }, quote, dash) => {
        const line = typedOnPhone(catalogue.lineOf(path, args), quote, dash)
        expect(readFrom(line)).toEqual(args)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('whatever is typed to the real commands', () => {
  it('is understood, or answered with a UserError that has something to do next', () => {
    fc.assert(
      fc.property(anyLine(catalogue), (line) => {
        const mistake = mistakeIn(line)
        expect(mistake?.message).not.toBe('')
        expect(mistake?.fix).not.toBe('')
      }),
      { numRuns: 5000 },
    )
  })

  it('is understood in the end when what is offered is typed', () => {
    fc.assert(
      fc.property(anyLine(catalogue), (typed) => {
        let line = typed
        // Each offer mends one mistake; these lines have fewer than that many.
        for (let tries = 0; tries < 40; tries += 1) {
          const offered = /^(?:For example|Close it|Did you mean): ([^?]*?)(?: Or: .*)?$/s
          const next = offered.exec(mistakeIn(line)?.fix ?? '')?.[1]
          // Nobody can guess a key: its place is left open.
          if (next === undefined || next.includes('…')) return
          line = next
        }
        throw new Error(`still offered: ${line}`)
      }),
      { numRuns: 5000 },
    )
  })
})

/** One letter lost, doubled, changed, or two that changed places. */
function slipIn(word: string): fc.Arbitrary<string> {
  return fc
    .tuple(fc.nat({ max: word.length - 1 }), fc.constantFrom('lose', 'double', 'change', 'swap'))
    .map(([at, slip]) => {
      const [before, letter, after] = [word.slice(0, at), word.charAt(at), word.slice(at + 1)]
      if (slip === 'lose') return before + after
      if (slip === 'double') return before + letter + letter + after
      if (slip === 'change') return `${before}q${after}`
      return before + after.slice(0, 1) + letter + after.slice(1)
    })
}

describe('a slip of the finger', () => {
  it('in a command is answered with the command', () => {
    const slips = fc.constantFrom(...entries).chain(({ path }) => fc.tuple(fc.constant(path), slipIn(path)))
    fc.assert(
      fc.property(slips, ([path, typed]) => {
        const mistake = mistakeIn(`${typed} web1`)
        fc.pre(mistake?.code === 'unknown-command')
        expect(`${mistake?.fix}`).toContain(path)
      }),
      { numRuns: 1000 },
    )
  })

  it('in a flag is answered with the flag', () => {
    const flags = entries.flatMap(({ path, command }) =>
      describeArguments(command).flatMap(({ typed }) => {
        const flag = /^--([a-z-]{4,})/.exec(typed)?.[1]
        return flag === undefined ? [] : [{ path, flag }]
      }),
    )
    const slips = fc
      .constantFrom(...flags)
      .chain(({ path, flag }) => fc.tuple(fc.constant(path), fc.constant(flag), slipIn(flag)))
    fc.assert(
      fc.property(slips, ([path, flag, typed]) => {
        const mistake = mistakeIn(`${path} --${typed} x`)
        fc.pre(mistake?.code === 'unknown-flag')
        expect(mistake?.fix).toBe(`Did you mean: ${path} --${flag} x`)
      }),
      { numRuns: 1000 },
    )
  })
})

describe('quantities', () => {
  it('come back from what is written of them', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 36 }), (n) => {
        expect(readSize(writeSize(n), 1)).toBe(n)
        expect(readDuration(writeDuration(n * 1000))).toBe(n * 1000)
      }),
    )
  })

  it('are numbers or nothing, whatever is typed', () => {
    const typed = fc.oneof(fc.string(), fc.stringMatching(/^[0-9.,]{0,30}[a-zA-Z ]{0,4}$/))
    fc.assert(
      fc.property(typed, (text) => {
        for (const read of [readSize(text, 1024), readDuration(text)]) {
          expect(read === undefined || (Number.isFinite(read) && read >= 0)).toBe(true)
        }
      }),
    )
  })
})
