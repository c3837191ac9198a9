/** A command line that we write (buttons, corrections, titles of jobs) is read back as what was meant, and nothing else. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { metaOf, text } from '../../src/command/index.js'
import { quoteWord, wordsOf } from '../../src/command/words.js'
import { UserError } from '../../src/errors.js'
import { hostileText } from './hostile-text.js'

/** What Slack does to what is typed. */
const throughSlack = (line: string) =>
  line.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

describe('a word in a command line', () => {
  it('is one word, the same, and never a flag when it was quoted', () => {
    fc.assert(
      fc.property(fc.array(hostileText, { minLength: 1, maxLength: 4 }), (words) => {
        const line = words.map(quoteWord).join(' ')
        const read = wordsOf(line)
        expect(read.map(({ text }) => text)).toEqual(words)
        for (const { text, quoted } of read) if (text.startsWith('-')) expect(quoted).toBe(true)
      }),
      { numRuns: 15_000 },
    )
  })

  it('is the same when the line went through Slack', () => {
    fc.assert(
      fc.property(fc.array(hostileText, { minLength: 1, maxLength: 3 }), (words) => {
        const line = throughSlack(words.map(quoteWord).join(' '))
        expect(wordsOf(line).map(({ text }) => text)).toEqual(words)
      }),
      { numRuns: 10_000 },
    )
  })

  it('is read from any line, or the line is refused with a code', () => {
    fc.assert(
      fc.property(hostileText, (line) => {
        try {
          wordsOf(line)
        } catch (error) {
          expect(error).toBeInstanceOf(UserError)
          expect(error).toMatchObject({ code: 'bad-argument', fix: expect.stringMatching(/\w/) })
        }
      }),
      { numRuns: 5000 },
    )
  })
})

describe('free text in a command', () => {
  it('has no characters that nobody sees and XML cannot hold; such a line is refused, and mended', () => {
    const schema = text()
    fc.assert(
      fc.property(hostileText, (typed) => {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
        const isBad = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\ufffe\uffff]|\p{Cs}/u.test(typed)
        const isTaken = schema.safeParse(typed).success
        expect(isTaken).toBe(!isBad && typed.trim() !== '' && typed.length <= 500)
        const mended = metaOf(schema).mend?.(typed)
        if (mended !== undefined) expect(schema.safeParse(mended).success).toBe(true)
      }),
      { numRuns: 4000 },
    )
  })
})
