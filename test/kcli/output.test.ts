import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { lastLine, lineReader, linesOf, plainText } from '../../src/kcli/output.js'

describe('what kcli prints', () => {
  it('is read without its colours, which it has no way to turn off', () => {
    expect(plainText('\x1b[36mDeploying vm web1 from image rocky9...\x1b[0m\n')).toBe(
      'Deploying vm web1 from image rocky9...\n',
    )
    expect(linesOf('\x1b[36mone\x1b[0m\r\n\n \t\n  two\u0007\x1b[K\n')).toEqual(['one', 'two'])
  })

  it('never brings a control character to a chat or a log, whatever a guest or a mirror put there', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(plainText(text)).not.toMatch(/(?![\n\t])\p{Cc}/u)
        for (const line of linesOf(text)) expect(line).toMatch(/^\S(.*\S)?$/su)
      }),
    )
  })

  it('has its cause in the last line that says something, cut where it is very long', () => {
    expect(lastLine('Traceback (most recent call last):\n  File "x"\nlibvirt.libvirtError: no\n\n')).toBe(
      'libvirt.libvirtError: no',
    )
    expect(lastLine('\x1b[31m\x1b[0m\n')).toBe('it printed nothing')
    expect(lastLine('a'.repeat(2000))).toHaveLength(500)
  })
})

describe('the line reader', () => {
  const read = (...chunks: string[]): string[] => {
    const lines: string[] = []
    const reader = lineReader((line) => lines.push(line))
    for (const chunk of chunks) reader(chunk)
    return lines
  }

  it('hands on complete lines only, however the pieces fall', () => {
    expect(read('Depl', 'oying vm', ' web1\nweb1 created', ' on local')).toEqual(['Deploying vm web1'])
    expect(read('a\n', '\n', '\nb\n')).toEqual(['a', 'b'])
    const whole = 'one\ntwo three\n\n\x1b[32mfour\x1b[0m\nfive\n'
    fc.assert(
      fc.property(fc.array(fc.nat(whole.length)), (cuts) => {
        const at = [0, ...cuts.toSorted((a, b) => a - b), whole.length]
        const chunks = at.slice(1).map((end, index) => whole.slice(at[index], end))
        expect(read(...chunks)).toEqual(['one', 'two three', 'four', 'five'])
      }),
    )
  })

  it('takes every step of a progress meter, which only returns the carriage, as a line', () => {
    expect(read('  1%\r  5', '0%\r100%\n')).toEqual(['1%', '50%', '100%'])
  })

  it('keeps little of a line that never ends', () => {
    const lines = read(...Array.from({ length: 100 }, () => 'x'.repeat(1000)), '\n')
    expect(lines).toHaveLength(1)
    expect(lines[0]?.length).toBe(4096)
  })
})
