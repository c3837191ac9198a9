import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { quoteWord, wordsOf } from '../../src/command/index.js'
import { UserError } from '../../src/errors.js'

const texts = (line: string) => wordsOf(line).map(({ text }) => text)

describe('words of a line', () => {
  it('are separated by any blanks', () => {
    expect(texts('  vm   create\tweb1\nnow ')).toEqual(['vm', 'create', 'web1', 'now'])
    expect(texts('')).toEqual([])
  })

  it('may be quoted, singly or doubly, also after an equals sign', () => {
    expect(texts(`a "b c" 'd e' --f="g h" --i='j k' "" `)).toEqual([
      'a',
      'b c',
      'd e',
      '--f=g h',
      '--i=j k',
      '',
    ])
  })

  it('take the character after a backslash as it is', () => {
    expect(texts(String.raw`a\ b "c\"d" \"e 'f\g'`)).toEqual(['a b', 'c"d', '"e', String.raw`f\g`])
  })

  it('keep an apostrophe inside a word, in quotes too', () => {
    expect(texts(`don't 'we can't say' it’s ‘don’t stop’`)).toEqual([
      "don't",
      "we can't say",
      'it’s',
      'don’t stop',
    ])
  })

  it('may be quoted as phones do', () => {
    expect(texts('“before the upgrade” ‘a b’ „c d“ «e f»')).toEqual([
      'before the upgrade',
      'a b',
      'c d',
      'e f',
    ])
  })

  it('begin with -- where a phone made a long dash of it', () => {
    expect(texts('—force –cpus ‐m -—start —a="b c"')).toEqual([
      '--force',
      '--cpus',
      '-m',
      '--start',
      '--a=b c',
    ])
  })

  it('keep a dash that stands alone or is quoted', () => {
    expect(texts('a – b "—force" \\—force')).toEqual(['a', '–', 'b', '—force', '—force'])
  })

  it('are separated by no-break spaces, and have plain blanks for them in quotes', () => {
    expect(texts('vm\u00a0list\u202fkvm1 "a\u00a0b"')).toEqual(['vm', 'list', 'kvm1', 'a b'])
  })

  it('lose what nobody can see, and keep the joiners of emoji', () => {
    expect(texts('we\u200bb1\u2060 \ufeffkvm1 👩\u200d💻')).toEqual(['web1', 'kvm1', '👩\u200d💻'])
  })

  it('are what a person typed before Slack escaped them', () => {
    expect(texts('a &amp; b &lt;c&gt; &amp;lt;')).toEqual(['a', '&', 'b', '<c>', '&lt;'])
    expect(texts(String.raw`a\&amp;b \&lt;@U1&gt;`)).toEqual(['a&b', '<@U1>'])
  })

  it('have the label of a link that Slack made by itself, and the address of any other', () => {
    expect(texts('<http://web1.example.com|web1.example.com>')).toEqual(['web1.example.com'])
    expect(texts('<mailto:web1@kvm1.example.com|web1@kvm1.example.com>')).toEqual(['web1@kvm1.example.com'])
    expect(texts('<https://example.com/a.qcow2>')).toEqual(['https://example.com/a.qcow2'])
    expect(texts('<https://example.com/a|look here>')).toEqual(['https://example.com/a'])
  })

  it('name people, groups and channels readably and keep their ids', () => {
    const words = wordsOf('<@U123|ann> <@U123> <#C1|general> <!subteam^S1|@ops> <!here>')
    expect(words.map(({ text }) => text)).toEqual(['@ann', '@U123', '#general', '@ops', '@here'])
    expect(words.map(({ raw }) => raw)).toEqual(['<@U123>', '<@U123>', '<#C1>', '<!subteam^S1>', '<!here>'])
  })

  it('name people inside quoted text', () => {
    expect(texts('"ask <@U123|ann> first"')).toEqual(['ask @ann first'])
  })

  it('are refused when a quote is not closed, with the line that closes it', () => {
    expect(() => wordsOf('snapshot create web1 "before')).toThrowError(
      expect.objectContaining({
        code: 'bad-argument',
        message: 'A quote (") is opened and not closed: "before',
        fix: 'Close it: snapshot create web1 "before"',
      }),
    )
  })

  it('come back as they were once quoted', () => {
    fc.assert(
      fc.property(fc.array(anyText), (values) => {
        expect(texts(values.map(quoteWord).join(' '))).toEqual(values)
      }),
    )
  })

  it('come back once quoted and escaped by Slack on the way', () => {
    const escaped = (line: string) =>
      line.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
    fc.assert(
      fc.property(fc.array(anyText), (values) => {
        expect(texts(escaped(values.map(quoteWord).join(' ')))).toEqual(values)
      }),
    )
  })

  it('are never flags once quoted', () => {
    fc.assert(
      fc.property(anyText, (value) => {
        const [word] = wordsOf(quoteWord(value))
        expect(word?.quoted === true || !/^-/.test(word?.text ?? '')).toBe(true)
      }),
    )
  })

  it('are words or a UserError, whatever is typed', () => {
    fc.assert(
      fc.property(anyText, (line) => {
        try {
          wordsOf(line)
        } catch (error) {
          expect(error).toBeInstanceOf(UserError)
        }
      }),
    )
  })
})

/** Text rich in what the splitter looks at. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(
      fc.constantFrom(
        ...[
          '"',
          "'",
          '\\',
          '“',
          '”',
          '‘',
          '’',
          '«',
          '—',
          '–',
          '-',
          '--',
          ' ',
          '\u00a0',
          '\u200b',
          '\n',
          '=',
          ',',
        ],
        ...[
          '&',
          '&amp;',
          '&lt;',
          '<',
          '>',
          '<@U1|ann>',
          '<#C1>',
          '<!here>',
          '<https://x|y>',
          '|',
          'a',
          'B1',
          'é',
        ],
      ),
    )
    .map((parts) => parts.join('')),
)
