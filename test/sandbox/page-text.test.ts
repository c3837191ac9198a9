import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Inline } from '../../src/sandbox/page/inline.js'
import { parseMarkdown } from '../../src/sandbox/page/markdown.js'
import { parseMrkdwn } from '../../src/sandbox/page/mrkdwn.js'

const text = (value: string): Inline => ({ kind: 'text', text: value })

function textOf(nodes: readonly Inline[]): string {
  return nodes
    .map((node) => {
      if ('children' in node) return textOf(node.children)
      if ('text' in node) return node.text
      return node.kind === 'break' ? '\n' : ''
    })
    .join('')
}

describe('mrkdwn', () => {
  it.each<[string, Inline[]]>([
    [
      '*bold* and _it_',
      [{ kind: 'bold', children: [text('bold')] }, text(' and '), { kind: 'italic', children: [text('it')] }],
    ],
    [
      '*bold _both_*',
      [{ kind: 'bold', children: [text('bold '), { kind: 'italic', children: [text('both')] }] }],
    ],
    ['~gone~', [{ kind: 'strike', children: [text('gone')] }]],
    ['`a *b* &lt;c&gt;`', [{ kind: 'code', text: 'a *b* <c>' }]],
    ['2*3*4 and a_b_c', [text('2*3*4 and a_b_c')]],
    ['* not bold *', [text('* not bold *')]],
    ['<@U1> <@U2|ann>', [{ kind: 'user', id: 'U1' }, text(' '), { kind: 'user', id: 'U2', label: 'ann' }]],
    ['<#C1|vms>', [{ kind: 'channel', id: 'C1', label: 'vms' }]],
    ['<!here>', [{ kind: 'broadcast', range: 'here' }]],
    ['<!subteam^S1|@ops>', [{ kind: 'usergroup', id: 'S1', label: '@ops' }]],
    [
      '<https://a.example/?x=1&amp;y=2|site>',
      [{ kind: 'link', url: 'https://a.example/?x=1&y=2', children: [text('site')] }],
    ],
    ['<javascript:alert(1)|x>', [text('<javascript:alert(1)|x>')]],
    [
      '<!date^1700000000^{date_num}|then>',
      [{ kind: 'date', timestamp: 1_700_000_000, format: '{date_num}', fallback: 'then' }],
    ],
    [':rocket: go', [{ kind: 'emoji', name: 'rocket' }, text(' go')]],
    [
      '&gt; one\n&gt; two\nrest',
      [{ kind: 'quote', children: [text('one'), { kind: 'break' }, text('two')] }, text('rest')],
    ],
    ['```\nraw *x*\n```', [{ kind: 'pre', text: 'raw *x*' }]],
    ['a &amp; b', [text('a & b')]],
  ])('%s', (source, nodes) => {
    expect(parseMrkdwn(source)).toEqual(nodes)
  })

  it('never loses a letter of what was written', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z *_~`\n]{0,60}$/), (source) => {
        const letters = (value: string) => value.replace(/[^a-z]/g, '')
        expect(letters(textOf(parseMrkdwn(source)))).toBe(letters(source))
      }),
    )
  })
})

describe('Markdown', () => {
  it('knows headings, lists, code, tables, quotes and rules', () => {
    const kinds = parseMarkdown(
      '# A\n\ntext\nmore\n\n- [x] one\n- two\n\n1. first\n\n```\ncode\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n> said\n\n---',
    ).map(({ kind }) => kind)
    expect(kinds).toEqual(['heading', 'paragraph', 'list', 'list', 'code', 'table', 'quote', 'rule'])
  })

  it('makes links only of addresses that are safe to follow', () => {
    const [link, script] = parseMarkdown('[a](https://x.example)\n\n[b](javascript:alert)')
    expect(link).toMatchObject({ children: [{ kind: 'link', url: 'https://x.example' }] })
    expect(script).toMatchObject({ children: [{ kind: 'text' }] })
  })

  it('ends on any input', () => {
    fc.assert(
      fc.property(
        fc.string({
          unit: fc.constantFrom('#', '-', '`', '|', '*', '>', '\n', ' ', 'a', '1', '.', '[', ']', '(', ')'),
        }),
        (source) => void parseMarkdown(source),
      ),
    )
  })
})
