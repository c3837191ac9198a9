/** The standard Markdown of markdown blocks; the parts that bots write. */
import { type Inline, plainInlines } from './inline.js'

export type MarkdownNode =
  | { kind: 'heading'; level: number; children: Inline[] }
  | { kind: 'paragraph' | 'quote'; children: Inline[] }
  | { kind: 'list'; ordered: boolean; items: { indent: number; children: Inline[]; checked?: boolean }[] }
  | { kind: 'code'; text: string }
  | { kind: 'table'; rows: Inline[][][] }
  | { kind: 'rule' }

const listItem = /^(\s*)(?:[-*+]|(\d+)[.)])\s+(?:\[([ xX])\]\s+)?(.*)$/

export function parseMarkdown(text: string): MarkdownNode[] {
  const nodes: MarkdownNode[] = []
  const lines = text.split('\n')
  let index = 0
  const takeWhile = (fits: (line: string) => boolean): string[] => {
    const start = index
    while (index < lines.length && fits(lines[index] ?? '')) index += 1
    return lines.slice(start, index)
  }
  while (index < lines.length) {
    const line = lines[index] ?? ''
    const heading = /^(#{1,6})\s+(.*)$/.exec(line)
    if (line.trim() === '') {
      index += 1
    } else if (line.startsWith('```')) {
      index += 1
      nodes.push({ kind: 'code', text: takeWhile((each) => !each.startsWith('```')).join('\n') })
      index += 1
    } else if (heading !== null) {
      nodes.push({
        kind: 'heading',
        level: heading[1]?.length ?? 1,
        children: parseMarkdownInline(heading[2] ?? ''),
      })
      index += 1
    } else if (/^\s*([-*_])(\s*\1){2,}\s*$/.test(line)) {
      nodes.push({ kind: 'rule' })
      index += 1
    } else if (line.startsWith('>')) {
      const quoted = takeWhile((each) => each.startsWith('>')).map((each) => each.replace(/^>\s?/, ''))
      nodes.push({ kind: 'quote', children: parseMarkdownInline(quoted.join('\n')) })
    } else if (listItem.test(line)) {
      nodes.push(listOf(takeWhile((each) => listItem.test(each))))
    } else if (
      line.includes('|') &&
      /^[\s|:-]+$/.test(lines[index + 1] ?? '') &&
      (lines[index + 1] ?? '').includes('-')
    ) {
      const rows = takeWhile((each) => each.includes('|')).filter((_, row) => row !== 1)
      nodes.push({ kind: 'table', rows: rows.map(cellsOf) })
    } else {
      const paragraph = takeWhile(
        (each) => each.trim() !== '' && !/^(#{1,6}\s|```|>)/.test(each) && !listItem.test(each),
      )
      nodes.push({ kind: 'paragraph', children: parseMarkdownInline(paragraph.join('\n')) })
    }
  }
  return nodes
}

function listOf(lines: string[]): MarkdownNode {
  const matches = lines.map((line) => listItem.exec(line))
  return {
    kind: 'list',
    ordered: matches[0]?.[2] !== undefined,
    items: matches.map((match) => ({
      indent: Math.floor((match?.[1]?.length ?? 0) / 2),
      children: parseMarkdownInline(match?.[4] ?? ''),
      ...(match?.[3] === undefined ? {} : { checked: match[3] !== ' ' }),
    })),
  }
}

function cellsOf(line: string): Inline[][] {
  return line
    .trim()
    .replace(/^\||\|$/g, '')
    .split('|')
    .map((cell) => parseMarkdownInline(cell.trim()))
}

const inlinePattern =
  /`([^`\n]+)`|\[([^\]]+)\]\(([^)\s]+)\)|(\*\*|__)(?=\S)([\s\S]*?\S)\4|~~(?=\S)([\s\S]*?\S)~~|(?<![\w*_])([*_])(?=\S)([^*_]*?\S)\7(?![\w*_])/

function parseMarkdownInline(text: string): Inline[] {
  const match = inlinePattern.exec(text)
  if (match === null) return plainInlines(text)
  const before = text.slice(0, match.index)
  const after = text.slice(match.index + match[0].length)
  return [...plainInlines(before), inlineOf(match), ...(after === '' ? [] : parseMarkdownInline(after))]
}

function inlineOf([whole, code, label, url, , bold, strike, , italic]: RegExpExecArray): Inline {
  if (code !== undefined) return { kind: 'code', text: code }
  if (label !== undefined && url !== undefined) {
    if (!/^(https?|mailto):/i.test(url)) return { kind: 'text', text: whole }
    return { kind: 'link', url, children: parseMarkdownInline(label) }
  }
  if (bold !== undefined) return { kind: 'bold', children: parseMarkdownInline(bold) }
  if (strike !== undefined) return { kind: 'strike', children: parseMarkdownInline(strike) }
  return { kind: 'italic', children: parseMarkdownInline(italic ?? '') }
}
